"""PYTHON.json names the function that a module's file exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pythonbuild.inside import entries

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("library", "function"),
    [
        (b"\0PyModExport_spam\0", "PyModExport_spam"),
        (b"\0PyInit_spam\0", "PyInit_spam"),
        (b"\0PyInit_spam\0PyModExport_spam\0", "PyInit_spam"),
        (b"\0PyModExport_spam_eggs\0", "PyInit_spam"),
        (b"\0_PyModExport_spam\0", "PyInit_spam"),
    ],
)
def test_the_function_is_one_that_is_exported(library: bytes, function: str) -> None:
    assert entries.entry("spam", "PyInit_spam", library) == function


def test_only_files_are_asked(tmp_path: Path) -> None:
    place = tmp_path / "python" / "install"
    place.mkdir(parents=True)
    (place / "spam.so").write_bytes(b"\0PyModExport_spam\0")
    told = tmp_path / "extensions.json"
    built_in = [{"init_fn": "PyInit_eggs"}]
    told.write_text(
        json.dumps({"spam": [{"init_fn": "PyInit_spam", "shared_lib": "install/spam.so"}], "eggs": built_in})
    )
    assert entries.main([str(told), str(place.parent)]) == 0
    found = json.loads(told.read_text())
    assert (found["spam"][0]["init_fn"], found["eggs"]) == ("PyModExport_spam", built_in)
