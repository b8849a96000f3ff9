"""The list of checks in docs/validation.md, made of the checks themselves.

After a change of one write it anew::

python3 -m pythonbuild.validate.document
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.validate.checks import CHECKS, DEBUG_CHECKS, FOREIGN_CHECKS, name_of
from pythonbuild.validate.foreign_checks import MACHO_CHECKS, PE_CHECKS
from pythonbuild.validate.notes import NOTES

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
BEGIN, END = "<!-- checks -->", "<!-- end of checks -->"
KINDS = {"Linux": CHECKS, "debuginfo": DEBUG_CHECKS, "macOS": (*FOREIGN_CHECKS, *MACHO_CHECKS)}
KINDS["Windows"] = (*FOREIGN_CHECKS, *PE_CHECKS)


def table() -> str:
    """Return a row for each check: its name, the kinds of archive that are held to it, and what it demands."""
    every = list(dict.fromkeys(check for checks in KINDS.values() for check in checks))
    lines = [f"| check | {' | '.join(KINDS)} | what it demands |", "|---" * (len(KINDS) + 2) + "|"]
    for check in every:
        marks = " | ".join("x" if check in checks else "" for checks in KINDS.values())
        lines.append(f"| `{name_of(check)}` | {marks} | {_first_line(check)} |")
    lines += [f"| `{name_of(note)}` | note |  |  |  | {_first_line(note)} |" for note in NOTES]
    return "\n".join(lines) + "\n"


def _first_line(check: Callable[..., object]) -> str:
    return (check.__doc__ or "").partition("\n")[0].replace("``", "`")


def with_table(document: str) -> str:
    """Return ``document`` with the table between its two marks; ``ValueError`` if it has none."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"


def main() -> None:
    """Write the list."""
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
