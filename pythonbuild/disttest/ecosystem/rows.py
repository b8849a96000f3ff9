"""What ``ecosystem.yml`` says: which packages are tried, by which program, and where they can't be or fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, parse_condition
from pythonbuild.load import Fields, Node, did_you_mean, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pythonbuild.condition import Facts

# What a machine must have for a case, by the word in ``needs``.
NEEDS = ("cc", "c++", "curses", "display", "relr")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why something is so where ``when`` holds."""

    when: Condition
    why: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One case: ``packages`` are installed and ``cases/try_<name>.py`` is run.

    ``needs`` and ``libraries`` are what the machine must have. ``without`` says where it is not tried, ``expected``
    where it is known to fail. ``sources`` are packages that have no wheels: pip builds them with setuptools.
    """

    name: str
    packages: tuple[str, ...]
    needs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    without: tuple[Reason, ...] = ()
    expected: tuple[Reason, ...] = ()

    @property
    def program(self) -> str:
        """File name of the program: ``try_pydantic_core.py`` of ``pydantic-core``."""
        return f"try_{self.name.replace('-', '_')}.py"


def reason(rows: tuple[Reason, ...], facts: Facts) -> str:
    """Return why of the first of ``rows`` that holds, or nothing."""
    return next((row.why for row in rows if row.when.holds(facts)), "")


def load_trials(path: Path) -> tuple[Trial, ...]:
    """Return all cases of a file, the reasons that it has for all or several of them included.

    ``DataError`` points at the line that is wrong.
    """
    fields = Fields(read(path))
    shared, nodes = fields.rows("without"), fields.rows("cases")
    fields.done()
    names = tuple(Fields(node).need("name").text() for node in nodes)
    without: dict[str, list[Reason]] = {name: [] for name in names}
    for node in shared:
        row, cases = _shared(node, names)
        for name in cases:
            without[name].append(row)
    return tuple(_trial(node, without) for node in nodes)


def _shared(node: Node, names: tuple[str, ...]) -> tuple[Reason, tuple[str, ...]]:
    """Return a reason and the cases that it is about: all where it names none."""
    fields = Fields(node)
    cases = fields.take("cases")
    row = _reason_of(fields)
    fields.done()
    for name in cases.items() if cases else ():
        if name.text() not in names:
            raise name.error(f"no case is called {name.text()!r}{did_you_mean(name.text(), names)}")
    return row, cases.texts() if cases else names


def _trial(node: Node, shared: Mapping[str, list[Reason]]) -> Trial:
    fields = Fields(node)
    name = fields.need("name").text()
    trial = Trial(
        name=name,
        packages=fields.need("packages").texts(),
        needs=tuple(map(_need, fields.rows("needs"))),
        libraries=fields.texts("libraries"),
        sources=fields.texts("sources"),
        without=(*shared[name], *map(_reason, fields.rows("without"))),
        expected=tuple(map(_reason, fields.rows("expected"))),
    )
    fields.done()
    return trial


def _need(node: Node) -> str:
    word = node.text()
    if word not in NEEDS:
        raise node.error(f"unknown need {word!r}{did_you_mean(word, NEEDS)} (known: {', '.join(NEEDS)})")
    return word


def _reason(node: Node) -> Reason:
    fields = Fields(node)
    row = _reason_of(fields)
    fields.done()
    return row


def _reason_of(fields: Fields) -> Reason:
    return Reason(when=parse_condition(fields.need("when")), why=fields.need("why").text())
