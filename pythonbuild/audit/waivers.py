"""``audit.yml``: what an audit finds and is accepted, each with a reason and the day until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pythonbuild.load import Fields, read

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pythonbuild.load import Node


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """An ``advisory`` that ``component`` may have ``until`` that day, or without one that a newer version exists."""

    component: str
    advisory: str | None
    why: str
    until: date
    place: str

    def covers(self, component: str, ids: Collection[str], today: date) -> bool:
        """Return whether it is about this finding (``ids`` of an advisory; none for a newer version), and holds."""
        about = self.advisory in ids if self.advisory else not ids
        return self.component == component and about and today <= self.until

    def __str__(self) -> str:
        return f"{self.component} {self.advisory or 'newer version'} until {self.until} ({self.why})"


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers in a file; ``DataError`` points at the line that is wrong."""
    fields = Fields(read(path))
    rows = fields.rows("waivers")
    fields.done()
    return tuple(map(parse_waiver, rows))


def parse_waiver(node: Node) -> Waiver:
    """Return one waiver."""
    fields = Fields(node)
    advisory, until = fields.text("advisory") or None, fields.need("until")
    component, why = fields.need("component").text(), fields.need("why").text()
    fields.done()
    try:
        day = date.fromisoformat(until.text())
    except ValueError:
        raise until.error(f"{until.text()!r} is not a day: write it as '2026-12-31'") from None
    return Waiver(component=component, advisory=advisory, why=why, until=day, place=f"{node.path}:{node.line}")
