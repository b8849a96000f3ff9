"""Compare the extension modules that we name with CPython's own Setup files, and write Setup.local.

Runs in the build environment under its ``python3`` (stdlib only). Three facts meet here:

* what we say of each module: ``extension-modules.json``, conditions already decided (see ``Wanted``);
* what this CPython has: ``Modules/Setup.bootstrap.in`` and ``Modules/Setup.stdlib.in``;
* what configure found: ``MODULE_<NAME>_STATE`` in ``Makefile``.

A difference is never smoothed over: ``Mismatch`` lists every one, and the build stops.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Build = Literal["bootstrap", "static", "shared", "disabled"]

_CONDITIONAL = re.compile(r"^@MODULE_\w+_(?:TRUE|FALSE)@")
_PLACEHOLDER = re.compile(r"@\w+@")
_STATE = re.compile(r"^MODULE_(\w+)_STATE=(\S*)", re.MULTILINE)


class Mismatch(Exception):  # noqa: N818 - a finding, told to a person; not a bug of this program
    """What we say of the modules is not what this CPython has; ``differences`` has one line for each."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join(differences))
        self.differences = tuple(differences)


@dataclass(frozen=True)
class SetupLine:
    """One module as a Setup file has it: its name and the words after it (sources and flags)."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What we say of one module.

    ``build``: ``bootstrap`` (CPython itself needs it in the interpreter), ``static``, ``shared`` or
    ``disabled``; ``link`` holds words that are added to a shared module's line.
    """

    build: Build
    link: tuple[str, ...] = ()


def read_wanted(text: str) -> dict[str, Wanted]:
    """Return the modules in ``text``, the JSON of extension-modules.yml with its conditions decided."""
    wanted = {}
    for name, entry in json.loads(text).items():
        build = entry["build"]
        if build not in get_args(Build):
            raise Mismatch([f"{name}: unknown build {build!r}"])
        wanted[name] = Wanted(build=build, link=tuple(entry.get("link", ())))
    return wanted


def parse_setup(text: str) -> list[SetupLine]:
    """Return the modules of a Setup file in order.

    Comments, section marks (``*static*``) and variable definitions are left out; the conditions that
    configure fills in (``@MODULE_X_TRUE@``) are dropped, so a module counts whether or not it is built.
    """
    lines = []
    for raw in text.replace("\\\n", " ").splitlines():
        line = _CONDITIONAL.sub("", raw.partition("#")[0].strip())
        words = _PLACEHOLDER.sub("", line).split()
        if words and not words[0].startswith("*") and "=" not in words[0]:
            lines.append(SetupLine(words[0], tuple(words[1:])))
    return lines


def compare(wanted: Mapping[str, Wanted], bootstrap: Iterable[str], stdlib: Iterable[str]) -> list[str]:
    """Return every difference between what we name and what CPython's Setup files hold, one line each."""
    has_bootstrap, has_stdlib = set(bootstrap), set(stdlib)
    named_bootstrap = {name for name, entry in wanted.items() if entry.build == "bootstrap"}
    named_stdlib = {name for name, entry in wanted.items() if entry.build in ("static", "shared", "disabled")}
    texts = (
        (has_bootstrap - named_bootstrap, "is in Setup.bootstrap.in, and extension-modules.yml says otherwise"),
        (has_stdlib - named_stdlib, "is in Setup.stdlib.in, and extension-modules.yml does not name it"),
        (named_bootstrap - has_bootstrap, "is named as bootstrap, and Setup.bootstrap.in does not have it"),
        (named_stdlib - has_stdlib, "is named, and Setup.stdlib.in does not have it"),
    )
    return [f"{name}: {text}" for names, text in texts for name in sorted(names)]


def setup_local(wanted: Mapping[str, Wanted], stdlib: Sequence[SetupLine]) -> str:
    """Return the text of Setup.local: the shared and the disabled modules, with CPython's own sources."""
    shared, disabled = [], []
    for line in stdlib:
        entry = wanted[line.name]
        if entry.build == "shared":
            words = list(line.words)
            if entry.link or any(word.startswith(("-", "$(")) for word in words):
                # makesetup adds configure's flags only to a line that has none of its own
                upper = line.name.upper()
                words += [f"$(MODULE_{upper}_CFLAGS)", f"$(MODULE_{upper}_LDFLAGS)", *entry.link]
            shared.append(" ".join([line.name, *words]))
        elif entry.build == "disabled":
            disabled.append(line.name)
    return "\n".join(["*shared*", *shared, "", "*disabled*", *disabled, ""])


def parse_states(makefile: str) -> dict[str, str]:
    """Return configure's verdict on each module (``yes``, ``missing``, ``disabled``, ``n/a``), by upper-case name."""
    return {match[1]: match[2] for match in _STATE.finditer(makefile)}


def compare_states(wanted: Mapping[str, Wanted], states: Mapping[str, str]) -> list[str]:
    """Return a line for each module that is to be built and that configure would leave out."""
    found = []
    for name, entry in sorted(wanted.items()):
        state = states.get(name.upper())
        if entry.build in ("static", "shared") and state != "yes":
            found.append(f"{name}: is to be {entry.build}, and configure says {state or 'nothing'!r}")
    return found


def read_sources(source: Path) -> tuple[list[SetupLine], list[SetupLine]]:
    """Return the modules of Setup.bootstrap.in and of Setup.stdlib.in below ``source``."""
    modules = source / "Modules"
    return (
        parse_setup((modules / "Setup.bootstrap.in").read_text()),
        parse_setup((modules / "Setup.stdlib.in").read_text()),
    )


def write(modules: Path, source: Path, output: Path) -> None:
    """Check the modules against the Setup files of ``source`` and write Setup.local to ``output``."""
    wanted = read_wanted(modules.read_text())
    bootstrap, stdlib = read_sources(source)
    differences = compare(wanted, (line.name for line in bootstrap), (line.name for line in stdlib))
    if differences:
        raise Mismatch(differences)
    output.write_text(setup_local(wanted, stdlib))


def configured(modules: Path, source: Path) -> None:
    """Check that configure builds every module that is to be built."""
    wanted = read_wanted(modules.read_text())
    differences = compare_states(wanted, parse_states((source / "Makefile").read_text()))
    if differences:
        raise Mismatch(differences)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two checks; a mismatch is printed and exits with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("write", "configured"):
        command = commands.add_parser(name)
        command.add_argument("--modules", type=Path, required=True)
        command.add_argument("--source", type=Path, required=True)
        if name == "write":
            command.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        if options.command == "write":
            write(options.modules, options.source, options.output)
        else:
            configured(options.modules, options.source)
    except Mismatch as error:
        for line in error.differences:
            print(f"extension module {line}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
