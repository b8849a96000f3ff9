"""``run``: all tests of one archive, in order, each told as it ends."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest import (
    building,
    environments,
    facts,
    inside,
    instruments,
    machines,
    moving,
    naming,
    relocation,
    stdlib,
)
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped, Outcome, Result
from pythonbuild.disttest.subject import Subject, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pythonbuild.disttest.stdlib import CoreTests

MODULES = (relocation, moving, naming, environments, building, machines, instruments, facts)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)


def run(
    archive: Path,
    *,
    keep: bool = False,
    only: str | None = None,
    core: CoreTests | None = None,
    log: Callable[[str], None] = print,
) -> Result:
    """Unpack an archive, try it, and say what came of every test.

    ``only`` keeps the tests with that text in their name; ``keep`` leaves the unpacked tree for a look. With ``core``,
    CPython's own tests of that list are run, and nothing else. Raises ValidationError when the archive can't be
    unpacked.
    """
    base = Path(tempfile.mkdtemp(prefix="disttest-"))
    outcomes = []
    try:
        subject = prepare(archive, base)
        for outcome in _all(subject, only) if core is None else stdlib.outcomes(subject, core, only):
            outcomes.append(outcome)
            log(str(outcome))
    finally:
        if keep:
            log(f"kept {base}")
        else:
            shutil.rmtree(base, ignore_errors=True)
    result = Result(tuple(outcomes))
    log(f"{archive.name}: {result.summary()}")
    return result


def _all(subject: Subject, only: str | None) -> Iterator[Outcome]:
    """Yield the outcome of every test. When the interpreter does not even start, that is the only one."""
    first = _try(Case("start.version", relocation.starts), subject)
    if first.status != "passed" or not only or only in first.name:
        yield first
    if first.status != "passed":
        return
    for case in CASES:
        if not only or only in case.name:
            yield _try(case, subject)
    for group in inside.groups():
        yield from inside.run_group(subject, group, only)


def _try(case: Case, subject: Subject) -> Outcome:
    """Run one case; its exceptions become its outcome."""
    started = time.monotonic()
    status, message = "passed", ""
    try:
        case.check(subject)
    except CaseSkipped as skipped:
        status, message = "skipped", str(skipped)
    except (CaseFailed, OSError) as failed:
        status, message = "failed", str(failed)
    return Outcome(case.name, status, message, time.monotonic() - started)
