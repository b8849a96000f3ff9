"""What is expected of CPython's own tests, as data: failures and skips, each with its reason and a link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from pythonbuild.condition import ALWAYS, Condition, Facts, parse_condition
from pythonbuild.load import Fields, Node, read
from pythonbuild.recipe import parse_args

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pythonbuild.disttest.regrtest import Event, Report


@dataclass(frozen=True)
class Expectation:
    """A row of data: tests by pattern, or texts by pattern, or both; why, and where one can read more.

    ``line`` is where it stands; ``sometimes`` says that a run without such an event is nothing to talk about.
    """

    tests: tuple[str, ...]
    reasons: tuple[str, ...]
    why: str
    link: str
    line: int
    sometimes: bool = False
    when: Condition = ALWAYS

    @cached_property
    def texts(self) -> tuple[re.Pattern[str], ...]:
        """The patterns of texts, in which only ``*`` is special."""
        return tuple(re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL) for pattern in self.reasons)

    def matches(self, event: Event) -> bool:
        """Return whether this row expects ``event``."""
        named = not self.tests or any(names(pattern, event.test) for pattern in self.tests)
        return named and (not self.texts or any(pattern.fullmatch(event.text) for pattern in self.texts))


def names(pattern: str, test: str) -> bool:
    """Return whether a pattern names a test, as for regrtest's ``--ignore``: its id, or one part of it.

    >>> names("test_chown", "test.test_os.Some.test_chown"), names("*.Some.*", "test.test_os.Some.test_chown")
    (True, True)
    """
    return fnmatchcase(test, pattern) or any(fnmatchcase(part, pattern) for part in test.split("."))


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What to run, and what is expected of it.

    ``files`` are names of CPython's test files; none means all that the distribution has, which are ``least`` or more.
    ``slow`` ones begin first, ``left_out`` are patterns of tests that are not run.
    """

    files: tuple[str, ...] = ()
    least: int = 0
    slow: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    failures: tuple[Expectation, ...] = ()
    skips: tuple[Expectation, ...] = ()
    any_skip: bool = False


@dataclass(frozen=True)
class Verdict:
    """A report compared with the data: what nobody expected, and the rows that something was expected by."""

    failures: tuple[Event, ...]
    skips: tuple[Event, ...]
    used: frozenset[int]

    @property
    def ok(self) -> bool:
        """Nothing unexpected came."""
        return not self.failures and not self.skips


def compare(report: Report, suite: Suite) -> Verdict:
    """Return what of ``report`` is not in the data of ``suite``."""
    used: set[int] = set()
    failures = unexpected(report.failures, suite.failures, used)
    skips = unexpected(report.skips, suite.skips, used)
    return Verdict(failures, () if suite.any_skip else skips, frozenset(used))


def unexpected(events: Iterable[Event], rows: tuple[Expectation, ...], used: set[int]) -> tuple[Event, ...]:
    """Return the events that no row matches; the lines of rows that match some are added to ``used``."""
    found = []
    for event in events:
        lines = {row.line for row in rows if row.matches(event)}
        used |= lines
        if not lines:
            found.append(event)
    return tuple(found)


def stale(suite: Suite, used: frozenset[int]) -> tuple[Expectation, ...]:
    """Return the rows that a run of all files did not need: what they expect passes, or is not skipped."""
    rows = (*suite.failures, *suite.skips)
    return tuple(row for row in rows if row.line not in used and not row.sometimes)


def load_suite(path: Path, facts: Facts, *, core: bool) -> Suite:
    """Return what ``stdlib-tests.yml`` says for ``facts``; ``DataError`` points at the line that is wrong.

    With ``core`` it is the short list: without resources and tests that are known to fail by name; skips don't count.
    """
    fields = Fields(read(path))
    words = {
        name: tuple(word for row in map(parse_args, fields.rows(name)) if row.when.holds(facts) for word in row.value)
        for name in ("core", "slow", "resources", "left-out")
    }
    least = [number for number, when in map(parse_least, fields.rows("least")) if when.holds(facts)]
    every = {name: tuple(map(parse_expectation, fields.rows(name))) for name in ("failures", "skips")}
    fields.done()
    rows = {name: tuple(row for row in several if row.when.holds(facts)) for name, several in every.items()}
    if core:
        known = tuple(word for row in rows["failures"] if not row.reasons for word in row.tests)
        return Suite(files=words["core"], left_out=words["left-out"] + known, any_skip=True)
    return Suite(
        least=max(least, default=0),
        slow=words["slow"],
        left_out=words["left-out"],
        resources=words["resources"],
        failures=rows["failures"],
        skips=rows["skips"],
    )


def parse_least(node: Node) -> tuple[int, Condition]:
    """Return one row of ``least``: a number of files, and when it holds."""
    fields = Fields(node)
    row = (fields.need("files").number(), parse_condition(fields.take("when")))
    fields.done()
    return row


def parse_expectation(node: Node) -> Expectation:
    """Return one row of ``failures`` or ``skips``."""
    fields = Fields(node)
    tests, reasons, when, sometimes = map(fields.take, ("tests", "reasons", "when", "sometimes"))
    if tests is None and reasons is None:
        raise node.error("a row names 'tests' or 'reasons', or both")
    row = Expectation(
        tests=tests.texts() if tests else (),
        reasons=reasons.texts() if reasons else (),
        why=fields.need("why").text(),
        link=fields.need("link").text(),
        line=node.line,
        sometimes=sometimes is not None and sometimes.flag(),
        when=parse_condition(when),
    )
    fields.done()
    return row
