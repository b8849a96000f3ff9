"""Of every target the lowest processor is known, or why it is not."""

from __future__ import annotations

from pythonbuild.disttest.machines import LOWEST, NO_LOWEST, acted_out
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix


def test_every_processor_has_one_or_a_reason() -> None:
    for target in Matrix.load(ROOT / "targets.yml").targets.values():
        if target.os != "linux":
            continue
        processor = target.triple.partition("-")[0]
        ways = [processor in LOWEST, bool(acted_out(target)), processor in NO_LOWEST]
        assert ways.count(True) == 1, target.triple
