"""The published list of checks is that of the code."""

from __future__ import annotations

import pytest

from pythonbuild.validate.checks import CHECKS, name_of
from pythonbuild.validate.document import DOCUMENT, table, with_table


def test_the_list_is_that_of_the_checks() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == with_table(text), "run: python3 -m pythonbuild.validate.document"


def test_every_check_has_a_row_that_says_something() -> None:
    rows = [line.split(" | ") for line in table().splitlines()[2:]]
    assert all(len(row) == 6 and len(row[-1]) > 20 for row in rows)
    assert {row[0] for row in rows} >= {f"| `{name_of(check)}`" for check in CHECKS}


def test_a_document_without_its_marks() -> None:
    with pytest.raises(ValueError, match="lacks"):
        with_table("text")
