"""The lowest processor of a target is the same for its build and for the tests of its distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

from pythonbuild.disttest.machines import LOWEST, NO_LOWEST
from pythonbuild.target import Matrix, Target

MATRIX = Matrix.load(Path(__file__).parents[2] / "targets.yml")
EMULATED = [target for target in MATRIX.targets.values() if target.emulator]


def processor(target: Target) -> str:
    return target.triple.partition("-")[0]


@pytest.mark.parametrize("target", EMULATED, ids=lambda target: target.triple)
def test_tests_ask_for_the_processor_of_the_build(target: Target) -> None:
    words = target.emulator
    named = words[words.index("-cpu") + 1] if "-cpu" in words else None
    assert LOWEST.get(processor(target)) == named


def test_every_processor_has_one_or_a_reason() -> None:
    everything = {processor(target) for target in MATRIX.targets.values() if target.os == "linux"}
    assert everything == {*LOWEST, *NO_LOWEST}
    assert not {*LOWEST} & {*NO_LOWEST}
