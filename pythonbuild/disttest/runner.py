"""``run``: all tests of one archive, in order, each told as it ends."""

from __future__ import annotations

import shutil
import tempfile
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
from pythonbuild.disttest.model import Case, Outcome, Result, outcome_of
from pythonbuild.disttest.subject import DIRECTORY, Subject, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pythonbuild.disttest.expected import Suite
    from pythonbuild.disttest.kept import Kept

MODULES = (relocation, moving, naming, environments, building, machines, instruments, facts)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)


def run(  # noqa: PLR0913 - an option each
    archive: Path,
    *,
    keep: bool = False,
    only: str | None = None,
    suite: Suite | None = None,
    kept: Kept | None = None,
    gate: Callable[[Subject], Iterator[Outcome]] | None = None,
    log: Callable[[str], None] = print,
) -> Result:
    """Unpack an archive, try it, and say what came of every test.

    ``only`` keeps the tests with that text in their name; ``keep`` leaves the unpacked tree for a look. With ``suite``,
    CPython's own tests are run, and nothing else, but for those with a report in ``kept``; ``gate`` yields other tests
    in place of all. Raises ValidationError when the archive can't be unpacked, and what the gate raises.
    """
    base = Path(tempfile.mkdtemp(prefix="disttest-"))
    outcomes = []
    try:
        # A blank in the place is for our own tests: not all of CPython's are ready for it.
        subject = prepare(archive, base, DIRECTORY if suite is None else "unpacked")
        for outcome in _chosen(subject, only, suite, kept, log) if gate is None else gate(subject):
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


def _chosen(
    subject: Subject, only: str | None, suite: Suite | None, kept: Kept | None, log: Callable[[str], None]
) -> Iterator[Outcome]:
    """Return the tests of ours, or those of CPython."""
    return _all(subject, only) if suite is None else stdlib.outcomes(subject, suite, only, log, kept)


def _all(subject: Subject, only: str | None) -> Iterator[Outcome]:
    """Yield the outcome of every test. When the interpreter does not even start, that is the only one."""
    first = try_case(Case("start.version", relocation.starts), subject)
    if first.status != "passed" or not only or only in first.name:
        yield first
    if first.status != "passed":
        return
    for case in CASES:
        if not only or only in case.name:
            yield try_case(case, subject)
    for group in inside.groups():
        yield from inside.run_group(subject, group, only)


def try_case(case: Case, subject: Subject) -> Outcome:
    """Run one case; its exceptions become its outcome."""
    return outcome_of(case.name, lambda: case.check(subject))
