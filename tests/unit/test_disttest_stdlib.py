"""CPython's own tests as tests of a distribution: which are chosen, and what comes of each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pythonbuild.disttest import stdlib
from pythonbuild.disttest.stdlib import CoreTests, load_core_tests
from pythonbuild.disttest.subject import Subject
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix

DATA = ROOT / "cpython-unix/cpython/stdlib-tests.yml"
# Stands in for regrtest: says what it was asked, and ends as the name of the file of tests tells.
REGRTEST = """
import sys
print(" ".join(sys.argv[1:]))
name = sys.argv[-1]
if name == "test_absent":
    print("test_absent skipped -- No module named '_absent'")
sys.exit(2 if name == "test_wrong" else 0)
"""


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """Return a distribution whose ``test`` package is a stand-in."""
    tests = tmp_path / "lib/python3.14/test"
    tests.mkdir(parents=True)
    (tests / "__init__.py").touch()
    (tests / "__main__.py").write_text(REGRTEST)
    for name in ("test_good", "test_wrong", "test_absent"):
        (tests / f"{name}.py").touch()
    python = tmp_path / "bin/python3.14"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    work = tmp_path / "work"
    work.mkdir()
    return Subject(prefix=tmp_path, python=python, work=work, environment={"PYTHONPATH": str(tests.parent)})


def test_each_file_that_is_there_is_one_outcome(subject: Subject) -> None:
    tests = CoreTests(files=("test_good", "test_of_another_version", "test_wrong", "test_absent"), expected=())
    found = {outcome.name: outcome for outcome in stdlib.outcomes(subject, tests)}
    assert {name: outcome.status for name, outcome in found.items()} == {
        "stdlib.test_good": "passed",
        "stdlib.test_wrong": "failed",
        "stdlib.test_absent": "skipped",
    }
    assert found["stdlib.test_absent"].message == "No module named '_absent'"
    assert "exited with 2" in found["stdlib.test_wrong"].message


def test_only_keeps_names_with_that_text(subject: Subject) -> None:
    tests = CoreTests(files=("test_good", "test_wrong"), expected=())
    assert [outcome.name for outcome in stdlib.outcomes(subject, tests, "good")] == ["stdlib.test_good"]


def test_what_is_known_to_fail_is_left_out_by_name(subject: Subject) -> None:
    outcome = stdlib.tried(subject, "test_wrong", ("test_a", "*.test_b"))
    assert "--ignore test_a --ignore *.test_b test_wrong" in outcome.message


@pytest.mark.parametrize("minor", ["3.11", "3.13", "3.14", "3.15"])
def test_the_list_of_each_version_names_every_file_once(minor: str) -> None:
    for target in Matrix.load(ROOT / "targets.yml").targets.values():
        tests = load_core_tests(DATA, target.facts(python=minor, flavor=frozenset({"noopt"})))
        assert len(set(tests.files)) == len(tests.files) > 50
        assert ("test_zstd" in tests.files) is (minor in {"3.14", "3.15"})
