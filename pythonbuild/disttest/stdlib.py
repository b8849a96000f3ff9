"""CPython's own tests, those of the core: which of them, and each file of them as one test of the distribution."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pythonbuild.disttest.model import CaseFailed, CaseSkipped, Outcome
from pythonbuild.load import Fields, read
from pythonbuild.recipe import parse_args

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pythonbuild.condition import Facts
    from pythonbuild.disttest.subject import Subject

# Seconds for one file of tests, and for one test of it. Emulators are slow.
FILE_TIMEOUT, TEST_TIMEOUT = 1800, 900


@dataclass(frozen=True, kw_only=True)
class CoreTests:
    """Names of CPython's test files, and patterns of tests that are known to fail."""

    files: tuple[str, ...]
    expected: tuple[str, ...]


def load_core_tests(path: Path, facts: Facts) -> CoreTests:
    """Return what ``stdlib-tests.yml`` names for ``facts``; ``DataError`` points at the line that is wrong."""
    fields = Fields(read(path))
    words = {
        name: tuple(word for row in map(parse_args, fields.rows(name)) if row.when.holds(facts) for word in row.value)
        for name in ("core", "expected")
    }
    fields.done()
    return CoreTests(files=words["core"], expected=words["expected"])


def outcomes(subject: Subject, tests: CoreTests, only: str | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each file that the distribution has, as many at a time as there are processors.

    ``only`` keeps those with that text in their name.
    """
    patient = replace(subject, timeout=FILE_TIMEOUT)
    there = [name for name in tests.files if is_there(subject, name) and (not only or only in f"stdlib.{name}")]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda name: tried(patient, name, tests.expected), there)


def is_there(subject: Subject, name: str) -> bool:
    """Return whether the distribution has this file of tests; versions differ."""
    place = subject.prefix / "lib" / f"python{subject.minor}{'t' if 'freethreaded' in subject.options else ''}" / "test"
    return (place / f"{name}.py").is_file() or (place / name).is_dir()


def tried(subject: Subject, name: str, expected: tuple[str, ...]) -> Outcome:
    """Run one file of tests."""
    started = time.monotonic()
    status, message = "passed", ""
    ignored = [word for pattern in expected for word in ("--ignore", pattern)]
    place = subject.scratch(f"stdlib-{name}")
    words: list[str | Path] = [
        subject.python,
        "-m",
        "test",
        "--tempdir",
        place,
        f"--timeout={TEST_TIMEOUT}",
        *ignored,
        name,
    ]
    try:
        output = subject.run(words, env={"TMPDIR": str(place)}, cwd=place)
        if f"{name} skipped" in output:
            line = next(line for line in output.splitlines() if f"{name} skipped" in line)
            raise CaseSkipped(line.partition("skipped")[2].lstrip(" -") or line)
    except CaseSkipped as skipped:
        status, message = "skipped", str(skipped)
    except CaseFailed as failed:
        status, message = "failed", str(failed)
    return Outcome(f"stdlib.{name}", status, message, time.monotonic() - started)
