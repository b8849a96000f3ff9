"""``pyconfig.h``: what configure found out about a target, and how that differs from target to target. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.load import Fields
from pythonbuild.recipe import parse_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pythonbuild.condition import Facts
    from pythonbuild.load import Node

# As autoconf writes them: `#define NAME value`, or the comment that stands in its place.
DEFINED = re.compile(r"^#\s*define\s+(\w+)(?:[ \t]+(.*\S))?[ \t]*$", re.MULTILINE)
UNDEFINED = re.compile(r"^/\*\s*#\s*undef\s+(\w+)\s*\*/", re.MULTILINE)
NOT_DEFINED = "undefined"


def answers(text: str) -> dict[str, str]:
    """Return the value of each name in a ``pyconfig.h``, ``undefined`` for those that configure left out."""
    found = dict.fromkeys(UNDEFINED.findall(text), NOT_DEFINED)
    return found | {name: value or "" for name, value in DEFINED.findall(text)}


def differences(reference: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return the values of ``other`` that are not those of ``reference``, by name; what one lacks is undefined."""
    names = sorted(reference.keys() | other.keys())
    return {
        name: other.get(name, NOT_DEFINED)
        for name in names
        if other.get(name, NOT_DEFINED) != reference.get(name, NOT_DEFINED)
    }


def expected(rows: Node, facts: Facts) -> dict[str, str]:
    """Return the differences that rows of ``set``, ``when`` and ``why`` give a reason for; a later row wins.

    ``DataError`` points at a row that is broken.
    """
    found: dict[str, str] = {}
    for row in map(parse_set, Fields(rows).rows("differences")):
        if row.when.holds(facts):
            found.update(row.value)
    return found
