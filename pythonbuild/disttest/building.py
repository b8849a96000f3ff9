"""Tests: users compile against the distribution with their own compiler."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest import relinking
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped

if TYPE_CHECKING:
    from pythonbuild.disttest.subject import Subject

FILES = Path(__file__).parent / "files"
# Variables of sysconfig with an option -L that is neither absolute, nor from another variable, nor of CPython's build.
_RELATIVE = (
    "import json, re, sysconfig\n"
    "print(json.dumps({k: v[:200] for k, v in sysconfig.get_config_vars().items()\n"
    "                  if isinstance(v, str) and re.search(r'(^|\\s)-L(?![/$]|\\.(\\s|$))', v)}))"
)


def paths_of(subject: Subject) -> dict[str, str]:
    """Return what sysconfig says a build needs."""
    names = ("EXT_SUFFIX", "INCLUDEPY", "LDVERSION", "CFLAGS", "Py_GIL_DISABLED")
    source = (
        f"import json, sysconfig\nprint(json.dumps({{n: str(sysconfig.get_config_var(n) or '') for n in {names!r}}}))"
    )
    data = json.loads(subject.code(source))
    return {str(key): str(value) for key, value in data.items()}


def _expect_answer(subject: Subject, place: Path, python: Path | None = None) -> None:
    """Import the compiled module ``probe`` from ``place`` and use it."""
    source = f"import sys; sys.path.insert(0, {str(place)!r}); import probe; assert probe.answer(21) == 42"
    subject.code(source, python=python)


def source_package(place: Path) -> Path:
    """Put a source package with the C extension ``probe`` below ``place`` and return its directory."""
    source = place / "probe-sdist"
    shutil.copytree(FILES / "sdist", source)
    shutil.copy(FILES / "probe.c", source)
    return source


def install_source_package(subject: Subject, place: Path, python: Path, environment: dict[str, str]) -> None:
    """Let the pip of ``python`` build and install a package with a C extension below ``place``, and use that."""
    source, target = source_package(place), place / "target"
    subject.run([python, "-m", "pip", "install", "--no-index", "--target", target, source], env=environment)
    _expect_answer(subject, target, python)


def extension(subject: Subject) -> None:
    """Compile a C extension with the machine's compiler, and import it."""
    subject.loadable()
    place, paths = subject.scratch("extension"), paths_of(subject)
    output = place / f"probe{paths['EXT_SUFFIX']}"
    subject.run([subject.compiler(), "-shared", "-fPIC", f"-I{paths['INCLUDEPY']}", FILES / "probe.c", "-o", output])
    _expect_answer(subject, place)


def extension_with_libpython(subject: Subject) -> None:
    """Do the same with one that is linked with libpython, as some build systems do."""
    subject.loadable()
    place, paths = subject.scratch("linked"), paths_of(subject)
    _shared_library(subject)
    output = place / f"probe{paths['EXT_SUFFIX']}"
    subject.run([
        subject.compiler(), "-shared", "-fPIC", f"-I{paths['INCLUDEPY']}", FILES / "probe.c",
        f"-L{subject.prefix / 'lib'}", f"-lpython{paths['LDVERSION']}", "-o", output,
    ])  # fmt: skip
    _expect_answer(subject, place)


def stable_abi(subject: Subject) -> None:
    """Use an extension of the stable ABI; a free-threaded interpreter has none of that name."""
    subject.loadable()
    place, paths = subject.scratch("abi3"), paths_of(subject)
    if paths["Py_GIL_DISABLED"] == "1":
        raise CaseSkipped("a free-threaded interpreter has no stable ABI")
    subject.run([
        subject.compiler(), "-shared", "-fPIC", "-DPy_LIMITED_API=0x03080000", f"-I{paths['INCLUDEPY']}",
        FILES / "probe.c", "-o", place / "probe.abi3.so",
    ])  # fmt: skip
    _expect_answer(subject, place)


def recorded_flags(subject: Subject) -> None:
    """Compile with the recorded CFLAGS: they must mean something to the compiler of a user, warnings included.

    No recorded variable has it look for libraries in a directory of the build; CPython's own ``-L.`` is for its build.
    """
    relative = json.loads(subject.code(_RELATIVE))
    if relative:
        raise CaseFailed(f"directories for libraries that are relative to a build: {relative}")
    place, paths = subject.scratch("flags"), paths_of(subject)
    flags, output = paths["CFLAGS"].split(), place / "probe.o"
    subject.run([subject.compiler(), *flags, "-fPIC", f"-I{paths['INCLUDEPY']}", "-c", FILES / "probe.c", "-o", output])


def sdist(subject: Subject) -> None:
    """Let pip build a source package with a C extension; its build backend lies in the package."""
    subject.loadable()
    environment = {"CC": str(subject.compiler())}
    install_source_package(subject, subject.scratch("sdist"), subject.python, environment)


def embedding(subject: Subject) -> None:
    """Run Python code in a C program with libpython inside, with the standard library of the distribution."""
    library, paths, place = _shared_library(subject), paths_of(subject), subject.scratch("embedding")
    program = place / "embed"
    subject.run([
        subject.compiler(), f"-I{paths['INCLUDEPY']}", FILES / "embed.c", "-o", program,
        f"-L{library.parent}", f"-lpython{paths['LDVERSION']}", f"-Wl,-rpath,{library.parent}",
    ])  # fmt: skip
    output = subject.run([program, subject.python])
    if "embedded 42" not in output:
        raise CaseFailed(f"the program printed {output!r}")


def embedding_alone(subject: Subject) -> None:
    """Build a C program as python3-config says, and run it without a word on where Python is: its libpython knows.

    PATH leads to another ``python3``, which is none.
    """
    library, place = _shared_library(subject), subject.scratch("embedding-alone")
    script = subject.python.with_name(f"{subject.python.name}-config")
    prefix = os.path.realpath(subject.prefix)
    told = subject.run([script, "--includes", "--ldflags", "--embed"]).replace(prefix, "\0")
    words = [word.replace("\0", prefix) for word in told.split()]  # the place may have a blank in its name
    program, decoy = place / "embed", place / "python3"
    subject.run([subject.compiler(), FILES / "embed_alone.c", *words, f"-Wl,-rpath,{library.parent}", "-o", program])
    decoy.write_text("#!/bin/sh\nexit 1\n")
    decoy.chmod(0o755)
    output = subject.run([program], env={"PATH": str(place)}).strip()
    if output != (wanted := f"embedded in {prefix}"):
        raise CaseFailed(f"the program printed {output!r}, not {wanted!r}")


def preloaded(subject: Subject) -> None:
    """Open libpython by ctypes, as some programs do to embed it."""
    library = _shared_library(subject)
    source = f"import ctypes; assert ctypes.CDLL({str(library)!r}).Py_IsInitialized is not None"
    subject.code(source)


def _shared_library(subject: Subject) -> Path:
    """Return libpython3.X.so; skip the test where the interpreter is a static program."""
    found = next(iter(sorted(subject.prefix.glob("lib/libpython3.*.so"))), None)
    if found is None:
        raise CaseSkipped("the distribution has no shared libpython")
    return found


def pkg_config(subject: Subject) -> None:
    """Look at the .pc files: their prefix must be where they lie."""
    place = subject.prefix / "lib" / "pkgconfig"
    names = [f"python{stem}" for stem in ("3", "3-embed", f"-{subject.minor}", f"-{subject.minor}-embed")]
    missing = [f"{name}.pc" for name in names if not (place / f"{name}.pc").is_file()]
    if missing:
        raise CaseFailed(f"lib/pkgconfig lacks {', '.join(missing)}")
    for path in sorted(place.glob("python*.pc")):
        found = re.search(r"^prefix=(.*)$", path.read_text(), re.MULTILINE)
        value = found[1].replace("${pcfiledir}", str(path.parent)) if found else ""
        if os.path.realpath(value) != str(subject.prefix.resolve()):
            raise CaseFailed(f"{path.name} says prefix={found[1] if found else ''!r}")


def stable_library(subject: Subject) -> None:
    """Open libpython3.so, the library of the stable ABI: it finds the one that holds the code."""
    _shared_library(subject)
    library = subject.prefix / "lib" / "libpython3.so"
    if not library.exists():
        if "freethreaded" in subject.options:
            raise CaseSkipped("a free-threaded interpreter has no stable ABI")
        if "debug" in subject.options:
            raise CaseSkipped("CPython makes none for a debug build (PY3LIBRARY in configure.ac)")
        raise CaseFailed("lib/libpython3.so is missing")
    subject.code(f"import ctypes; assert ctypes.CDLL({str(library)!r}).Py_IsInitialized is not None")


CASES = (
    Case("building.extension", extension),
    Case("building.extension-with-libpython", extension_with_libpython),
    Case("building.stable-abi", stable_abi),
    Case("building.recorded-flags", recorded_flags),
    Case("building.sdist", sdist),
    Case("building.embedding", embedding),
    Case("building.embedding-alone", embedding_alone),
    Case("building.libpython-by-ctypes", preloaded),
    Case("building.stable-library", stable_library),
    Case("building.pkg-config", pkg_config),
    Case("building.embedding-statically", relinking.embed),
    Case("building.relink", relinking.relink),
)
