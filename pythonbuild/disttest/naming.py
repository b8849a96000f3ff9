"""Tests: every name that the files of a flavor go by."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped

if TYPE_CHECKING:
    from pythonbuild.disttest.subject import Subject


def _flags(subject: Subject) -> tuple[str, str]:
    """Return the ABI flags that the options mean: those of directories, and all."""
    if not subject.options:
        raise CaseSkipped("neither PYTHON.json nor the file name says which flavor this is")
    thread = "t" if "freethreaded" in subject.options else ""
    return thread, thread + ("d" if "debug" in subject.options else "")


def programs(subject: Subject) -> None:
    """Start the interpreter by each of its names: with and without ABI flags, and without version."""
    _, flags = _flags(subject)
    real = (subject.prefix / "bin" / f"python{subject.minor}{flags}").resolve()
    for name in (f"python{subject.minor}{flags}", f"python{subject.minor}", "python3", "python"):
        program = subject.prefix / "bin" / name
        if program.resolve() != real or not real.is_file():
            raise CaseFailed(f"bin/{name} is {program.resolve().name}, not {real.name}")
        subject.run([program, "-c", "import encodings"])


def directories(subject: Subject) -> None:
    """Look for the directories of library and headers, named with the flags that belong there."""
    thread, flags = _flags(subject)
    for place in (f"lib/python{subject.minor}{thread}", f"include/python{subject.minor}{flags}"):
        if not (subject.prefix / place).is_dir():
            raise CaseFailed(f"there is no directory {place}")


def config_flags(subject: Subject) -> None:
    """Ask python3.X-config for the flags, by its name with them and without."""
    _, flags = _flags(subject)
    for name in (f"python{subject.minor}{flags}-config", f"python{subject.minor}-config", "python3-config"):
        output = subject.run([subject.prefix / "bin" / name, "--abiflags"]).strip()
        if output != flags:
            raise CaseFailed(f"{name} --abiflags answered {output!r}, not {flags!r}")


def platform_tags(subject: Subject) -> None:
    """Ask the pip inside which wheels fit: those for musl or for glibc, whichever this is for.

    On ARM manylinux means the hard-float ABI (packaging/_manylinux.py): no binary wheel fits where there is another.
    """
    if "static" in subject.options:
        raise CaseSkipped("a static program loads no wheels with extension modules")
    source = "from pip._vendor.packaging import tags\nprint(*{tag.platform for tag in tags.sys_tags()})"
    found = set(re.findall(r"\b[a-z]+linux(?=[0-9_])", subject.code(source)))
    wanted = {"musllinux"} if subject.musl else {"manylinux"}
    if subject.triple.startswith("armv7") and subject.triple.endswith("-gnueabi"):
        wanted = set()
    if found != wanted:
        raise CaseFailed(f"wheels fit that are for {', '.join(sorted(found)) or 'this machine alone'}")


def multiarch(subject: Subject) -> None:
    """Compare the names of the platform, in file names of extension modules and elsewhere, with the target's libc."""
    if not subject.triple:
        raise CaseSkipped("neither PYTHON.json nor the file name says which target this is for")
    wanted = "musl" if subject.musl else "gnu"
    names = "[sys.implementation._multiarch, sysconfig.get_config_var('SOABI')]"
    source = f"import json, sys, sysconfig; print(json.dumps({names}))"
    for word in json.loads(subject.code(source)):
        if wanted not in word.rpartition("-")[2]:
            raise CaseFailed(f"{word!r} does not end in {wanted}")


CASES = (
    Case("naming.programs", programs),
    Case("naming.directories", directories),
    Case("naming.config-flags", config_flags),
    Case("naming.platform-tags", platform_tags),
    Case("naming.multiarch", multiarch),
)
