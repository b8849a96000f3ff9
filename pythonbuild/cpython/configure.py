"""``configure.yml``: how CPython is configured and compiled, as rows that facts select.

Text -> data; nothing runs here. ``DataError`` points at the line that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pythonbuild.load import Fields, read
from pythonbuild.recipe import Row, filled, holding, parse_args, parse_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pythonbuild.condition import Answered, Facts
    from pythonbuild.load import Node

ARGS = (
    "arguments",
    "bolt",
    "bolt_functions",
    "bolt_training",
    "compile",
    "instrument",
    "link",
    "link_python",
    "link_shared",
    "profile_use",
    "training",
    "split_debug",
    "workloads",
)
SETS = ("answers", "make")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The rows of ``configure.yml`` by section, and the file they came from."""

    path: Path
    args: Mapping[str, tuple[Row[tuple[str, ...]], ...]]
    sets: Mapping[str, tuple[Row[Mapping[str, str]], ...]]

    def words(self, section: str, facts: Facts, values: Mapping[str, str]) -> tuple[str, ...]:
        """Return the words of a section that hold for ``facts``, their ``{fields}`` filled from ``values``."""
        return tuple(
            filled(word, values, str(self.path)) for row in self.chosen_args[section](facts) for word in row.value
        )

    def variables(self, section: str, facts: Facts) -> dict[str, str]:
        """Return the variables of a section that hold for ``facts``; a later row wins."""
        return merge(row.value for row in self.chosen_sets[section](facts))

    @cached_property
    def chosen_args(self) -> dict[str, Answered[tuple[Row[tuple[str, ...]], ...]]]:
        """The rows of ``args`` that hold, by section."""
        return {section: holding(rows) for section, rows in self.args.items()}

    @cached_property
    def chosen_sets(self) -> dict[str, Answered[tuple[Row[Mapping[str, str]], ...]]]:
        """The rows of ``sets`` that hold, by section."""
        return {section: holding(rows) for section, rows in self.sets.items()}


def merge(mappings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return one mapping of many; a later one wins."""
    found: dict[str, str] = {}
    for mapping in mappings:
        found.update(mapping)
    return found


def load_configuration(path: Path) -> Configuration:
    """Return the content of ``configure.yml``."""
    return parse_configuration(read(path))


@lru_cache(maxsize=16)
def parse_configuration(tree: Node) -> Configuration:
    """Return the content of a file that was read."""
    fields = Fields(tree)
    configuration = Configuration(
        path=tree.path,
        args={name: tuple(map(parse_args, fields.rows(name))) for name in ARGS},
        sets={name: tuple(map(parse_set, fields.rows(name))) for name in SETS},
    )
    fields.done()
    return configuration
