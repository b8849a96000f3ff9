"""The list of all distributions does not depend on how many processes decide it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from pythonbuild.decide import Selection
from pythonbuild.errors import DataError
from pythonbuild.listing import list_distributions
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.show import Row


def listed(selection: Selection, store: Path, processes: int) -> list[Row]:
    return list_distributions(ROOT, selection, store, image="0", processes=processes)


def test_any_number_of_processes_lists_the_same(tmp_path: Path) -> None:
    selection = Selection(python="3.14", options="noopt")
    alone = listed(selection, tmp_path, 1)
    assert len(alone) > 10
    assert len({row.target for row in alone}) == len(alone)
    for processes in (2, 7):  # 7 shares the targets out unevenly
        assert list(map(asdict, listed(selection, tmp_path, processes))) == list(map(asdict, alone))


def test_what_is_wrong_in_a_process_is_told(tmp_path: Path) -> None:
    for processes in (1, 2):
        with pytest.raises(DataError, match=r"3\.98"):
            listed(Selection(python="3.98"), tmp_path, processes)


def test_one_target_needs_no_second_process(tmp_path: Path) -> None:
    rows = listed(Selection(target="x86_64-unknown-linux-gnu", python="3.14"), tmp_path, 2)
    assert {row.target for row in rows} == {"x86_64-unknown-linux-gnu"}
