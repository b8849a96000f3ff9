"""A wheel by name, version and sha256, through pip and whatever index this machine has configured."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pythonbuild.fetching_http import Refused

WHEEL = re.compile(r"[^-]+-[^-]+(?:-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
TIME_LIMIT = 1800


def tag_options(file: str) -> list[str]:
    """Return the options that make pip choose the wheel called ``file``, whatever machine this is.

    ``Refused`` if ``file`` is no wheel: to look at a source distribution pip runs its code.
    """
    match = WHEEL.fullmatch(file)
    if match is None:
        raise Refused(f"{file} is not the name of a wheel")
    interpreter = match["python"].split(".")[-1]  # py2.py3: the last is the newest
    words = ["--implementation", interpreter[:2], "--abi", match["abi"].split(".")[-1]]
    digits = interpreter[2:]
    if len(digits) > 1:  # "py3" means any; said as a version it would be 3.0, which few packages want
        words += ["--python-version", f"{digits[0]}.{digits[1:]}"]
    for platform in match["platform"].split("."):
        words += ["--platform", platform]
    return words


def download_wheel(requirement: str, file: str, sha256: str, destination: Path) -> None:
    """Have pip put the wheel ``file`` of ``requirement`` (``name==version``) at ``destination``.

    ``Refused`` with pip's own reason if it can't or its checksum is another; ``OSError`` on a full disk.
    """
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=destination.parent) as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--dest", folder]
        command += [*tag_options(file), "--requirement", str(requirements)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIME_LIMIT
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"pip took longer than {TIME_LIMIT} seconds") from None
        if done.returncode and os.strerror(errno.ENOSPC) in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if done.returncode:
            raise Refused(f"pip: {complaint(done.stderr)}")
        wheel = Path(folder, file)
        if not wheel.is_file():
            raise Refused(f"pip brought another file than {file}")
        wheel.replace(destination)


def complaint(output: str) -> str:
    """Return the line of pip's ``output`` that says what was wrong."""
    got = re.search(r"Got\s+([0-9a-f]{64})", output)
    if got:
        return f"wrong checksum: sha256 {got[1]}"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["no output"])[-1]
