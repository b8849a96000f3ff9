"""CPython's own tests as tests of a distribution: one process for each file of them, several at a time."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from pythonbuild.disttest.display import display
from pythonbuild.disttest.expected import Suite, Verdict, compare, stale
from pythonbuild.disttest.inside import CASES, end_session, end_strays
from pythonbuild.disttest.kept import Kept
from pythonbuild.disttest.model import CaseFailed, Outcome
from pythonbuild.disttest.regrtest import Report, dotted, read_report
from pythonbuild.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pythonbuild.disttest.subject import Subject

# Seconds for one file of tests, and for one test of it. Emulators are slow, and so is a machine that builds meanwhile.
FILE_TIMEOUT, TEST_TIMEOUT = 3600, 900
# Processes beyond one for each processor, because many tests mostly wait; regrtest's own -j0 adds as many.
WAITING = 2
# What the other tests set and these must not see: byte code is part of what they look at.
UNSET = ("PYTHONDONTWRITEBYTECODE", "PIP_NO_INDEX", "PIP_CONFIG_FILE")
# Unexpected events that are told of one file.
_TOLD = 12


@dataclass(frozen=True)
class Run:
    """What the files of one run share. ``stop`` ends the processes that are running."""

    subject: Subject
    suite: Suite
    environment: Mapping[str, str]
    kept: Kept = field(default_factory=Kept)
    stop: threading.Event = field(default_factory=threading.Event)
    numbers: Iterator[int] = field(default_factory=count)


@dataclass(frozen=True)
class Tried:
    """One file of tests that was run, by its name for regrtest: what came of it, what of that was not expected."""

    name: str
    report: Report
    verdict: Verdict
    seconds: float

    def outcome(self, note: str = "") -> Outcome:
        """Return it as one test of the distribution."""
        report, verdict = self.report, self.verdict
        name = printed(self.name)
        if not verdict.ok:
            return Outcome(name, "failed", told(verdict), self.seconds)
        whole = next((event.text for event in report.skips if event.test == report.file), "")
        if whole:
            return Outcome(name, "skipped", whole, self.seconds)
        parts = [f"{report.tests} tests"]
        parts += [f"{len(report.failures)} known failures"] if report.failures else []
        parts += [f"{len(report.skips)} skipped"] if report.skips else []
        return Outcome(name, "passed", ", ".join(parts) + note, self.seconds)


def printed(name: str) -> str:
    """Return what a file of tests is called in outcomes: ``stdlib.test_os``."""
    return f"stdlib.{dotted(name).removeprefix('test.')}"


def told(verdict: Verdict) -> str:
    """Say what was not expected, a line each."""
    lines = [f"failed: {event.test}: {event.text}" for event in verdict.failures]
    lines += [f"unexpected skip: {event.test}: {event.text}" for event in verdict.skips]
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return "\n".join(lines[:_TOLD] + more)


def outcomes(
    subject: Subject,
    suite: Suite,
    only: str | None = None,
    log: Callable[[str], None] = print,
    kept: Kept | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of each file, as it comes; those that failed are run once more at the end, alone.

    ``only`` keeps those with that text in their name. Files that are not there fail. Those whose report is ``kept`` are
    not run again unless something in it is not expected now. What the data expects in vain, and the figures, are
    logged. Raises ValidationError for an archive without the ``test`` package.
    """
    started = time.monotonic()
    there = available(subject)
    yield from (each for each in lost(there, suite) if not only or only in each.name)
    files = [name for name in in_order(there, suite) if not only or only in printed(name)]
    kept = kept or Kept()
    done = known(kept, suite, files)
    yield from (each.outcome(", kept") for each in done)
    with display() as screen:
        run = Run(subject, suite, {**subject.environment, **screen}, kept)
        again = []
        told_of = {each.name for each in done}
        for each in several(run, [name for name in files if name not in told_of]):
            if each.verdict.failures:
                again.append(each.name)
                log(f"later   {each.outcome()}")
            else:
                done.append(each)
                yield each.outcome()
        for name in sorted(again):
            done.append(tried(run, name))
            yield done[-1].outcome(", at the second try")
    tell(suite, done, None if only else log)
    log(figures(done, time.monotonic() - started))


def known(kept: Kept, suite: Suite, files: list[str]) -> list[Tried]:
    """Return those of ``files`` whose kept report is as the data expects now."""
    found = ((name, kept.of(name)) for name in files)
    every = (Tried(name, each[0], compare(each[0], suite), each[1]) for name, each in found if each)
    return [each for each in every if each.verdict.ok]


def several(run: Run, files: list[str]) -> Iterator[Tried]:
    """Run several files at a time; yield each that is done. Those that run are ended with the caller."""
    with ThreadPoolExecutor((os.cpu_count() or 1) + WAITING) as pool:
        pending = [pool.submit(tried, run, name) for name in files]
        try:
            for future in as_completed(pending):
                yield future.result()
        except BaseException:  # also that nobody wants more: GeneratorExit
            run.stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def tell(suite: Suite, done: list[Tried], log: Callable[[str], None] | None) -> None:
    """Log the rows of data that a whole run had no use for."""
    used = frozenset[int]().union(*(each.verdict.used for each in done))
    for row in stale(suite, used) if log else ():
        log(f"stale   line {row.line} of stdlib-tests.yml expects what did not come: {row.why}")  # type: ignore[misc]


def figures(done: list[Tried], seconds: float) -> str:
    """Return the sums of a run in a line."""
    reports = [each.report for each in done]
    tests = sum(report.tests for report in reports)
    known = sum(len(each.report.failures) - len(each.verdict.failures) for each in done)
    new = sum(len(each.verdict.failures) for each in done)
    skips = sum(len(report.skips) for report in reports)
    odd = sum(len(each.verdict.skips) for each in done)
    return (
        f"stdlib: {len(done)} files, {tests} tests, {new} unexpected and {known} known failures, "
        f"{odd} unexpected and {skips - odd} known skips, {seconds:.0f} s"
    )


def available(subject: Subject) -> list[str]:
    """Return the files of tests that the distribution has, as regrtest splits them: ``test_os``.

    Raises ValidationError where it has none, or can't say.
    """
    if not (library(subject) / "test" / "libregrtest").is_dir():
        raise ValidationError(
            "this archive has no package 'test': CPython's own tests can't be run",
            hint="give a full archive or an install archive; install_only_stripped comes without",
        )
    try:
        listed = subject.run([subject.python, "-m", "test", "--list-tests", "-u", "all"])
    except CaseFailed as failed:
        raise ValidationError(f"the distribution can't say which tests it has: {failed}") from failed
    return [line for line in listed.splitlines() if line.startswith("test")]


def library(subject: Subject) -> Path:
    """Return the directory of the standard library."""
    return subject.prefix / "lib" / f"python{subject.minor}{'t' if 'freethreaded' in subject.options else ''}"


def lost(there: list[str], suite: Suite) -> Iterator[Outcome]:
    """Yield a failure for each file of a suite that is not among those that are ``there``, or if these are too few."""
    for name in suite.files:
        if not any(is_of(each, (name,)) for each in there):
            yield Outcome(printed(name), "failed", "the distribution has no such file of tests")
    if len(there) < suite.least:
        message = f"the distribution has {len(there)} files of tests, and CPython at least {suite.least}"
        yield Outcome("stdlib.files", "failed", message)


def in_order(there: list[str], suite: Suite) -> list[str]:
    """Return the files of a suite that are there, slow ones first."""
    files = [name for name in there if is_of(name, suite.files)] if suite.files else there
    return sorted(files, key=lambda name: (not is_of(name, suite.slow), name))


def is_of(name: str, files: tuple[str, ...]) -> bool:
    """Whether ``files`` name this file of tests, or the package that regrtest has split."""
    return name in files or dotted(name).split(".")[1] in files


def tried(run: Run, name: str) -> Tried:
    """Run one file of tests, and compare what comes of it with the data."""
    started = time.monotonic()
    # A short name: a socket's path has 107 bytes, and tests put sockets deep below.
    place = run.subject.scratch(str(next(run.numbers)))
    plain = dotted(name).removeprefix("test.")
    record, output = (run.subject.work / f"{plain}.{kind}" for kind in ("record", "log"))
    record.unlink(missing_ok=True)
    own = {key: value for key, value in run.environment.items() if key not in UNSET}
    words = command(run.subject, run.suite, name, record, place)
    code = ended(words, {**own, "TMPDIR": str(place)}, place, output, run.stop)
    written = record.read_text() if record.exists() else ""
    report = read_report(dotted(name), written, output.read_text("utf-8", "replace"), code)
    shutil.rmtree(place, ignore_errors=True)
    found = Tried(name, report, compare(report, run.suite), time.monotonic() - started)
    if not run.stop.is_set():  # else it was ended before its time
        run.kept.add(name, report, found.seconds)
    return found


def command(subject: Subject, suite: Suite, name: str, record: Path, place: Path) -> list[str]:
    """Return the words that run one file of tests."""
    words = [str(subject.python), str(CASES / "regrtest.py"), str(record), "--tempdir", str(place)]
    words += [f"--timeout={TEST_TIMEOUT}"]
    words += ["-u", ",".join(suite.resources)] if suite.resources else []
    words += [word for pattern in suite.left_out for word in ("--ignore", pattern)]
    return [*words, name]


def ended(
    words: list[str], environment: dict[str, str], place: Path, output: Path, stop: threading.Event
) -> int | None:
    """Run a command in a session of its own; return its exit code, None when its time was up.

    What it left running is ended with it: that session, and what has left it and puts its files below ``place``.
    """
    with output.open("wb") as file:
        process = subprocess.Popen(
            words,
            env=environment,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        code, end = None, time.monotonic() + FILE_TIMEOUT
        while code is None and not stop.is_set() and time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(1)
        end_session(process)
        process.wait()
        end_strays(place)
    return code
