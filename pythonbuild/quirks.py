"""What a portable Python must get right, as data, and the table that is made of it and of what tests said. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, Facts, parse_condition
from pythonbuild.load import Fields, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

HEAD = """# What a portable Python must get right, and whether it does

Made by `ci/results.py` of `cpython-unix/quirks.yml` and of `docs/outcomes.json`: what `./build.py test` said.
*passed* means that every test named passed. *partly* means that some of them were skipped, *skipped* that all were: why
stands below the table. *failed* means that one failed, *not run* that one is newer than what was written down of this
distribution. *build* means that the build decides it, and the file named does so or tests that it does; no test of a
finished tree shows it. *n/a* means that it does not concern this distribution.

"""


@dataclass(frozen=True, kw_only=True)
class Quirk:
    """One line of ``quirks.yml``: ``proofs`` are names of tests, ``gates`` files of the build or of its own tests."""

    number: int
    name: str
    holds: str
    proofs: tuple[str, ...]
    gates: tuple[str, ...]
    when: Condition

    @property
    def linux(self) -> bool:
        """Whether it concerns Linux at all."""
        return not any(key == "os" and "linux" not in words for key, words in self.when.tests)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the tests of one distribution said: name of the test -> passed, failed or skipped, and why."""

    facts: Facts
    name: str
    outcomes: Mapping[str, tuple[str, str]]


def load_quirks(path: Path) -> tuple[Quirk, ...]:
    """Return all quirks; ``DataError`` points at the line that is wrong."""
    fields = Fields(read(path))
    quirks = []
    for row in fields.rows("quirks"):
        inner = Fields(row)
        quirks.append(
            Quirk(
                number=inner.need("number").number(),
                name=inner.text("name"),
                holds=inner.text("holds"),
                proofs=inner.texts("proofs"),
                gates=inner.texts("gates"),
                when=parse_condition(inner.take("when")),
            )
        )
        inner.done()
    fields.done()
    return tuple(quirks)


def state(quirk: Quirk, told: Told) -> str:
    """Return the word of the table for one quirk of one distribution."""
    if not quirk.when.holds(told.facts):
        return "n/a"
    if not quirk.proofs:
        return "build"
    seen = [told.outcomes.get(name, ("not run", ""))[0] for name in quirk.proofs]
    for word in ("failed", "not run"):
        if word in seen:
            return f"**{word}**"
    if "skipped" in seen:
        return "partly" if "passed" in seen else "skipped"
    return "passed"


def document(quirks: Sequence[Quirk], told: Sequence[Told]) -> str:
    """Return docs/compatibility.md."""
    columns = [f"{number}" for number, _ in enumerate(told, 1)]
    lines = [f"{number}. {each.name}: {counted(quirks, each)}" for number, each in enumerate(told, 1)]
    lines = lines or ["No distribution was tried with these tests yet."]
    lines += [
        "",
        f"| {' | '.join(['', 'quirk', 'what holds', 'shown by', *columns])} |",
        "|---" * (4 + len(told)) + "|",
    ]
    for quirk in quirks:
        shown = ", ".join(f"`{name}`" for name in (*quirk.proofs, *quirk.gates)) or "not applicable to Linux"
        words = (str(quirk.number), quirk.name, quirk.holds, shown, *(state(quirk, each) for each in told))
        lines.append(f"| {' | '.join(words)} |")
    for number, each in enumerate(told, 1):
        reasons = list(unproved(quirks, each))
        lines += ["", f"What did not pass in distribution {number}:", "", *(reasons or ["- nothing"])]
    return HEAD + "\n".join(lines) + "\n"


def counted(quirks: Iterable[Quirk], told: Told) -> str:
    """Return how many quirks are in which state."""
    states = [state(quirk, told).strip("*") for quirk in quirks]
    names = ("passed", "partly", "skipped", "failed", "not run", "build", "n/a")
    return ", ".join(f"{states.count(name)} {name}" for name in names if name in states)


def unproved(quirks: Iterable[Quirk], told: Told) -> Iterable[str]:
    """Yield a line for each test that did not pass, of the quirks that concern the distribution."""
    for quirk in quirks:
        for name in quirk.proofs if quirk.when.holds(told.facts) else ():
            word, why = told.outcomes.get(name, ("not run", ""))
            if word != "passed":
                reason = " ".join(why.split()).replace("|", "/")[:200]
                yield f"- {quirk.number} `{name}` {word}{': ' if reason else ''}{reason}"


def told_of(
    outcomes: Mapping[str, Mapping[str, tuple[str, str]]], facts_of: Callable[[str, str, frozenset[str]], Facts]
) -> list[Told]:
    """Return what tests said of each distribution, in the order of names.

    ``facts_of`` gives the facts of a target by its triple, a Python minor and the words of a flavor.
    """
    told = []
    for name, tests in sorted(outcomes.items()):
        triple, version, options = name.split(" ")
        facts = facts_of(triple, version.rpartition(".")[0], frozenset(options.split("+")))
        told.append(Told(facts=facts, name=name, outcomes=tests))
    return told


def load_outcomes(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what ``dump_outcomes`` wrote: by ``TARGET PYTHON OPTIONS``, then by test."""
    data: dict[str, dict[str, list[str]]] = json.loads(text)
    return {name: {test: (word, why) for test, (word, why) in tests.items()} for name, tests in data.items()}


def dump_outcomes(outcomes: Mapping[str, Mapping[str, tuple[str, str]]]) -> str:
    """Return JSON, sorted; why something passed is nothing."""
    return json.dumps(outcomes, indent=1, sort_keys=True) + "\n"
