"""Alternatives of a whole build: chosen by name, refused by name, and part of the facts of every job."""

from __future__ import annotations

from pathlib import Path

import pytest

from pythonbuild.decide import Selection, prepare
from pythonbuild.errors import DataError
from pythonbuild.setting import choose
from pythonbuild.target import Matrix

ROOT = Path(__file__).parents[2]
MATRIX = Matrix.load(ROOT / "targets.yml")
NATIVE = MATRIX.target("x86_64-unknown-linux-gnu").facts()
CROSS = MATRIX.target("s390x-unknown-linux-gnu").facts()


def test_the_first_alternative_is_no_choice() -> None:
    assert choose(MATRIX.settings, ["compiler=packaged"], NATIVE) == frozenset()
    assert choose(MATRIX.settings, ["compiler=source", "compiler-rt=packaged"], CROSS) == {
        "compiler=source",
        "compiler-rt=packaged",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compilr=source"], "unknown setting 'compilr', did you mean 'compiler'"),
        (["compiler=sauce"], "setting compiler can't be 'sauce', did you mean 'source'"),
        (["compiler"], "setting compiler can't be ''"),
        (["compiler=source", "compiler=packaged"], "'source' and 'packaged' at the same time"),
        (["compiler-rt=packaged"], "x86_64-unknown-linux-gnu has no compiler-rt=packaged"),
    ],
)
def test_a_wrong_choice_is_one_clear_error(words: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        choose(MATRIX.settings, words, NATIVE)


def test_a_choice_reaches_every_job_and_those_that_are_borrowed() -> None:
    chosen = Selection(target="s390x-unknown-linux-gnu", settings=("compiler=source",))
    plan = prepare(ROOT, chosen, image="i").plan
    assert {job.facts.settings for job in plan.jobs} == {frozenset({"compiler=source"})}
    compiled = [job for job in plan.jobs if job.role in ("library", "cpython", "profile")]
    assert compiled
    for job in compiled:
        assert "llvm" in {need.name for need in plan.closure(job)}, job.id


def test_a_choice_changes_what_it_is_asked_of_alone() -> None:
    plain, chosen = (
        prepare(ROOT, Selection(target="s390x-unknown-linux-gnu", settings=words), image="i")
        for words in ((), ("compiler-rt=packaged",))
    )
    changed = {name for name, key in plain.keys.items() if chosen.keys[name] != key}
    assert "compiler-rt" in changed
    assert "sysroot-glibc" not in changed
    assert not [name for name in changed if name.startswith("x86_64-")]


def test_training_under_an_emulator_lies_between_the_profile_and_the_build() -> None:
    chosen = Selection(target="s390x-unknown-linux-gnu", options="pgo+lto", settings=("train=emulated",))
    prepared = prepare(ROOT, chosen, image="i")
    plan, own = prepared.plan, prepared.plan.job("cpython-profile")
    borrowed = "x86_64-unknown-linux-gnu/cpython-profile"
    assert borrowed in own.needs
    profiles = [job.id for job in plan.closure(plan.goal) if job.role == "profile"]
    assert profiles == ["cpython-profile"]
    assert "steps/train-emulated.sh" in prepared.rendered[own.id].recipe_files
    assert "steps/train.sh" not in prepared.rendered[own.id].recipe_files
    plain = prepare(ROOT, Selection(target="s390x-unknown-linux-gnu", options="pgo+lto"), image="i")
    assert plain.keys[borrowed] == prepared.keys[borrowed]
    assert plain.keys["cpython"] != prepared.keys["cpython"]


def test_training_under_an_emulator_needs_workloads() -> None:
    chosen = Selection(
        target="s390x-unknown-linux-gnu", options="pgo", settings=("train=emulated",), without=frozenset({"workloads"})
    )
    with pytest.raises(DataError, match="runs the workloads"):
        prepare(ROOT, chosen, image="i")
