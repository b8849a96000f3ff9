"""Install the pip wheel that CPython carries, without running pip or the Python that gets it.

So it works the same where the build machine can't run the target's programs, and leaves no trace of
where the wheel lay. Scripts find their interpreter beside themselves (``relocate.trampoline``).
"""

from __future__ import annotations

import argparse
import base64
import configparser
import csv
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.inside.relocate import trampoline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCRIPT = """#!/install/bin/{python}
import sys
from {module} import {function}
if __name__ == "__main__":
    sys.argv[0] = sys.argv[0].removesuffix(".exe")
    sys.exit({function}())
"""


def digest(data: bytes) -> str:
    """Return a RECORD digest (PEP 376): ``sha256=`` and unpadded URL-safe base64."""
    value = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha256={value}"


def entry_points(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the console scripts in an ``entry_points.txt``: name, module and function."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    if parser.has_section("console_scripts"):
        for name, value in parser.items("console_scripts"):
            module, _, function = value.partition(":")
            yield name, module.strip(), function.strip()


def script_names(name: str, minor: str) -> tuple[str, ...]:
    """Return the names of one console script: pip comes as pip, pip3 and pip3.14."""
    if name != "pip":
        return (name,) if not name.startswith("pip3") else ()
    return ("pip", "pip3", f"pip{minor}")


def install(wheel: Path, prefix: Path, library: str, minor: str) -> list[str]:
    """Install ``wheel`` below ``prefix`` and return the installed paths, relative to ``site-packages``.

    ``library`` is the directory of the standard library below ``prefix``, ``minor`` the version X.Y.
    """
    packages = prefix / library / "site-packages"
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                files[name] = archive.read(name)
    record = next(name for name in files if name.endswith(".dist-info/RECORD"))
    info = record.rpartition("/")[0]
    files[f"{info}/INSTALLER"] = b"pip\n"
    files[f"{info}/REQUESTED"] = b""
    upwards = "../" * (len(Path(library).parts) + 1)
    for name, module, function in entry_points(files[f"{info}/entry_points.txt"].decode()):
        text = SCRIPT.format(python=f"python{minor}", module=module, function=function)
        for script in script_names(name, minor):
            files[f"{upwards}bin/{script}"] = trampoline(text.encode())
    files[record] = record_text(files, record).encode()
    for name, data in files.items():
        path = packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if name.startswith(upwards) else 0o644)
    return sorted(files)


def record_text(files: dict[str, bytes], record: str) -> str:
    """Return the RECORD of ``files``, which lists itself without digest."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name, data in sorted(files.items()):
        writer.writerow((name, "", "") if name == record else (name, digest(data), len(data)))
    return out.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Install one wheel as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--library", required=True, help="lib/python3.14: the standard library below the prefix")
    parser.add_argument("--minor", required=True)
    options = parser.parse_args(arguments)
    installed = install(options.wheel, options.prefix, options.library, options.minor)
    print(f"{options.wheel.name}: {len(installed)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
