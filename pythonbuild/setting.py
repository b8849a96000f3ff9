"""Alternatives that a whole build has one of, such as where its compiler comes from: ``settings`` of ``targets.yml``.

Rows elsewhere depend on them with ``when: {setting: compiler=source}``. Text -> data; nothing runs here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, parse_condition
from pythonbuild.errors import DataError
from pythonbuild.load import Fields, Node, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pythonbuild.condition import Facts


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One value of a setting: which targets have it, and what it is good for."""

    value: str
    when: Condition
    why: str


def parse_settings(node: Node) -> dict[str, tuple[Alternative, ...]]:
    """Return the settings by name. The first alternative of each is meant where nothing is said."""
    return {name: tuple(map(parse_alternative, rows.items())) for name, rows in node.mapping().items()}


def parse_alternative(node: Node) -> Alternative:
    """Return one row. ``why`` is always needed: it is what people read before they choose."""
    fields = Fields(node)
    alternative = Alternative(
        value=fields.need("value").text(),
        when=parse_condition(fields.take("when")),
        why=fields.need("why").text(),
    )
    fields.done()
    return alternative


def choose(settings: Mapping[str, tuple[Alternative, ...]], words: Iterable[str], facts: Facts) -> frozenset[str]:
    """Return which of ``words`` (``compiler=source``) ask for another alternative than the first of a setting.

    ``DataError`` for a word that is not a setting, and for an alternative that the target of ``facts`` does not have.
    """
    chosen: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        alternative = known(settings, name, value)
        if chosen.setdefault(name, value) != value:
            raise DataError(f"setting {name} is {chosen[name]!r} and {value!r} at the same time")
        if not alternative.when.holds(facts):
            raise DataError(
                f"{facts.target} has no {name}={value}",
                hint="it has: " + ", ".join(f"{name}={a.value}" for a in settings[name] if a.when.holds(facts)),
            )
    return frozenset(f"{name}={value}" for name, value in chosen.items() if value != settings[name][0].value)


def known(settings: Mapping[str, tuple[Alternative, ...]], name: str, value: str) -> Alternative:
    """Return the alternative ``value`` of the setting ``name``."""
    if name not in settings:
        raise DataError(
            f"unknown setting {name!r}{did_you_mean(name, settings)}", hint=f"settings are: {', '.join(settings)}"
        )
    for alternative in settings[name]:
        if alternative.value == value:
            return alternative
    values = [alternative.value for alternative in settings[name]]
    raise DataError(
        f"setting {name} can't be {value!r}{did_you_mean(value, values)}",
        hint="write " + " or ".join(f"--set {name}={value}" for value in values),
    )
