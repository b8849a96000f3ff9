"""Tests: the interpreter finds itself wherever it lies and however it is called."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped

if TYPE_CHECKING:
    from pythonbuild.disttest.subject import Subject

_WHERE = "import os, sys, encodings; print(os.path.realpath(os.path.dirname(encodings.__file__)))"


def _found_itself(subject: Subject, output: str) -> None:
    """Fail unless ``output`` (of _WHERE) lies in the unpacked tree."""
    if not Path(output.strip()).is_relative_to(subject.prefix.resolve()):
        raise CaseFailed(f"the standard library was found in {output.strip()}, not in {subject.prefix}")


def starts(subject: Subject) -> None:
    """Start it: ``--version`` names the version of the file, and nothing is printed beside it."""
    output = subject.run([subject.python, "--version"])
    if not output.startswith(f"Python {subject.minor}"):
        raise CaseFailed(f"--version printed {output!r}")
    silent = subject.run([subject.python, "-c", "pass"])
    if silent:
        raise CaseFailed(f"an empty program printed {silent!r}")


def in_place(subject: Subject) -> None:
    """Find the standard library in a directory with a blank and a non-ASCII letter."""
    _found_itself(subject, subject.code(_WHERE))


def symlink(subject: Subject) -> None:
    """Follow a symbolic link that lies elsewhere."""
    link = subject.scratch("link") / "python"
    link.symlink_to(subject.python)
    _found_itself(subject, subject.code(_WHERE, python=link))


def chained_symlink(subject: Subject) -> None:
    """Follow a link to a link, and a relative one."""
    place = subject.scratch("links")
    (place / "one").symlink_to(os.path.relpath(subject.python, place))
    (place / "two").symlink_to("one")
    _found_itself(subject, subject.code(_WHERE, python=place / "two"))


def odd_argv0(subject: Subject) -> None:
    """Ignore a first argument that names something else, or nothing anywhere."""
    for name in ("/dev/null", "somethingyoudonthave", "not/here"):
        source = (
            "import subprocess\n"
            f"words, program = [{name!r}, '-c', {_WHERE!r}], {str(subject.python)!r}\n"
            "print(subprocess.check_output(words, executable=program, text=True))"
        )
        _found_itself(subject, subject.code(source))


def on_path(subject: Subject) -> None:
    """Start by a bare name on PATH."""
    path = f"{subject.prefix / 'bin'}:/usr/bin:/bin"
    _found_itself(subject, subject.run(["/usr/bin/env", "python3", "-c", _WHERE], env={"PATH": path}))


def double_slash(subject: Subject) -> None:
    """Start by a path with a doubled slash."""
    output = subject.run(["./bin//python3", "-c", _WHERE], cwd=subject.prefix)
    _found_itself(subject, output)


def moved(subject: Subject) -> None:
    """Copy the prefix elsewhere: all recorded paths must follow."""
    place = subject.scratch("moved") / "to"
    shutil.copytree(subject.prefix, place, symlinks=True, ignore=shutil.ignore_patterns("test", "*.a", "__pycache__"))
    source = (
        "import sysconfig, os\n"
        "for name in ('LIBDIR', 'INCLUDEPY', 'BINDIR', 'prefix'):\n"
        "    path = sysconfig.get_config_var(name)\n"
        f"    assert os.path.realpath(path).startswith({str(place.resolve())!r}) and os.path.isdir(path), (name, path)"
    )
    subject.code(source, python=place / "bin" / subject.python.name)


def read_only(subject: Subject) -> None:
    """Import much: nothing is written beside the standard library when bytecode is not wanted."""
    before = set(subject.prefix.rglob("*.pyc"))
    subject.code("import json, asyncio, http.client")
    new = set(subject.prefix.rglob("*.pyc")) - before
    if new:
        raise CaseFailed(f"wrote {len(new)} files, such as {min(new)}")


def environment(subject: Subject) -> None:
    """Read the environment: copies of ``environ`` that are never filled leave it empty."""
    subject.code("import os; assert os.environ['PROBE'] == 'a b', os.environ", env={"PROBE": "a b"})


def foreign_library_path(subject: Subject) -> None:
    """Set LD_LIBRARY_PATH to broken libraries of the same names: they must not be taken."""
    place = subject.scratch("foreign")
    libraries = sorted(subject.prefix.glob("lib/lib*.so*"))
    if not libraries:
        raise CaseSkipped("it has no libraries that another could be taken for")
    for library in libraries:
        (place / library.name).write_text("not a library")
    tk = "import importlib.util\nif importlib.util.find_spec('_tkinter'): import tkinter"
    foreign = {"LD_LIBRARY_PATH": str(place)}
    subject.code("import ssl, sqlite3", env=foreign)
    if not subject.musl:
        subject.code(tk, env=foreign)
    elif subject.code(f"{tk}; print('Tk')") == "Tk":
        raise CaseSkipped("musl looks there before anywhere else, so Tk takes libraries of another; the rest holds")


def pip_script(subject: Subject) -> None:
    """Run the installed pip script, also through a link: it finds the interpreter beside it."""
    script = subject.prefix / "bin" / f"pip{subject.minor}"
    if not script.exists():
        raise CaseFailed(f"bin/{script.name} is missing")
    link = subject.scratch("script") / "pip"
    link.symlink_to(script)
    for program in (script, link):
        output = subject.run([program, "--version"], cwd=Path("/"))
        if str(subject.prefix.resolve()) not in output:
            raise CaseFailed(f"{program} answered {output!r}")


def config_script(subject: Subject) -> None:
    """Run python3-config, also through a link: it answers with the place where it lies, and nothing else."""
    script = subject.prefix / "bin" / "python3-config"
    if not script.exists():
        raise CaseFailed("bin/ has no python3-config")
    link = subject.scratch("config-script") / "config"
    link.symlink_to(script)
    for program in (script, link):
        output = subject.run([program, "--prefix"]).removesuffix("\n")
        if output != str(subject.prefix.resolve()):
            raise CaseFailed(f"{program.name} --prefix answered {output!r}")


CASES = (
    Case("relocation.in-place", in_place),
    Case("relocation.symlink", symlink),
    Case("relocation.chained-symlink", chained_symlink),
    Case("relocation.argv0", odd_argv0),
    Case("relocation.on-path", on_path),
    Case("relocation.double-slash", double_slash),
    Case("relocation.moved", moved),
    Case("relocation.writes-nothing", read_only),
    Case("relocation.environment", environment),
    Case("relocation.foreign-library-path", foreign_library_path),
    Case("relocation.pip-script", pip_script),
    Case("relocation.config-script", config_script),
)
