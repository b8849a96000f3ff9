"""Flavors: sets of option words, and which of them a target has for a Python, as ``targets.yml`` says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, parse_condition
from pythonbuild.errors import DataError
from pythonbuild.load import Fields, Node, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pythonbuild.condition import Facts

# The spelling order of archive names and of PYTHON.json's build_options.
WORDS = ("freethreaded", "debug", "noopt", "pgo", "lto", "static", "shared")


@dataclass(frozen=True)
class Flavor:
    """A set of option words, such as pgo and lto. Prints in the canonical order."""

    words: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Flavor:
        """Return the flavor that ``text`` spells in any order; ``DataError`` for an unknown word."""
        words = text.split("+")
        for word in words:
            if word not in WORDS:
                raise DataError(
                    f"unknown option {word!r} in {text!r}{did_you_mean(word, WORDS)}",
                    hint=f"options are: {', '.join(WORDS)}, joined by +",
                )
        return cls(frozenset(words))

    def __str__(self) -> str:
        return "+".join(word for word in WORDS if word in self.words)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One row under ``flavors``: every flavor has one of its ``options``; where it is ``optional``, at most one."""

    options: tuple[Flavor, ...]
    optional: bool
    when: Condition
    why: str


def parse_choices(rows: Sequence[Node]) -> tuple[Choice, ...]:
    """Return the rows under ``flavors`` of a target."""
    return tuple(map(parse_choice, rows))


def parse_choice(node: Node) -> Choice:
    """Return one row: ``one_of`` or ``at_most_one_of`` with option words."""
    fields = Fields(node)
    one, most = fields.texts("one_of"), fields.texts("at_most_one_of")
    when, why = fields.take("when"), fields.text("why")
    fields.done()
    if bool(one) == bool(most):
        raise node.error("a row of flavors has 'one_of' or 'at_most_one_of', and not both")
    if when is not None and not why:
        raise when.error("a 'when' needs a 'why' beside it")
    try:
        options = tuple(map(Flavor.parse, one or most))
    except DataError as error:
        raise node.error(error.message) from None
    return Choice(options=options, optional=not one, when=parse_condition(when), why=why)


def all_flavors(choices: Sequence[Choice], facts: Facts) -> tuple[Flavor, ...]:
    """Return every flavor that ``choices`` allow under ``facts``, the plain ones first."""
    nothing = Flavor(frozenset())
    rows = [((nothing,) if row.optional else ()) + row.options for row in choices if row.when.holds(facts)]
    # Backwards, so that what is optional changes slowest.
    combined = (Flavor(frozenset().union(*(part.words for part in parts))) for parts in product(*reversed(rows)))
    return tuple(dict.fromkeys(combined))


def described(choices: Sequence[Choice], facts: Facts) -> str:
    """Return what ``choices`` allow under ``facts`` as a person would say it, with the reason for what they don't."""
    holding = [row for row in choices if row.when.holds(facts)]
    plain = [str(option) for row in holding if not row.optional for option in row.options]
    added = [" or ".join(map(str, row.options)) for row in holding if row.optional]
    without = [f"; {option}: {row.why}" for row in choices if row not in holding for option in row.options]
    also = f"; each also with {', and with '.join(added)}" if added else ""
    return ", ".join(plain) + also + "".join(without)
