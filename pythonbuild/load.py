"""YAML -> checked values. Every complaint says file and line, and what was probably meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The parser in C, where PyYAML was built with it, takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``, did you mean 'x'?`` for the nearest of ``known``, or nothing if none is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


@dataclass(frozen=True, eq=False)
class Node:
    """A YAML value and where it stands: a scalar as str, int, bool or None, a list or a mapping of nodes.

    Two are equal only if they are one, so that what is made of a file can be kept by its node.
    """

    value: object
    path: Path
    line: int

    def error(self, message: str) -> DataError:
        """Return a ``DataError`` that points at this value."""
        return DataError(f"{self.path}:{self.line}: {message}")

    def text(self) -> str:
        """Return a string; a number is refused, since YAML would have changed it (3.10 -> 3.1)."""
        if isinstance(self.value, str):
            return self.value
        raise self.error(f"expected text, found {self.kind()}" + (" (quote it)" if self.is_scalar() else ""))

    def number(self) -> int:
        """Return a whole number."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        raise self.error(f"expected a whole number, found {self.kind()}")

    def flag(self) -> bool:
        """Return true or false."""
        if isinstance(self.value, bool):
            return self.value
        raise self.error(f"expected true or false, found {self.kind()}")

    def items(self) -> tuple[Node, ...]:
        """Return the members of a list."""
        if isinstance(self.value, list):
            return tuple(self.value)
        raise self.error(f"expected a list, found {self.kind()}")

    def mapping(self) -> dict[str, Node]:
        """Return the members of a mapping."""
        if isinstance(self.value, dict):
            return self.value
        raise self.error(f"expected a mapping, found {self.kind()}")

    def texts(self) -> tuple[str, ...]:
        """Return a list of strings; a single string counts as a list of one."""
        if isinstance(self.value, str):
            return (self.value,)
        return tuple(item.text() for item in self.items())

    def is_scalar(self) -> bool:
        """Return whether this is neither a list nor a mapping."""
        return not isinstance(self.value, list | dict)

    def kind(self) -> str:
        """Return what a person would call this value's type."""
        if isinstance(self.value, dict):
            return "a mapping"
        return "a list" if isinstance(self.value, list) else f"{self.value!r}"


class Fields:
    """The keys of one mapping, each taken once. ``done`` refuses what was not asked for."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.left = dict(node.mapping())
        self.asked: list[str] = []

    def take(self, name: str) -> Node | None:
        """Return the value of ``name`` or None."""
        self.asked.append(name)
        return self.left.pop(name, None)

    def need(self, name: str) -> Node:
        """Return the value of ``name``; ``DataError`` if it is missing."""
        found = self.take(name)
        if found is None:
            unknown = next((key for key in self.left if did_you_mean(key, [name])), None)
            also = f" ({unknown!r} looks like it)" if unknown else ""
            raise self.node.error(f"key {name!r} is missing{also}")
        return found

    def text(self, name: str, default: str = "") -> str:
        """Return the text of an optional key."""
        found = self.take(name)
        return default if found is None else found.text()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of an optional list."""
        found = self.take(name)
        return () if found is None else found.texts()

    def rows(self, name: str) -> tuple[Node, ...]:
        """Return the members of an optional list."""
        found = self.take(name)
        return () if found is None else found.items()

    def done(self) -> None:
        """Refuse every key that was not taken."""
        for key, value in self.left.items():
            raise value.error(f"unknown key {key!r}{did_you_mean(key, self.asked)}")


def read(path: Path) -> Node:
    """Return the content of a YAML file; ``DataError`` for one that is missing, broken or repeats a key."""
    try:
        status = path.stat()
        return parsed(path, text_of(path, status.st_ino, status.st_mtime_ns, status.st_size))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read: {error}") from None


@lru_cache(maxsize=256)
def text_of(path: Path, *_state: int) -> str:
    """Return the text of a file, which is asked for thousands of times by a list of all distributions."""
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def parsed(path: Path, text: str) -> Node:
    """Return the content of a YAML file whose text is known. The same text is parsed once: that takes long."""
    try:
        tree = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    if tree is None:
        raise DataError(f"{path}:1: the file is empty")
    return convert(tree, path)


def convert(tree: yaml.Node, path: Path) -> Node:
    """Return a composed YAML node as a ``Node``."""
    line = tree.start_mark.line + 1
    if isinstance(tree, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key, value in tree.value:
            name = str(key.value)
            if name in found:
                raise DataError(f"{path}:{key.start_mark.line + 1}: key {name!r} stands here twice")
            inner = convert(value, path)
            found[name] = Node(inner.value, path, key.start_mark.line + 1)
        return Node(found, path, line)
    if isinstance(tree, yaml.SequenceNode):
        return Node([convert(item, path) for item in tree.value], path, line)
    constructor = yaml.SafeLoader("")
    try:
        return Node(constructor.construct_object(tree), path, line)
    except yaml.YAMLError as error:
        raise DataError(f"{path}:{line}: {error}") from None
