"""Run one interpreter once: fastmark's benchmarks in one process, or many starts. Processor time only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from pythonbuild.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pythonbuild.bench.subject import Subject

FASTMARK = "fastmark==0.1.4"
FASTMARK_SHA256 = "af30786521aff754054fdf4ffe89ad2196b7bab020e2ba7bd8697d7d211383a6"
# The clock of the process stands in for that of the wall before anything can have taken a copy of it.
DRIVER = """
import sys, time
time.perf_counter = time.process_time
sys.path.insert(0, sys.argv[1])
import fastmark.fastmark
fastmark.fastmark.cli(["--json", sys.argv[2], "--scale", sys.argv[3], *sys.argv[4:]])
"""
MODULES = (
    "argparse, asyncio, collections, dataclasses, email.message, json, logging, pathlib, re, typing, urllib.request"
)
STARTS = {
    "start -I -S": ("-I", "-S", "-c", "pass"),
    "start -I": ("-I", "-c", "pass"),
    "start and import": ("-I", "-c", f"import {MODULES}"),
}


def environment() -> dict[str, str]:
    """Return the environment of every run: the same hash seed, and nothing of the user's."""
    return {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108


def install(subject: Subject, minor: str, cache: Path) -> Path:
    """Return a directory with fastmark for a Python minor, where ``subject`` can see it.

    The wheel is checked against its pin; what it needs comes in the versions that it names itself.
    """
    site = cache / f"fastmark-{minor}"
    if not (site / "fastmark").exists():
        wheels = cache / "wheels"
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        target = ["--python-version", minor, "--only-binary", ":all:", "--no-deps"]
        check([*pip, "download", *target, "--dest", str(wheels), FASTMARK])
        wheel = next(wheels.glob("fastmark-*.whl"))
        verify(wheel)
        own = [*subject.command, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        check([*own, "install", "--root-user-action=ignore", "--target", str(site), str(wheel)])
    return site


def verify(wheel: Path) -> None:
    """Raise ``BuildError`` if ``wheel`` is not the pinned one; it is removed."""
    import hashlib  # noqa: PLC0415

    if hashlib.sha256(wheel.read_bytes()).hexdigest() != FASTMARK_SHA256:
        wheel.unlink()
        raise BuildError(f"{wheel.name} is not what was pinned", hint="run the command again")


def placed(subject: Subject, site: Path) -> str:
    """Return ``site`` as ``subject`` sees it, copied into its root where it has one."""
    if subject.root is None:
        return str(site)
    inside = subject.root / "opt/pythonbuild-bench" / site.name
    if not inside.exists():
        shutil.copytree(site, inside)
    return subject.inside(inside)


def fastmark(subject: Subject, site: str, scratch: Path, scale: int, names: Sequence[str]) -> dict[str, float]:
    """Run fastmark once and return the milliseconds of processor time of each benchmark."""
    place = (subject.root / "tmp" if subject.root else scratch) / "fastmark.json"
    place.unlink(missing_ok=True)
    words = ["-s", "-c", DRIVER, site, subject.inside(place), str(scale), *names]
    check([*subject.command, *words])
    found: dict[str, float] = json.loads(place.read_text())
    found.pop("score", None)
    return found


def starts(subject: Subject, count: int) -> dict[str, float]:
    """Start the interpreter ``count`` times for each case and return the milliseconds of one start.

    User and system time of the process and of what it waited for, so that entering a root counts for both sides.
    """
    found = {}
    for name, words in STARTS.items():
        before = os.times()
        for _ in range(count):
            check([*subject.command, *words])
        after = os.times()
        spent = after.children_user - before.children_user + after.children_system - before.children_system
        found[name] = 1000 * spent / count
    return found


def forget(subject: Subject) -> int:
    """Take the interpreter and its shared libraries out of the page cache, and return how many files that were.

    Which pages of memory the kernel keeps code in decides about misses in the processor's buffer of translations. A
    file keeps its pages from run to run, so that one draw of luck would look like speed; so each run draws anew.
    What is mapped by a running program stays.
    """
    program = subject.program.resolve() if subject.root is None else subject.program
    prefix = program.parent.parent
    files = [program, *(path for path in prefix.glob("lib/**/*.so*") if path.is_file() and not path.is_symlink())]
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())  # a page that is not written yet would stay
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return len(files)


def minor_of(subject: Subject) -> str:
    """Return the minor of an interpreter, such as 3.14."""
    words = (*subject.command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    return subprocess.run(words, check=True, capture_output=True, text=True, env=environment()).stdout.strip()


def check(command: Sequence[str]) -> None:
    """Run ``command``; ``BuildError`` with the end of what it printed when it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=run_environment(command))
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise BuildError(f"{' '.join(command[:4])} ... exited with {result.returncode}", hint=" | ".join(lines[-3:]))


def run_environment(command: Sequence[str]) -> dict[str, str] | None:
    """Return the environment for a command: pip's needs the machine's own configuration."""
    return None if "pip" in command else environment()
