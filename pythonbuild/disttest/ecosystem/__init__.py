"""Packages that people install, each used by a small program with assertions: ``./build.py test --ecosystem``.

Every case has an environment of its own, made by the distribution under test, with locked wheels from the machine's
package index. ``outcomes`` is the interface; what is tried stands in ``ecosystem.yml``.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest.display import display
from pythonbuild.disttest.ecosystem.rows import Trial, load_trials, reason
from pythonbuild.disttest.installing import Pip, closure, make_venv, read_lock
from pythonbuild.disttest.model import CaseFailed, CaseSkipped, Outcome, outcome_of
from pythonbuild.disttest.subject import is_recorded
from pythonbuild.validate.elf import read_elf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.condition import Facts
    from pythonbuild.disttest.installing import Locked
    from pythonbuild.disttest.subject import Subject

HERE = Path(__file__).parent
CASES = HERE / "cases"
# What its loader does of DT_RELR: https://musl.libc.org/releases.html, 1.2.4.
MUSL_WITH_RELR = (1, 2, 4)
# Seconds for one command. Nuitka compiles a few hundred files.
TIMEOUT = 1800

# A module of 3.13, which is there for Pythons without curses, asks ctypes.util.find_library for one of the machine, and
# that asks ldconfig and GCC. Nuitka imports every module of the standard library.
OWN_CURSES = """
try:
    import _pyrepl._minimal_curses
except ImportError:
    pass
except OSError as error:
    print(error)
"""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What all cases of a run share: the facts of the distribution, the lock, and the way to the package index."""

    facts: Facts
    trials: tuple[Trial, ...]
    locked: tuple[Locked, ...]
    way: Mapping[str, str]
    screen: str = ""


def load_gate(facts: Facts, way: Mapping[str, str]) -> Gate:
    """Return the cases and the lock beside this file. ``DataError`` for a wrong line."""
    locked = read_lock((HERE / "requirements.lock").read_text(encoding="utf-8"))
    return Gate(facts=facts, trials=load_trials(HERE / "ecosystem.yml"), locked=locked, way=way)


def outcomes(subject: Subject, gate: Gate, only: str | None = None, *, keep: bool = False) -> Iterator[Outcome]:
    """Yield the outcome of each case, as many at a time as there are processors.

    ``only`` keeps those with that text in their name, ``keep`` leaves their environments. ``FetchError`` when no
    package index can be reached.
    """
    patient = replace(subject, timeout=TIMEOUT)
    chosen = [trial for trial in gate.trials if not only or only in f"ecosystem.{trial.name}"]
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        with display() as screen:
            shown = replace(gate, screen=screen.get("DISPLAY", ""))
            yield from pool.map(lambda trial: tried(patient, shown, trial, keep=keep), chosen)
    finally:
        pool.shutdown(cancel_futures=True)


def tried(subject: Subject, gate: Gate, trial: Trial, *, keep: bool = False) -> Outcome:
    """Try one case; what was expected to fail is a failure when it does not."""
    outcome = outcome_of(f"ecosystem.{trial.name}", lambda: _try(subject, gate, trial, keep=keep))
    expected = reason(trial.expected, gate.facts)
    if not expected or outcome.status == "skipped":
        return outcome
    if outcome.status == "failed":
        return replace(outcome, status="skipped", message=f"fails as expected: {expected}")
    return replace(outcome, status="failed", message=f"passes, but was expected to fail: {expected}")


def _try(subject: Subject, gate: Gate, trial: Trial, *, keep: bool) -> None:
    """Make the environment, install, run the program; skip where the row or the machine says so."""
    absent = reason(trial.without, gate.facts)
    if absent:
        raise CaseSkipped(absent)
    environment = {**_machine(subject, trial), **_display(gate, trial)}
    place = subject.scratch(f"ecosystem-{trial.name}")
    temporary = place / "tmp"
    work = place / "work"
    for directory in (temporary, work):
        directory.mkdir()
    own = replace(subject, work=work, environment={**subject.environment, **environment, "TMPDIR": str(temporary)})
    try:
        inner = make_venv(own, own.python, place / "venv")
        pip = Pip(python=own.python, way=gate.way)
        if trial.sources:
            pip.install(own, inner, closure(gate.locked, ["setuptools"]))
        pip.install(own, inner, closure(gate.locked, trial.packages), sources=trial.sources)
        path = f"{inner.parent}:{own.environment['PATH']}"
        own.run([inner, "-B", CASES / trial.program], env={"PATH": path})
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)


def _machine(subject: Subject, trial: Trial) -> dict[str, str]:
    """Return variables that name the compilers of a case; skip it where the machine lacks something."""
    found = {}
    if {"cc", "c++"} & set(trial.needs):
        subject.loadable()
        compiler = subject.compiler()
        if not is_recorded(compiler):
            found = {"CC": str(compiler), "LDSHARED": f"{compiler} -shared"}
        if "c++" in trial.needs and (subject.musl or not shutil.which(compiler.name.replace("gcc", "g++"))):
            raise CaseSkipped("this machine has no C++ compiler for the distribution's libc")
    if "relr" in trial.needs and subject.musl:
        version = musl_version(subject)
        if tuple(map(int, version.split("."))) < MUSL_WITH_RELR:
            raise CaseSkipped(f"musl {version} of this machine applies no DT_RELR, which these wheels have; 1.2.4 does")
    if "curses" in trial.needs and (said := subject.code(OWN_CURSES)):
        raise CaseSkipped(f"the curses that this machine's compiler names to _pyrepl is of another libc: {said}")
    missing = [name for name in trial.libraries if not _has_library(name)]
    if missing:
        raise CaseSkipped(f"this machine lacks {', '.join(missing)}")
    return found


def musl_version(subject: Subject) -> str:
    """Return the version of the musl that runs the interpreter: its loader says it when it is started alone."""
    loader = read_elf(subject.python.read_bytes()).interpreter
    said = subprocess.run([loader or ""], capture_output=True, text=True, check=False).stderr if loader else ""
    found = re.search(r"^Version (\d+(?:\.\d+)+)", said, re.MULTILINE)
    if found is None:
        raise CaseFailed(f"{loader} does not say which version of musl it is: {said[:200]!r}")
    return found[1]


def _display(gate: Gate, trial: Trial) -> dict[str, str]:
    """Return the variable that names the display; skip the case where there is none."""
    if "display" not in trial.needs:
        return {}
    if not gate.screen:
        raise CaseSkipped("this machine has no Xvfb that starts")
    return {"DISPLAY": gate.screen}


def _has_library(name: str) -> bool:
    """Say whether this machine's dynamic linker finds a library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
