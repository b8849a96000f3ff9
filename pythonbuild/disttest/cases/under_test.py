"""Runs the tests of one file and prints an event line, U+001E and JSON, before and after each.

Arguments: the file with tests, a JSON file of facts, a text that a test's name must hold (or nothing).
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import unittest
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS_VARIABLE = "DISTTEST_FACTS"
_Trace = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class EventResult(unittest.TestResult):
    """Tells each outcome as it happens, so that a crash leaves a trace of which test it was."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def _tell(self, test: unittest.TestCase, status: str, message: str = "") -> None:
        event = {"name": name_of(test), "status": status, "message": message}
        sys.stdout.write("\n\x1e" + json.dumps(event) + "\n")
        sys.stdout.flush()

    def startTest(self, test: unittest.TestCase) -> None:
        """A test begins."""
        super().startTest(test)
        self.parts = []
        self._tell(test, "begun")

    def addSuccess(self, test: unittest.TestCase) -> None:
        """It passed."""
        self._tell(test, "passed")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """It was skipped."""
        self._tell(test, "skipped", reason)

    def addFailure(self, test: unittest.TestCase, err: _Trace) -> None:
        """An assertion did not hold."""
        self._tell(test, "failed", str(err[1]))

    def addError(self, test: unittest.TestCase, err: _Trace) -> None:
        """Something else was raised."""
        self._tell(test, "failed", f"{type(err[1]).__name__}: {err[1]}")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: _Trace | None) -> None:
        """A part of it ended; of parts that failed it tells when all are done, for then nothing else does."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.parts.append(f"{subtest.id().partition(' ')[2]} {type(err[1]).__name__}: {err[1]}")

    def stopTest(self, test: unittest.TestCase) -> None:
        """All of it is done."""
        super().stopTest(test)
        if self.parts:
            self._tell(test, "failed", "; ".join(self.parts))


def name_of(test: unittest.TestCase) -> str:
    """``crypto.known-digests`` of ``test_known_digests`` in ``test_crypto.py``."""
    module, _, _, method = test.id().rsplit(".", 3) if test.id().count(".") > 2 else ("", *test.id().rsplit(".", 2))
    del module
    group = type(test).__module__.removeprefix("test_")
    return f"{group}.{method.removeprefix('test_').replace('_', '-')}"


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Flatten a suite."""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


def load(path: Path) -> Any:
    """Import a file by its path; -I keeps its directory off sys.path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main(path: str, facts: str, only: str) -> int:
    """Run the chosen tests; failures are events, so the exit status only tells of a crash."""
    os.environ[FACTS_VARIABLE] = facts
    suite = unittest.defaultTestLoader.loadTestsFromModule(load(Path(path)))
    result = EventResult()
    for test in tests_of(suite):
        if only in name_of(test):
            test.run(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
