"""``when:`` mappings against the facts of a build. One vocabulary for every recipe.

Several keys are *and*, a list is *or*, ``"!x"`` is *not*. ``python`` takes 3.13, 3.11-3.13, 3.14- and -3.13.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar

from pythonbuild.load import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from pythonbuild.load import Node

T = TypeVar("T")

KEYS = ("target", "os", "arch", "libc", "python", "flavor", "stage", "cross", "setting")
# Facts that hold several words, by the keys that ask for one of them.
SETS = {"flavor": "flavor", "stage": "stages", "setting": "settings"}
VERSION = re.compile(r"\d+\.\d+")
RANGE = re.compile(r"(?P<low>\d+\.\d+)?(?P<dash>-)?(?P<high>\d+\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What conditions may ask about. ``python`` is a minor such as 3.14, None where it doesn't matter.

    ``stages`` are the optimizer stages of a CPython build that are on (``cpython/stages.py``), ``settings`` the
    alternatives that were chosen in place of a default (``setting.py``).
    """

    target: str
    os: str
    arch: str
    libc: str
    python: str | None = None
    flavor: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    cross: bool = False
    settings: frozenset[str] = frozenset()

    def only(self, keys: frozenset[str]) -> Facts:
        """Return facts that say nothing of other keys than ``keys``: equal wherever the answers are."""
        values = {SETS.get(key, key): getattr(self, SETS.get(key, key)) for key in keys}
        return Facts(**{"target": "", "os": "", "arch": "", "libc": "", **values})

    def answers(self, keys: frozenset[str]) -> tuple[object, ...]:
        """Return what these facts say of ``keys`` of conditions, in some fixed order."""
        return getter(keys)(self)


@dataclass(frozen=True)
class Condition:
    """A parsed ``when:``: for each key the words of which one must hold."""

    tests: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def asks(self) -> frozenset[str]:
        """Return the keys that the answer depends on."""
        return frozenset(key for key, _ in self.tests)

    def holds(self, facts: Facts) -> bool:
        """Return whether every key is fulfilled by ``facts``."""
        for key, words in self.tests:  # loops: asked hundreds of thousands of times for a list of all distributions
            for word in words:
                if word_holds(key, word, facts):
                    break
            else:
                return False
        return True


ALWAYS = Condition()


@lru_cache(maxsize=1024)
def getter(keys: frozenset[str]) -> Callable[[Facts], tuple[object, ...]]:
    """Return what reads the answers to ``keys`` off facts."""
    return attrgetter("os", "os", *sorted(SETS.get(key, key) for key in keys))


class Answered(Generic[T]):
    """A function of facts that asks for some ``keys`` of conditions alone: decided once for facts that answer alike."""

    def __init__(self, keys: frozenset[str], decide: Callable[[Facts], T]) -> None:
        self._decide = decide
        self._answers = getter(keys)
        self._known: dict[object, T] = {}

    def __call__(self, facts: Facts) -> T:
        """Return what was decided for ``facts``."""
        answers = self._answers(facts)
        if answers not in self._known:
            self._known[answers] = self._decide(facts)
        return self._known[answers]


def parse_condition(node: Node | None) -> Condition:
    """Return the condition that ``node`` writes down; None is always true."""
    if node is None:
        return ALWAYS
    tests = []
    for key, value in node.mapping().items():
        if key not in KEYS:
            raise value.error(f"unknown condition {key!r}{did_you_mean(key, KEYS)} (known: {', '.join(KEYS)})")
        words = ("yes" if value.flag() else "no",) if key == "cross" else value.texts()
        for word in words:
            if key == "python" and not is_range(word.removeprefix("!")):
                raise value.error(f"{word!r} is not a Python minor (3.14) or a range of them (3.11-3.13, 3.14-, -3.13)")
        tests.append((key, words))
    return Condition(tuple(tests))


def word_holds(key: str, word: str, facts: Facts) -> bool:
    """Return whether one word of a condition is true."""
    if word.startswith("!"):
        return not word_holds(key, word[1:], facts)
    if key == "python":
        return facts.python is not None and in_range(facts.python, word)
    if key in SETS:
        return word in getattr(facts, SETS[key])
    if key == "cross":
        return (word == "yes") is facts.cross
    return bool(getattr(facts, key) == word)


def is_range(text: str) -> bool:
    """Return whether ``text`` is a minor or a range of minors."""
    match = RANGE.fullmatch(text)
    return bool(match and (match["low"] or match["high"]))


@lru_cache(maxsize=1024)
def in_range(minor: str, text: str) -> bool:
    """Return whether a minor lies in ``text``: 3.13, 3.11-3.13, 3.14- or -3.13."""
    match = RANGE.fullmatch(text)
    if match is None:
        return False
    low, high = match["low"], match["high"]
    if not match["dash"]:
        return minor == low
    number = ordinal(minor)
    return (not low or ordinal(low) <= number) and (not high or number <= ordinal(high))


def ordinal(minor: str) -> tuple[int, ...]:
    """Return a version as numbers that compare in the right order."""
    return tuple(int(part) for part in minor.split("."))
