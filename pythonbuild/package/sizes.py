"""How big the archives of a build are, as plain lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1 << 20


def size_table(sizes: Mapping[str, int]) -> list[str]:
    """Return one line for each archive, the biggest first: MiB, share of the biggest, name. ``sizes`` are bytes."""
    biggest = max(sizes.values(), default=0) or 1
    rows = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    return [f"{size / MIB:8.1f} MiB {size / biggest:5.0%}  {name}" for name, size in rows]
