"""``extension-modules.yml``: every extension module of CPython, and how it is built.

The file is compared with CPython's own Setup files where its source is (``inside/setup_modules.py``);
here it is read, and its conditions are decided. ``DataError`` points at the line that is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from pythonbuild.condition import Condition, parse_condition
from pythonbuild.load import Fields, Node, did_you_mean, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pythonbuild.condition import Facts

Build = Literal["bootstrap", "static", "shared", "disabled"]
BUILDS: tuple[Build, ...] = get_args(Build)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModuleRow:
    """One row: modules that are built alike.

    ``needs`` are the recipes of the libraries that they link, ``compile`` and ``link`` words added to how
    they are compiled and linked, ``test`` says that only CPython's tests use them.
    """

    build: Build
    names: tuple[str, ...]
    needs: tuple[str, ...] = ()
    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    test: bool = False
    when: Condition
    node: Node


def load_modules(path: Path) -> tuple[ModuleRow, ...]:
    """Return the rows of ``extension-modules.yml``."""
    return parse_modules(read(path))


@lru_cache(maxsize=16)
def parse_modules(tree: Node) -> tuple[ModuleRow, ...]:
    """Return the rows of a file that was read."""
    rows: list[ModuleRow] = []
    for build, node in tree.mapping().items():
        known = next((word for word in BUILDS if word == build), None)
        if known is None:
            raise node.error(f"unknown head {build!r}{did_you_mean(build, BUILDS)}")
        rows.extend(parse_row(known, item) for item in node.items())
    return tuple(rows)


def parse_row(build: Build, node: Node) -> ModuleRow:
    """Return one row; what is left out or built only sometimes needs a ``why``."""
    fields = Fields(node)
    when, why, test = fields.take("when"), fields.take("why"), fields.take("test")
    if why is None and (when is not None or build == "disabled"):
        raise node.error("a row that is disabled or has a 'when' needs a 'why'")
    row = ModuleRow(
        build=build,
        names=fields.need("names").texts(),
        needs=fields.texts("needs"),
        compile=fields.texts("compile"),
        link=fields.texts("link"),
        test=test is not None and test.flag(),
        when=parse_condition(when),
        node=node,
    )
    fields.done()
    return row


def select(rows: Iterable[ModuleRow], facts: Facts) -> Mapping[str, ModuleRow]:
    """Return the row that counts for each module under ``facts``; two rows for one module are an error.

    A static program can't load a file: in static flavors the modules that would be files are disabled.
    """
    rows = tuple(rows)
    asked = asked_by(rows)
    flavor = facts.flavor if "flavor" in asked else facts.flavor & {"static"}
    return decided(rows, replace(facts.only(asked), flavor=flavor))


@lru_cache(maxsize=16)
def asked_by(rows: tuple[ModuleRow, ...]) -> frozenset[str]:
    """Return what the conditions of ``rows`` depend on."""
    return frozenset[str]().union(*(row.when.asks() for row in rows))


@lru_cache(maxsize=256)
def decided(rows: tuple[ModuleRow, ...], facts: Facts) -> Mapping[str, ModuleRow]:
    """Return what ``select`` does; most builds ask the same."""
    found: dict[str, ModuleRow] = {}
    for row in rows:
        if row.when.holds(facts):
            for name in row.names:
                if name in found:
                    raise row.node.error(f"module {name!r} already stands in line {found[name].node.line}")
                found[name] = row
    if "static" in facts.flavor:
        return {name: without_file(row) for name, row in found.items()}
    return found


def without_file(row: ModuleRow) -> ModuleRow:
    """Return ``row``; disabled, and without the libraries that it needs, if its modules would be files."""
    return replace(row, build="disabled", needs=(), link=()) if row.build == "shared" else row


def as_json(modules: Mapping[str, ModuleRow]) -> str:
    """Return the decided rows as the JSON that ``inside/setup_modules.py`` and ``inside/objects.py`` read."""
    return rows_as_json(tuple(sorted(modules.items(), key=lambda item: item[0])))


@lru_cache(maxsize=16)
def rows_as_json(rows: tuple[tuple[str, ModuleRow], ...]) -> str:
    """Return the JSON of decided rows; most flavors of a Python have the same ones."""
    content = {
        name: {
            "build": row.build,
            "needs": list(row.needs),
            "compile": list(row.compile),
            "link": list(row.link),
            "test": row.test,
        }
        for name, row in rows
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def builds(rows: Iterable[ModuleRow], facts: Facts) -> dict[str, str]:
    """Return how each module that is known under ``facts`` is built: a word of ``BUILDS``, or test.

    A ``test`` module is a file that only CPython's tests use: archives without these lack it.
    """
    selected = select(rows, facts).items()
    return {name: "test" if row.test and row.build == "shared" else row.build for name, row in selected}
