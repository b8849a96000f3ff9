"""Runs ``python -m test`` under the distribution's Python and writes down what came of each test, as it comes.

    python regrtest.py RECORD words of regrtest...

RECORD gets one line of JSON for each thing that happens: ``["start", id]``, ``["end", id]``, ``["skip", id, reason]``,
``["failure", id, text]``. So it is known which test a crash or a time limit stopped, which regrtest's own report
(``--junit-xml``, written at the end) can't say; nor has that report the skips of ``setUpClass`` and failed subtests.
"""

from __future__ import annotations

import builtins
import json
import os
import runpy
import signal
import sys
import unittest
from typing import Any

# The class of regrtest's results; others are those of tests of unittest itself.
RESULT = "RegressionTestResult"


class Record:
    """The file that is written. It is opened for each line: tests close, limit and count file descriptors."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.owner = os.getpid()
        # Kept, because tests put others in their place.
        self.calls = (os.open, os.write, os.close, os.getpid, json.dumps)

    def write(self, *words: str) -> Any:
        """Append a line, unless this is a child that a test forked."""
        opened, write, close, process, dumps = self.calls
        if process() != self.owner:
            return
        place = opened(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            write(place, dumps(words).encode() + b"\n")
        finally:
            close(place)


def watch(record: Record) -> None:
    """Have every result that regrtest collects written to ``record`` as well."""
    told: dict[str, Any] = {
        "startTest": lambda test: record.write("start", id_of(test)),
        "stopTest": lambda test: record.write("end", id_of(test)),
        "addSkip": lambda test, reason: record.write("skip", id_of(test), str(reason)),
        "addError": lambda test, error: record.write("failure", id_of(test), text_of(error)),
        "addFailure": lambda test, error: record.write("failure", id_of(test), text_of(error)),
        "addUnexpectedSuccess": lambda test: record.write("failure", id_of(test), "unexpected success"),
        "addSubTest": lambda _test, part, error: (
            record.write("failure", id_of(part), text_of(error)) if error else None
        ),
    }
    for name, tell in told.items():
        setattr(unittest.TextTestResult, name, watched(getattr(unittest.TextTestResult, name), tell))


def watched(method: Any, tell: Any) -> Any:
    """Return ``method`` with ``tell`` before it."""

    def both(self: Any, *words: Any) -> Any:
        if type(self).__name__ == RESULT:
            tell(*words)
        return method(self, *words)

    return both


def id_of(test: Any) -> str:
    """Return the id of a test; some test cases have an attribute of that name (test__interpreters)."""
    name = getattr(test, "id", None)
    return str(name() if callable(name) else unittest.TestCase.id(test))


def text_of(error: Any) -> str:
    """Return the last lines of what went wrong: type and message."""
    return f"{error[0].__name__}: {error[1]}"[:2000]


if __name__ == "__main__":
    watch(Record(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    # A shell that starts a command in the background has it ignore this, and tests send it to their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Not the directory of this file, whose neighbours tests must not find, but what -m puts there.
    sys.path[0] = os.getcwd()
    # Of a program, __main__ has the module here, and what runpy starts has its dictionary.
    runpy.run_module("test", init_globals={"__builtins__": builtins}, run_name="__main__", alter_sys=True)
