"""How much of a profile a build could use, from what its compiler said. Pure: texts -> numbers.

A profile of one target serves others as long as their functions have the same shape; clang compares by a hash, and
says for which functions it did not fit (``-Wbackend-plugin``, LLVM's PGOInstrumentation.cpp).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The share of counts below which a build is told of: what was trained is another program then.
ENOUGH = 0.95

_MISMATCH = re.compile(
    r"warning: (?P<file>\S+): function control flow change detected \(hash mismatch\) (?P<function>\S+) "
    r"Hash = \d+ up to (?P<counts>\d+) count discarded"
)
_FUNCTIONS = re.compile(r"^Total functions: (\d+)$", re.MULTILINE)
_COUNTS = re.compile(r"^Total count: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class ProfileMatch:
    """``functions`` and ``counts`` that the profile has, and how many of them found no function of their shape."""

    functions: int
    mismatched: int
    counts: int
    discarded: int

    @property
    def share(self) -> float:
        """The part of counts that was used, 0 to 1."""
        return 1 - self.discarded / self.counts if self.counts else 0.0

    def __str__(self) -> str:
        used = self.functions - self.mismatched
        return f"{used} of {self.functions} functions, {self.share:.1%} of counts"

    def to_json(self) -> dict[str, int]:
        """Return plain data, as ``match_of`` takes it."""
        return asdict(self)


def match_of(data: Mapping[str, int] | None) -> ProfileMatch | None:
    """Return what ``to_json`` made ``data`` of; None of None."""
    return None if data is None else ProfileMatch(**data)


def parse_match(statistics: str, log: Iterable[str]) -> ProfileMatch | None:
    """Return the match of a build with the output ``log``.

    ``statistics`` is what ``llvm-profdata show`` printed of the profile. None if it has no total of counts: of a
    profile of source lines (``--without ir-profile``) the compiler says less.
    """
    functions, counts = _FUNCTIONS.search(statistics), _COUNTS.search(statistics)
    if functions is None or counts is None:
        return None
    # A function is compiled more than once in a build, and belongs to its file: there are several called main.
    lost = {
        (found["file"], found["function"]): int(found["counts"]) for line in log if (found := _MISMATCH.search(line))
    }
    return ProfileMatch(
        functions=int(functions[1]), mismatched=len(lost), counts=int(counts[1]), discarded=sum(lost.values())
    )
