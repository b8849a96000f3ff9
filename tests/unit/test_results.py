"""The table of what was tried with each target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pythonbuild.quirks import document as compatibility
from pythonbuild.quirks import load_outcomes, load_quirks, told_of
from pythonbuild.results import BEGIN, END, HEADER, Gate, Tried, dump, gates_table, load, table, with_table
from pythonbuild.target import Matrix
from pythonbuild.validate.checks import CHECKS

ROOT = Path(__file__).parents[2]
GOOD = Tried(
    target="s390x-unknown-linux-gnu",
    python="3.14.7",
    options="pgo+lto",
    checks=32,
    findings=0,
    passed=90,
    skipped=4,
    emulator="qemu-user",
    profile=97.04,
    sizes={"full": 3 << 20, "install": 1 << 20},
)
BAD = Tried(
    target="x86_64-unknown-linux-gnu",
    python="3.14.7",
    options="noopt",
    checks=32,
    findings=2,
    passed=90,
    failed=("building.relink",),
    sizes={},
    gates={"core": Gate(passed=66, failed=("stdlib.test_posix",))},
)


def test_rows() -> None:
    start = "| s390x-unknown-linux-gnu | 3.14.7 pgo+lto | yes | 90 passed, 4 skipped (qemu-user) |  | 97.0 % "
    assert GOOD.row(32) == start + "| 3.0 | 1.0 |  |  |  |"
    assert (
        "| 2 findings | 90 passed, 1 failed (building.relink) | 66 passed, 1 failed (stdlib.test_posix) |"
        in BAD.row(32)
    )
    assert all(row.count("|") == HEADER[0].count("|") for row in (GOOD.row(32), BAD.row(32)))


def test_a_row_says_how_many_checks_it_passed_where_there_are_more_today() -> None:
    assert "| yes, 32 checks | 90 passed" in GOOD.row(58)
    assert "| 2 findings, 32 checks |" in BAD.row(58)
    assert table([GOOD], [], 58).startswith("The validator has 58 checks. ")


def test_data_and_back_a_later_result_stands() -> None:
    assert load(dump([BAD, GOOD])) == [GOOD, BAD]
    newer = Tried(**{**vars(BAD), "findings": 0, "failed": ()})
    assert load(dump([BAD, newer])) == [newer]


def test_every_target_has_a_line() -> None:
    lines = table([GOOD], ["x86_64-unknown-linux-gnu", "s390x-unknown-linux-gnu"], 32).splitlines()[2:]
    assert lines[2] == "| x86_64-unknown-linux-gnu | not built | | | | | | | | | |"
    assert lines[3] == GOOD.row(32)
    assert len(lines) == 4


def test_gates_have_a_table_of_their_own() -> None:
    whole = replace(GOOD, gates={"core": Gate(passed=67), "stdlib": Gate(passed=480, skipped=12)})
    assert "| 67 passed |" in whole.row(32)
    rows = gates_table([BAD, whole]).splitlines()[2:]
    assert rows == ["| s390x-unknown-linux-gnu | 3.14.7 pgo+lto | 480 passed, 12 skipped |  |  |"]
    assert BAD.bad
    assert not whole.bad
    assert replace(whole, gates={"clients": Gate(passed=1, failed=("clients.uv",))}).bad


def test_a_document_keeps_what_is_around_the_table() -> None:
    document = f"head\n{BEGIN}\nold\n{END}\ntail\n"
    new = with_table(document, "new\n")
    assert new == f"head\n{BEGIN}\n\nnew\n\n{END}\ntail\n"
    assert with_table(new, "new\n") == new
    with pytest.raises(ValueError, match="lacks"):
        with_table("nothing", "new\n")


def test_the_published_table_is_that_of_the_data() -> None:
    matrix = Matrix.load(ROOT / "targets.yml")
    document = (ROOT / "docs" / "targets.md").read_text()
    tried = load((ROOT / "docs" / "results.json").read_text())
    assert {each.target for each in tried} <= set(matrix.targets)
    wanted = with_table(document, table(tried, list(matrix.targets), len(CHECKS)))
    assert document == wanted, "run: $(./build.py environment) ci/results.py"
    document = (ROOT / "docs" / "testing.md").read_text()
    assert document == with_table(document, gates_table(tried)), "run: $(./build.py environment) ci/results.py"


def test_the_published_compatibility_is_that_of_the_data() -> None:
    matrix = Matrix.load(ROOT / "targets.yml")
    quirks = load_quirks(ROOT / "cpython-unix" / "quirks.yml")
    outcomes = load_outcomes((ROOT / "docs" / "outcomes.json").read_text())
    published = (ROOT / "docs" / "compatibility.md").read_text()
    command = "run: $(./build.py environment) ci/results.py"
    assert published == compatibility(quirks, told_of(outcomes, matrix.facts_of)), command
    name = next(iter(outcomes))
    changed = {**outcomes, name: {**outcomes[name], "moving.metadata": ("failed", "x")}}
    assert published != compatibility(quirks, told_of(changed, matrix.facts_of))
