"""CPython's own tests as tests of a distribution: what a run left behind, what was expected, and what comes of both."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pythonbuild.condition import ALWAYS
from pythonbuild.disttest import stdlib
from pythonbuild.disttest.display import first_line
from pythonbuild.disttest.expected import Expectation, Suite, compare, load_suite, stale
from pythonbuild.disttest.inside import CASES
from pythonbuild.disttest.kept import kept_of
from pythonbuild.disttest.regrtest import Event, Report, read_report
from pythonbuild.disttest.subject import Subject
from pythonbuild.errors import DataError, ValidationError
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = ROOT / "cpython-unix/cpython/stdlib-tests.yml"
# Stands in for regrtest: lists its files, says what it was asked, and runs the unit tests of one of them.
REGRTEST = """
import importlib, sys, unittest
words = sys.argv[1:]
if "--list-tests" in words:
    print("test_absent", "test_crash", "test_good", "test_wrong", sep=chr(10))
    sys.exit()
class RegressionTestResult(unittest.TextTestResult):
    pass
print(" ".join(words))
try:
    module = importlib.import_module(f"test.{words[-1]}")
except unittest.SkipTest as skip:
    print(f"{words[-1]} skipped -- {skip}")
    sys.exit(0)
result = RegressionTestResult(sys.stdout, False, 0)
unittest.defaultTestLoader.loadTestsFromModule(module)(result)
sys.exit(0 if result.wasSuccessful() else 2)
"""
FILES = {
    "test_absent": "import unittest\nraise unittest.SkipTest(\"No module named '_absent'\")\n",
    "test_crash": """
import os, unittest
class Some(unittest.TestCase):
    def test_a(self): pass
    def test_b(self): os.abort()
""",
    "test_good": """
import unittest
class Some(unittest.TestCase):
    def test_a(self): pass
    @unittest.skip("Windows only")
    def test_b(self): pass
class Fixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("Windows only")
    def test_a(self): pass
""",
    "test_wrong": """
import unittest
class Some(unittest.TestCase):
    def test_a(self):
        for number in 1, 2:
            with self.subTest(number=number): self.assertEqual(number, 1)
    def test_b(self): raise OSError("no such thing")
""",
}


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """Return a distribution whose ``test`` package is a stand-in."""
    tests = tmp_path / "lib/python3.14/test"
    (tests / "libregrtest").mkdir(parents=True)
    (tests / "__init__.py").touch()
    (tests / "__main__.py").write_text(REGRTEST)
    for name, text in FILES.items():
        (tests / f"{name}.py").write_text(text)
    python = tmp_path / "bin/python3.14"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    work = tmp_path / "work"
    work.mkdir()
    environment = {"PYTHONPATH": str(tests.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return Subject(prefix=tmp_path, python=python, work=work, environment=environment)


def row(*tests: str, reasons: tuple[str, ...] = (), line: int = 1, sometimes: bool = False) -> Expectation:
    return Expectation(tests, reasons, "so it is", "https://example.org/", line, sometimes, ALWAYS)


def test_each_file_is_one_outcome(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # no Xvfb
    suite = Suite(skips=(row(reasons=("Windows only",)), row("test.test_absent", reasons=("No module*",), line=2)))
    logged: list[str] = []
    found = {outcome.name: outcome for outcome in stdlib.outcomes(subject, suite, log=logged.append)}
    assert {name: outcome.status for name, outcome in found.items()} == {
        "stdlib.test_good": "passed",
        "stdlib.test_wrong": "failed",
        "stdlib.test_absent": "skipped",
        "stdlib.test_crash": "failed",
    }
    assert found["stdlib.test_absent"].message == "No module named '_absent'"
    assert found["stdlib.test_good"].message == "2 tests, 2 skipped"
    wrong = found["stdlib.test_wrong"].message
    assert "failed: test.test_wrong.Some.test_a: AssertionError: 2 != 1" in wrong
    assert "failed: test.test_wrong.Some.test_b: OSError: no such thing" in wrong
    assert (
        "failed: test.test_crash.Some.test_b: the process was killed by SIGABRT" in found["stdlib.test_crash"].message
    )
    assert logged[-1].startswith(
        "stdlib: 4 files, 6 tests, 3 unexpected and 0 known failures, 0 unexpected and 3 known"
    )
    assert sum(line.startswith("later") for line in logged) == 2


def test_what_is_skipped_without_an_expectation_fails(subject: Subject) -> None:
    found = stdlib.tried(stdlib.Run(subject, Suite(), subject.environment), "test_good")
    assert [event.test for event in found.verdict.skips] == [
        "test.test_good.Fixture.setUpClass",
        "test.test_good.Some.test_b",
    ]
    assert found.outcome().status == "failed"
    assert "unexpected skip: test.test_good.Some.test_b: Windows only" in found.outcome().message


def test_a_second_try_alone_counts(subject: Subject) -> None:
    once = subject.work / "once"
    (subject.prefix / "lib/python3.14/test/test_wrong.py").write_text(f"""
import pathlib, unittest
class Some(unittest.TestCase):
    def test_a(self):
        place = pathlib.Path({str(once)!r})
        known = place.exists()
        place.touch()
        self.assertTrue(known)
""")
    logged: list[str] = []
    outcomes = list(stdlib.outcomes(subject, Suite(), "wrong", logged.append))
    assert [(outcome.status, outcome.message) for outcome in outcomes] == [("passed", "1 tests, at the second try")]
    assert logged[0].startswith("later   failed  stdlib.test_wrong")


def test_those_that_run_are_ended_with_the_caller(subject: Subject) -> None:
    (subject.prefix / "lib/python3.14/test/test_wrong.py").write_text("import time\ntime.sleep(600)\n")
    run = stdlib.Run(subject, Suite(any_skip=True), subject.environment)
    outcomes = stdlib.several(run, ["test_good", "test_wrong"])
    started = time.monotonic()
    assert next(outcomes).name == "test_good"
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 300


def test_a_daemon_is_ended_with_its_file(subject: Subject) -> None:
    (subject.prefix / "lib/python3.14/test/test_wrong.py").write_text("""
import pathlib, subprocess, sys
daemon = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
(pathlib.Path(__file__).parent / "pid").write_text(str(daemon.pid))
""")
    run = stdlib.Run(subject, Suite(any_skip=True), {**subject.environment, "PATH": os.environ["PATH"]})
    stdlib.tried(run, "test_wrong")
    state = Path("/proc") / (subject.prefix / "lib/python3.14/test/pid").read_text() / "status"
    # It may be a zombie, where whoever gets the orphans of this machine does not wait for them.
    ends = time.monotonic() + 20
    while state.exists() and "\nState:\tZ" not in state.read_text() and time.monotonic() < ends:
        time.sleep(0.05)
    assert not state.exists() or "\nState:\tZ" in state.read_text()


def test_what_passed_at_the_second_try_is_expected_in_vain_only_if_it_never_came() -> None:
    suite = Suite(failures=(row("test_a", line=3), row("test_b", line=4), row("test_c", line=5, sometimes=True)))
    verdict = compare(Report("test.test_x", 2, failures=(Event("test.test_x.C.test_a", "bad"),)), suite)
    assert verdict.ok
    assert [each.line for each in stale(suite, verdict.used)] == [4]


def test_only_keeps_names_with_that_text(subject: Subject) -> None:
    outcomes = stdlib.outcomes(subject, Suite(any_skip=True), "good", lambda _text: None)
    assert [outcome.name for outcome in outcomes] == ["stdlib.test_good"]


def test_what_is_kept_is_not_run_again_unless_it_is_unexpected_now(subject: Subject, tmp_path: Path) -> None:
    archive, reports = tmp_path / "some.tar.zst", tmp_path / "reports"
    archive.write_bytes(b"an archive")
    windows = row(reasons=("Windows only",))
    first = list(stdlib.outcomes(subject, Suite(any_skip=True), log=lambda _text: None, kept=kept_of(archive, reports)))
    for name in FILES:
        (subject.prefix / f"lib/python3.14/test/{name}.py").write_text("import unittest")
    logged: list[str] = []
    suite = Suite(skips=(windows,), failures=(row("test.test_crash.Some.test_b"),))
    second = list(stdlib.outcomes(subject, suite, log=logged.append, kept=kept_of(archive, reports)))
    assert len(first) == len(second) == len(FILES)
    # test_absent was skipped, test_wrong failed, both unexpectedly: they are run, and hold no tests any more.
    assert {each.name: each.message for each in second} == {
        "stdlib.test_crash": "2 tests, 1 known failures, kept",
        "stdlib.test_good": "2 tests, 2 skipped, kept",
        "stdlib.test_absent": "0 tests",
        "stdlib.test_wrong": "0 tests",
    }
    assert "0 unexpected and 1 known failures, 0 unexpected and 2 known skips" in logged[-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda archive, _file: archive.write_bytes(b"built anew"), "holds reports of another some.tar.zst"),
        (lambda _archive, file: file.write_text("notes"), "holds reports of another some.tar.zst"),
        (lambda _archive, file: file.write_text(f'{file.read_text()}["test_os", {{}}, 1]\n'), "read: 'failures'"),
        (lambda _archive, file: file.write_text(f'{file.read_text()}["test_\n'), "can't be read: "),
        (lambda _archive, file: file.write_bytes(b"\xff\xfe"), "can't be read: "),
    ],
)
def test_reports_of_something_else_are_refused(
    tmp_path: Path, change: Callable[[Path, Path], object], message: str
) -> None:
    archive, reports = tmp_path / "some.tar.zst", tmp_path / "reports"
    archive.write_bytes(b"an archive")
    kept_of(archive, reports).add("test_os", Report("test.test_os"), 1.5)
    assert kept_of(archive, reports).of("test_os") == (Report("test.test_os"), 1.5)
    change(archive, reports / "some.tar.zst.reports")
    with pytest.raises(DataError, match=message):
        kept_of(archive, reports)


def test_reports_that_were_cut_off_are_kept_but_for_the_last(tmp_path: Path) -> None:
    archive, reports = tmp_path / "some.tar.zst", tmp_path / "reports"
    archive.write_bytes(b"an archive")
    kept_of(archive, reports).add("test_os", Report("test.test_os"), 1.5)
    file = reports / "some.tar.zst.reports"
    with file.open("a") as stream:
        stream.write('["test_re')
    kept_of(archive, reports).add("test_io", Report("test.test_io"), 1)
    assert set(kept_of(archive, reports).reports) == {"test_os", "test_io"}
    for start in (file.read_text()[:9], ""):
        file.write_text(start)
        kept_of(archive, reports).add("test_os", Report("test.test_os"), 1.5)
        assert set(kept_of(archive, reports).reports) == {"test_os"}
    with pytest.raises(DataError, match="is no directory"):
        kept_of(archive, file)


def test_words_for_regrtest(subject: Subject, tmp_path: Path) -> None:
    suite = Suite(left_out=("test_a", "*.test_b"), resources=("all", "-network"))
    words = stdlib.command(subject, suite, "test_good", tmp_path / "record", tmp_path)
    assert words[1] == str(CASES / "regrtest.py")
    assert words[-7:] == ["-u", "all,-network", "--ignore", "test_a", "--ignore", "*.test_b", "test_good"]


def test_the_core_runs_without_what_is_known_to_fail(tmp_path: Path) -> None:
    data = tmp_path / "data.yml"
    data.write_text(
        "core:\n  - args: [test_good]\n"
        "failures:\n  - {tests: [test_b], why: so it is, link: 'https://example.org/'}\n"
        "  - {tests: [test_c], when: {libc: musl}, why: so it is, link: 'https://example.org/'}\n"
    )
    facts = Matrix.load(ROOT / "targets.yml").target("x86_64-unknown-linux-gnu").facts(python="3.14")
    core, whole = (load_suite(data, facts, core=core) for core in (True, False))
    assert (core.files, core.left_out, core.any_skip) == (("test_good",), ("test_b",), True)
    assert (whole.files, whole.left_out, [each.tests for each in whole.failures]) == ((), (), [("test_b",)])


def test_an_archive_without_tests_is_refused(subject: Subject) -> None:
    (subject.prefix / "lib/python3.14/test/libregrtest").rmdir()
    with pytest.raises(ValidationError, match="no package 'test'"):
        list(stdlib.outcomes(subject, Suite()))


def test_slow_files_begin_first_and_packages_count_as_their_parts() -> None:
    there = ["test_a", "test.test_asyncio.test_x", "test_slow"]
    assert stdlib.in_order(there, Suite(slow=("test_slow",))) == ["test_slow", "test.test_asyncio.test_x", "test_a"]
    assert stdlib.in_order(there, Suite(files=("test_asyncio",))) == ["test.test_asyncio.test_x"]


def lines(*events: tuple[str, ...]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.mark.parametrize(
    ("code", "record", "output", "failures"),
    [
        (0, lines(("start", "test.test_x.C.a"), ("end", "test.test_x.C.a")), "", []),
        (
            2,
            lines(("failure", "setUpClass (test.test_x.C)", "OSError: no")),
            "",
            [("test.test_x.C.setUpClass", "OSError")],
        ),
        (2, "", "SyntaxError: bad", [("test.test_x", "the process exited with 2: SyntaxError: bad")]),
        (
            1,
            lines(("failure", "test.test_x.C.a (n=1)", "no")),
            "Timeout",
            [("test.test_x.C.a", "no"), ("test.test_x", "the")],
        ),
        (2, lines(("failure", "unittest.loader._FailedTest.test.test_x.y", "no")), "", [("test.test_x.y", "no")]),
        (None, lines(("start", "test.test_x.C.a")), "", [("test.test_x.C.a", "the process did not end in time")]),
        (-11, lines(("start", "test.test_x.C.a")), "", [("test.test_x.C.a", "the process was killed by SIGSEGV")]),
    ],
)
def test_reports(code: int | None, record: str, output: str, failures: list[tuple[str, str]]) -> None:
    report = read_report("test.test_x", record, output, code)
    assert [event.test for event in report.failures] == [test for test, _ in failures]
    assert all(event.text.startswith(text) for event, (_, text) in zip(report.failures, failures, strict=True))


@pytest.mark.parametrize(
    ("output", "code", "reason"),
    [
        (
            "0:00:20 load avg: 7.61 [1/1] test_x\ntest_x skipped -- No module named 'winreg'\n\n",
            0,
            "No module named 'winreg'",
        ),
        (
            "test.test_x skipped -- Use of the 'network' resource not enabled\n",
            0,
            "Use of the 'network' resource not enabled",
        ),
        ("test_x skipped\n", 0, "no reason given"),
        (
            "test_x skipped -- Use of the 'audio' resource not enabled\nResult: NO TESTS RAN\n",
            4,
            "Use of the 'audio' resource not enabled",
        ),
        ("Result: NO TESTS RAN\n", 4, "no tests ran"),
        ("[2/2] test_y -- test_y skipped -- other\n", 0, None),
    ],
)
def test_skips_of_whole_files(output: str, code: int, reason: str | None) -> None:
    report = read_report("test.test_x", "", output, code)
    assert report.skips == ((Event("test.test_x", reason),) if reason else ())


@pytest.mark.parametrize(
    ("expected", "test", "text", "holds"),
    [
        (row("test_chown"), "test.test_os.C.test_chown", "any", True),
        (row("test_chown"), "test.test_os.C.test_chown2", "any", False),
        (row("test.test_os.*"), "test.test_os.C.test_chown2", "any", True),
        (row(reasons=("needs [*] here (really)",)), "test.test_os.C.a", "needs [Windows] here (really)", True),
        (row(reasons=("needs *",)), "test.test_os.C.a", "it needs Windows", False),
        (row("test_os", reasons=("needs *",)), "test.test_io.C.a", "needs Windows", False),
    ],
)
def test_what_a_row_matches(expected: Expectation, test: str, text: str, holds: bool) -> None:  # noqa: FBT001
    assert expected.matches(Event(test, text)) is holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{why: a, link: b}", "a row names 'tests' or 'reasons'"),
        ("{tests: a, link: b}", "key 'why' is missing"),
        ("{tests: a, why: b}", "key 'link' is missing"),
        ("{tests: a, why: b, link: c, wen: d}", "unknown key 'wen', did you mean 'when'"),
    ],
)
def test_rows_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    data = tmp_path / "data.yml"
    data.write_text(f"skips:\n  - {text}\n")
    facts = Matrix.load(ROOT / "targets.yml").target("x86_64-unknown-linux-gnu").facts()
    with pytest.raises(DataError, match=message):
        load_suite(data, facts, core=False)


@pytest.mark.parametrize("minor", ["3.11", "3.13", "3.14", "3.15"])
def test_the_data_of_each_version(minor: str) -> None:
    for target in Matrix.load(ROOT / "targets.yml").targets.values():
        facts = target.facts(python=minor, flavor=frozenset({"noopt"}))
        files = load_suite(DATA, facts, core=True).files
        assert len(set(files)) == len(files) > 50
        assert ("test_zstd" in files) is (minor in {"3.14", "3.15"})
        whole = load_suite(DATA, facts, core=False)
        assert all(each.link.startswith("https://") for each in (*whole.failures, *whole.skips))


@pytest.mark.parametrize("minor", ["3.11", "3.13", "3.14", "3.15"])
def test_the_data_says_how_many_files_there_are(minor: str) -> None:
    facts = Matrix.load(ROOT / "targets.yml").target("x86_64-unknown-linux-gnu").facts(python=minor)
    assert load_suite(DATA, facts, core=False).least > 400
    assert load_suite(DATA, facts, core=True).least == 0


def test_files_that_are_not_there_fail(subject: Subject) -> None:
    def failed(suite: Suite, only: str | None = None) -> dict[str, str]:
        found = stdlib.outcomes(subject, suite, only, lambda _: None)
        return {each.name: each.message for each in found if each.status == "failed"}

    assert failed(Suite(files=("test_good", "test_gone"), any_skip=True)) == {
        "stdlib.test_gone": "the distribution has no such file of tests"
    }
    known = (row("test.test_wrong.*", "test.test_crash.*"),)
    assert not failed(Suite(least=4, failures=known, any_skip=True))
    assert failed(Suite(least=5, failures=known, any_skip=True)) == {
        "stdlib.files": "the distribution has 4 files of tests, and CPython at least 5"
    }
    assert not failed(Suite(files=("test_good", "test_gone"), any_skip=True), "test_good")


def test_the_number_of_a_display() -> None:
    read, write = os.pipe()
    os.write(write, b"3\n")
    os.close(write)
    assert first_line(read) == "3"
    assert first_line(read) == ""
    os.close(read)
