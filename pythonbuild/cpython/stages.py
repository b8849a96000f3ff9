"""``stages.yml``: the optimizer stages of a build, each of which can be switched off alone.

Rows elsewhere depend on them with ``when: {stage: bolt}``. Text -> data; nothing runs here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, parse_condition
from pythonbuild.errors import DataError
from pythonbuild.load import Fields, Node, did_you_mean, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pythonbuild.condition import Facts


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An optimizer stage: its name, where it is on, and what it is good for."""

    name: str
    when: Condition
    unless: Condition | None
    why: str

    def is_on(self, facts: Facts) -> bool:
        """Return whether the stage is on where nobody has switched it off."""
        return self.when.holds(facts) and not (self.unless and self.unless.holds(facts))


def load_stages(path: Path) -> tuple[Stage, ...]:
    """Return the rows of ``stages.yml``; ``DataError`` points at the line that is wrong."""
    return parse_stages(read(path))


@lru_cache(maxsize=16)
def parse_stages(tree: Node) -> tuple[Stage, ...]:
    """Return the rows of a file that was read."""
    return tuple(map(parse_stage, tree.items()))


def parse_stage(node: Node) -> Stage:
    """Return one row. ``why`` is always needed: it is what people read before they switch a stage off."""
    fields = Fields(node)
    unless = fields.take("unless")
    stage = Stage(
        name=fields.need("name").text(),
        when=parse_condition(fields.take("when")),
        unless=parse_condition(unless) if unless else None,
        why=fields.need("why").text(),
    )
    fields.done()
    return stage


def active(stages: Iterable[Stage], facts: Facts, without: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names of the stages that are on under ``facts``, less those in ``without``.

    ``DataError`` if ``without`` names a stage that does not exist.
    """
    known = {stage.name: None for stage in stages}
    for name in sorted(without):
        if name not in known:
            raise DataError(
                f"unknown optimizer stage {name!r}{did_you_mean(name, known)}", hint=f"stages are: {', '.join(known)}"
            )
    return frozenset(stage.name for stage in stages if stage.is_on(facts)) - without
