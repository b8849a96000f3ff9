"""A few damaged files for each reader; ``ci/fuzz.py`` tries as many as there is time for."""

from __future__ import annotations

import pytest

from pythonbuild.errors import ValidationError
from tests.unit import fuzzing

INPUTS = 60


@pytest.mark.parametrize("name", fuzzing.readers())
def test_damage_is_never_more_than_an_error(name: str) -> None:
    fuzzing.fuzz(name, INPUTS, seed=1)


def test_a_reader_that_breaks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(data: bytes) -> None:
        if len(data) != 3:
            raise IndexError("broken")

    monkeypatch.setitem(fuzzing.READERS, "fragile", (lambda: (b"abc",), fragile))
    with pytest.raises(IndexError, match="broken"):
        fuzzing.fuzz("fragile", INPUTS, seed=1)


def test_refusals_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(_data: bytes) -> None:
        raise ValidationError("no")

    monkeypatch.setitem(fuzzing.READERS, "strict", (lambda: (b"abc",), strict))
    assert fuzzing.fuzz("strict", INPUTS, seed=1) == INPUTS
