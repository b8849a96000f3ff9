"""Quirks are complete, their proofs exist, and the table says plainly what did not pass."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pythonbuild.condition import Facts
from pythonbuild.disttest.inside import groups
from pythonbuild.disttest.runner import CASES
from pythonbuild.errors import DataError
from pythonbuild.quirks import Quirk, Told, document, dump_outcomes, load_outcomes, load_quirks, state
from pythonbuild.settings import ROOT
from tests.distribution.test_sabotage import BESIDE, TABLE

QUIRKS = load_quirks(ROOT / "cpython-unix" / "quirks.yml")
LINUX = Facts(target="x86_64-unknown-linux-gnu", os="linux", arch="x86_64", libc="glibc", python="3.14")


def names_inside() -> set[str]:
    """Return the names of the tests that run under the tested Python, as under_test.name_of makes them."""
    found = set()
    for path in groups():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                group = path.stem.removeprefix("test_")
                found.add(f"{group}.{node.name.removeprefix('test_').replace('_', '-')}")
    return found


def test_every_number_is_there_once() -> None:
    assert [quirk.number for quirk in QUIRKS] == list(range(1, 72))
    assert len({quirk.name for quirk in QUIRKS}) == 71


def test_every_proof_exists() -> None:
    known = {"start.version", *(case.name for case in CASES), *names_inside()}
    assert {name for quirk in QUIRKS for name in quirk.proofs} - known == set()
    assert [gate for quirk in QUIRKS for gate in quirk.gates if not (ROOT / gate).is_file()] == []


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_every_quirk_of_linux_is_proved(quirk: Quirk) -> None:
    assert bool(quirk.proofs or quirk.gates) is quirk.linux
    assert quirk.holds.endswith(".")


# Checks of the validator: each has a passing and a failing fixture of its own, tests/unit/test_validate*.py.
VALIDATED = ("elf.", "text.")
# No quirk names them, but users count on them.
BESIDE_QUIRKS = {
    "moving.hard-link",
    "machines.old-kernel",
    "building.embedding",
    "building.embedding-alone",
    "graphics.smooth-fonts",
}


def test_every_quirk_is_shown_to_be_noticed() -> None:
    """65 and 66 have no row: the build decides them, and tests of its data show that."""
    proved = {quirk.number: quirk.proofs for quirk in QUIRKS if quirk.linux and quirk.proofs}
    assert {number for number, *_ in TABLE} == {BESIDE, *proved}
    assert [quirk.number for quirk in QUIRKS if quirk.linux and not quirk.proofs] == [65, 66]
    beside = {name for number, name, *_ in TABLE if number == BESIDE}
    assert beside == BESIDE_QUIRKS
    assert beside <= {*(case.name for case in CASES), *names_inside()}
    assert [(number, name) for number, name, *_ in TABLE if number != BESIDE and name not in proved[number]] == []
    assert [says for _, _, says, _ in TABLE if re.search(says, "")] == []


def test_every_proof_is_shown_to_fail() -> None:
    shown = {name for _, name, *_ in TABLE}
    wanted = {name for quirk in QUIRKS if quirk.linux for name in quirk.proofs}
    assert {name for name in wanted - shown if not name.startswith(VALIDATED)} == set()


def quirk(name: str) -> Quirk:
    return next(each for each in QUIRKS if each.name == name)


def test_states() -> None:
    outcomes = {"relocation.symlink": ("passed", ""), "relocation.chained-symlink": ("failed", "lost"),
                "foreign.no-writable-code": ("skipped", "old kernel"), "foreign.closure": ("passed", "")}  # fmt: skip
    told = Told(facts=LINUX, name="one", outcomes=outcomes)
    assert state(quirk("symlink"), told) == "**failed**"
    assert state(quirk("closure-without-writable-code"), told) == "partly"
    assert state(quirk("thread-without-writable-code"), told) == "skipped"
    assert state(quirk("argv0"), told) == "**not run**"
    assert state(quirk("macos-signature"), told) == "n/a"
    assert state(quirk("training-once"), told) == "build"
    text = document(QUIRKS, [told])
    assert "- 1 `relocation.chained-symlink` failed: lost\n" in text
    assert "| 20 | macos-signature | Changed macOS files are signed again. | not applicable to Linux | n/a |" in text


def test_outcomes_are_read_back() -> None:
    outcomes = {"a 3.14.7 noopt": {"one": ("passed", ""), "two": ("skipped", "why")}}
    assert load_outcomes(dump_outcomes(outcomes)) == outcomes


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "quirks.yml"
    path.write_text("quirks:\n  - {number: 1, name: a, holds: b, proof: [c]}\n")
    with pytest.raises(DataError, match="proof"):
        load_quirks(path)
