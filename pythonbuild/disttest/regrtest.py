"""What ``cases/regrtest.py`` wrote down of one file of CPython's tests, and what regrtest printed -> a report."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pythonbuild.disttest.subject import ending

# ``test_winreg skipped -- No module named 'winreg'``
SKIPPED = re.compile(r"^(?P<file>\S+) skipped(?: -- (?P<reason>.*))?$", re.MULTILINE)
# ``setUpClass (test.test_socket.Some)``, and ``test.test_x.C.test_y (number=1)`` of a subtest.
FIXTURE = re.compile(r"(?P<name>setUp\w+|tearDown\w+) \((?P<place>[^)]*)\)")
# ``unittest.loader.ModuleSkipped.test.test_tools.test_i18n``: a module of a package that could not be loaded.
LOADER = re.compile(r"unittest\.loader\.\w+\.")
# Exit codes of regrtest that say "tests failed" and "no tests ran" (libregrtest/results.py).
BAD, NO_TESTS = 2, 4
_TAIL = 1000


@dataclass(frozen=True)
class Event:
    """A test that failed or was skipped: its id, and the text of the error or the reason."""

    test: str
    text: str


@dataclass(frozen=True)
class Report:
    """What came of one file of tests. An event whose test is ``file`` itself concerns all of it."""

    file: str
    tests: int = 0
    failures: tuple[Event, ...] = ()
    skips: tuple[Event, ...] = ()


def read_report(file: str, record: str, output: str, code: int | None) -> Report:
    """Return the report of ``file`` (``test.test_os``) from the record, regrtest's output and its exit code.

    ``code`` is None where the process was stopped, because its time was up. A file that ended in a way that none of
    its tests explains has a failure of its own: of the test that was running, or of the file.
    """
    tests, running = 0, ""
    failures: list[Event] = []
    skips: list[Event] = []
    for line in record.splitlines():
        kind, test, *rest = json.loads(line)
        if kind == "start":
            tests, running = tests + 1, normal(test)
        elif kind == "end":
            running = ""
        else:
            (failures if kind == "failure" else skips).append(Event(normal(test), " ".join(rest)))
    if whole := whole_skip(file, output, code):
        skips.append(whole)
    elif code != 0 and (running or not failures or code != BAD):
        how = "did not end in time" if code is None else ending(code)
        failures.append(Event(running or file, f"the process {how}: {output[-_TAIL:].strip()}"))
    return Report(file, tests, tuple(failures), tuple(skips))


def whole_skip(file: str, output: str, code: int | None) -> Event | None:
    """Return why a file was skipped as a whole; None where it was not."""
    if code not in {0, NO_TESTS}:
        return None
    for found in SKIPPED.finditer(output):
        if dotted(found["file"]) == file:
            return Event(file, (found["reason"] or "").strip() or "no reason given")
    return Event(file, "no tests ran") if code == NO_TESTS else None


def dotted(name: str) -> str:
    """Return a file of tests as the ids of its tests begin: ``test_os`` is ``test.test_os``."""
    return name if name.startswith("test.") else f"test.{name}"


def normal(test: str) -> str:
    """Return the id of a test without what unittest puts around it.

    >>> normal("setUpClass (test.test_os.Some)"), normal("test.test_os.Some.test_x (number=1)")
    ('test.test_os.Some.setUpClass', 'test.test_os.Some.test_x')
    """
    found = FIXTURE.fullmatch(test)
    return f"{found['place']}.{found['name']}" if found else LOADER.sub("", test.partition(" ")[0])
