"""What was tried with distributions, as data that is kept, and the table that is made of it. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BEGIN, END = "<!-- results: made by ci/results.py -->", "<!-- end of results -->"
# What is tried beside our own tests, by the option of ./build.py test.
GATES = ("core", "stdlib", "ecosystem", "clients")
# Of these the columns of a table of their own; core stands in the one of targets.
GATES_HEADER = (
    "| target | distribution | CPython's own tests, files | packages | clients |",
    "|---|---|---|---|---|",
)
HEADER = (
    "| target | distribution | valid | tests | core | profile | full | install | install_only | stripped | debuginfo |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)
# Kinds of archives, in the order of the columns, by how their names end.
KINDS = ("full", "install", "install_only", "install_only_stripped", "debuginfo")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What came of one gate: how many passed and were skipped, and the names of those that failed."""

    passed: int
    failed: tuple[str, ...] = ()
    skipped: int = 0

    def text(self) -> str:
        """Say it in a cell."""
        return counted(self.passed, self.failed) + (f", {self.skipped} skipped" if self.skipped else "")


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was tried with one distribution.

    ``checks`` and ``findings`` are those of the validation of its full archive; ``passed``, ``failed`` (names) and
    ``skipped`` those of its tests, run by ``emulator`` if the machine was another. ``profile`` is the share of the
    profile's counts that fitted, in percent. ``sizes`` are bytes by kind of archive. ``gates`` are those that were
    run with these very archives, by their names in ``GATES``.
    """

    target: str
    python: str
    options: str
    checks: int
    findings: int
    passed: int
    failed: tuple[str, ...] = ()
    skipped: int = 0
    emulator: str = ""
    profile: float | None = None
    sizes: Mapping[str, int]
    gates: Mapping[str, Gate] = field(default_factory=dict)

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return self.target, self.python, self.options

    def row(self, checks: int) -> str:
        """Return its line of the table; ``checks`` is how many there are today."""
        validated = "yes" if not self.findings else f"{self.findings} findings"
        validated += f", {self.checks} checks" if self.checks < checks else ""
        tests = Gate(passed=self.passed, failed=self.failed, skipped=self.skipped).text()
        tests += f" ({self.emulator})" if self.emulator else ""
        profile = "" if self.profile is None else f"{self.profile:.1f} %"
        sizes = (f"{self.sizes[kind] / 2**20:.1f}" if kind in self.sizes else "" for kind in KINDS)
        words = (self.target, f"{self.python} {self.options}", validated, tests, self.gate("core"), profile, *sizes)
        return f"| {' | '.join(words)} |"

    def gate(self, name: str) -> str:
        """Return the cell of a gate: empty where it was not run."""
        return self.gates[name].text() if name in self.gates else ""

    @property
    def bad(self) -> bool:
        """Whether anything was found or failed."""
        return bool(self.findings or self.failed or any(gate.failed for gate in self.gates.values()))


def counted(passed: int, failed: tuple[str, ...]) -> str:
    """Return how many passed, and which did not."""
    return f"{passed} passed" + (f", {len(failed)} failed ({', '.join(failed)})" if failed else "")


def load(text: str) -> list[Tried]:
    """Return what ``dump`` wrote."""
    items: list[dict[str, Any]] = json.loads(text)
    for item in items:
        item["failed"] = tuple(item["failed"])
        item["gates"] = {
            name: Gate(**{**gate, "failed": tuple(gate["failed"])}) for name, gate in item.get("gates", {}).items()
        }
    return [Tried(**item) for item in items]


def dump(tried: Iterable[Tried]) -> str:
    """Return JSON, sorted: of two of one name the later one stands."""
    newest = {each.name: each for each in tried}
    items = [asdict(newest[name]) for name in sorted(newest)]
    return json.dumps(items, indent=1) + "\n"


def table(tried: Iterable[Tried], targets: Sequence[str], checks: int) -> str:
    """Return the table: every target in the order given, with what was tried or that nothing was.

    ``checks`` is how many the validator has today.
    """
    lines = [
        f"The validator has {checks} checks. A row that names fewer was validated when it had as many.", "", *HEADER,
    ]  # fmt: skip
    by_target: dict[str, list[Tried]] = {}
    for each in tried:
        by_target.setdefault(each.target, []).append(each)
    for target in targets:
        rows = [each.row(checks) for each in sorted(by_target.get(target, []), key=lambda each: each.name)]
        lines += rows or [f"| {target} | not built |{' |' * 9}"]
    return "\n".join(lines) + "\n"


def gates_table(tried: Iterable[Tried]) -> str:
    """Return the table of what was tried with more than our own tests: a line for each distribution that was."""
    lines = [*GATES_HEADER]
    for each in sorted(tried, key=lambda each: each.name):
        cells = [each.gate(name) for name in GATES[1:]]
        if any(cells):
            lines.append(f"| {' | '.join((each.target, f'{each.python} {each.options}', *cells))} |")
    return "\n".join(lines) + "\n"


def with_table(document: str, text: str) -> str:
    """Return ``document`` with ``text`` between its two marks; ``ValueError`` if it has none."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{text}\n{END}{tail}"
