"""How much of a profile found its function."""

from __future__ import annotations

import pytest

from pythonbuild.profile_match import ProfileMatch, match_of, parse_match

STATISTICS = """\
Instrumentation level: IR  entry_first = 0  instrument_loop_entries = 0
Total functions: 200
Maximum function count: 451765862
Total number of blocks: 147313
Total count: 10000
"""
LOST = (
    "warning: Modules/{}.c: function control flow change detected (hash mismatch) main "
    "Hash = 9 up to {} count discarded"
)
LOG = ["clang -c x.c", LOST.format("a", 300), LOST.format("b", 200) + " [-Wbackend-plugin]", LOST.format("a", 300)]


def test_functions_count_once_per_file() -> None:
    match = parse_match(STATISTICS, LOG)
    assert match == ProfileMatch(functions=200, mismatched=2, counts=10000, discarded=500)
    assert match.share == pytest.approx(0.95)
    assert str(match) == "198 of 200 functions, 95.0% of counts"


def test_a_profile_of_source_lines_says_nothing() -> None:
    assert parse_match("Total functions: 200\nMaximum function count: 3\n", LOG) is None


def test_json_and_back() -> None:
    match = ProfileMatch(functions=2, mismatched=1, counts=10, discarded=5)
    assert match_of(match.to_json()) == match
    assert match_of(None) is None
