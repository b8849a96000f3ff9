"""Compare the extension modules that we name with CPython's own Setup files, and write Setup.local.

Runs in the build environment under its ``python3`` (stdlib only). Four facts meet here:

* what we say of each module: ``extension-modules.json``, conditions already decided (see ``Wanted``);
* what this CPython has: ``Modules/Setup.bootstrap.in``, ``Modules/Setup.stdlib.in`` and ``Modules/Setup``;
* what configure found: ``MODULE_<NAME>_STATE`` in ``Makefile``;
* what was built: the table in ``Modules/config.c`` and the files in ``lib-dynload``.

Setup.local names every module but those of Setup.bootstrap. CPythons that read Setup.stdlib find all of it
answered; 3.11 does not read it, and its setup.py, which builds what no Setup file names, finds nothing to do.

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
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

Build = Literal["bootstrap", "static", "shared", "disabled"]

# A line that is a comment all the same is a module that this CPython has, and its configure doesn't know.
_CONDITIONAL = re.compile(r"^(#?)@MODULE_\w+_(?:TRUE|FALSE)@")
_PLACEHOLDER = re.compile(r"@\w+@")
_STATE = re.compile(r"^MODULE_(\w+)_STATE=(\S*)", re.MULTILINE)
_ENTRY = re.compile(r'\{"(\w+)",\s*PyInit_\1\}')


class Mismatch(Exception):  # noqa: N818 - a finding, told to a person; not a bug of this program
    """What we say of the modules is not what this CPython has; ``differences`` has one line for each."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join(differences))
        self.differences = tuple(differences)


@dataclass(frozen=True)
class SetupLine:
    """One module as a Setup file has it: its name, the words after it (sources and flags).

    ``configured`` says that configure looks for what it needs, and gives its flags.
    """

    name: str
    words: tuple[str, ...]
    configured: bool = True


@dataclass(frozen=True)
class Wanted:
    """What we say of one module.

    ``build``: ``bootstrap`` (CPython itself needs it in the interpreter), ``static``, ``shared`` or
    ``disabled``; ``compile`` and ``link`` hold words that are added to the module's line.
    """

    build: Build
    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """What is added to the module's line."""
        return (*self.compile, *self.link)


def read_wanted(text: str) -> dict[str, Wanted]:
    """Return the modules in ``text``, the JSON of extension-modules.yml with its conditions decided."""
    wanted = {}
    for name, entry in json.loads(text).items():
        build = entry["build"]
        if build not in get_args(Build):
            raise Mismatch([f"{name}: unknown build {build!r}"])
        wanted[name] = Wanted(build, tuple(entry.get("compile", ())), tuple(entry.get("link", ())))
        if any("=" in word for word in wanted[name].flags):
            raise Mismatch([f"{name}: makesetup takes a line with '=' for a variable: {' '.join(wanted[name].flags)}"])
    return wanted


def parse_setup(text: str) -> list[SetupLine]:
    """Return the modules of a Setup file in order.

    Comments, section marks (``*static*``) and variable definitions are left out; the conditions that
    configure fills in (``@MODULE_X_TRUE@``) are dropped, so a module counts whether or not it is built.
    """
    lines = []
    for raw in text.replace("\\\n", " ").splitlines():
        match = _CONDITIONAL.match(raw)
        line = raw[match.end() if match else 0 :].partition("#")[0]
        words = _PLACEHOLDER.sub("", line).split()
        if words and not words[0].startswith("*") and "=" not in words[0]:
            lines.append(SetupLine(words[0], tuple(words[1:]), configured=match is not None and not match[1]))
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


def setup_line(line: SetupLine, entry: Wanted) -> str:
    """Return the line of one module that is built, with CPython's own sources.

    makesetup adds configure's flags only to a line that has none of its own.
    """
    words = [line.name, *line.words]
    shared_with_flags = entry.build == "shared" and any(word.startswith(("-", "$(")) for word in line.words)
    if entry.flags or shared_with_flags:
        upper = line.name.upper()
        words += [*entry.compile, f"$(MODULE_{upper}_CFLAGS)", f"$(MODULE_{upper}_LDFLAGS)", *entry.link]
    return " ".join(words)


def setup_local(wanted: Mapping[str, Wanted], stdlib: Sequence[SetupLine]) -> str:
    """Return the text of Setup.local: every module of ``stdlib``, by how it is built."""
    parts: dict[str, list[str]] = {"static": [], "shared": [], "disabled": []}
    for line in stdlib:
        entry = wanted[line.name]
        parts[entry.build].append(line.name if entry.build == "disabled" else setup_line(line, entry))
    return "\n".join(f"*{build}*\n" + "".join(f"{line}\n" for line in lines) for build, lines in parts.items())


def parse_states(makefile: str) -> dict[str, str]:
    """Return configure's verdict on each module (``yes``, ``missing``, ``disabled``, ``n/a``), by upper-case name."""
    return {match[1]: match[2] for match in _STATE.finditer(makefile)}


def compare_states(wanted: Mapping[str, Wanted], states: Mapping[str, str], unknown: Container[str] = ()) -> list[str]:
    """Return a line for each module that is to be built and that configure would leave out.

    Of the modules in ``unknown`` configure says nothing: whether they can be built, the build itself will show.
    """
    found = []
    for name, entry in sorted(wanted.items()):
        state = states.get(name.upper())
        if entry.build in ("static", "shared") and state != "yes" and not (state is None and name in unknown):
            found.append(f"{name}: is to be {entry.build}, and configure says {state or 'nothing'!r}")
    return found


def read_sources(source: Path) -> tuple[list[SetupLine], list[SetupLine]]:
    """Return the modules of Setup.bootstrap.in, and of Setup.stdlib.in and Setup, below ``source``."""
    modules = source / "Modules"
    bootstrap, stdlib, rest = (
        parse_setup((modules / name).read_text()) for name in ("Setup.bootstrap.in", "Setup.stdlib.in", "Setup")
    )
    return bootstrap, [*stdlib, *rest]


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
    unknown = {line.name for lines in read_sources(source) for line in lines if not line.configured}
    differences = compare_states(wanted, parse_states((source / "Makefile").read_text()), unknown)
    if differences:
        raise Mismatch(differences)


def compare_built(wanted: Mapping[str, Wanted], table: Container[str], files: Iterable[str]) -> list[str]:
    """Return a line for each module that is not where it was wanted: in ``table``, or a file in lib-dynload.

    Modules that lie in the core (``sys``, ``marshal``) are in the table of every Python, and none of ours.
    """
    shared = set(files)
    found = []
    for name, entry in sorted(wanted.items()):
        inside = entry.build in ("bootstrap", "static")
        if inside != (name in table):
            found.append(f"{name}: is {entry.build}, and {'not ' * inside}in the table of the interpreter")
        if (entry.build == "shared") != (name in shared):
            found.append(f"{name}: is {entry.build}, and {'not ' * (entry.build == 'shared')}a file in lib-dynload")
    return found + [f"{name}: is a file in lib-dynload, and is not named" for name in sorted(shared - set(wanted))]


def installed(modules: Path, source: Path, library: Path) -> None:
    """Check that the installation whose standard library is ``library`` has the modules that were wanted."""
    wanted = read_wanted(modules.read_text())
    table = set(_ENTRY.findall((source / "Modules" / "config.c").read_text()))
    files = (path.name.partition(".")[0] for path in (library / "lib-dynload").glob("*.so"))
    differences = compare_built(wanted, table, files)
    if differences:
        raise Mismatch(differences)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the three commands, each with the function that it calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    places: dict[Callable[..., None], tuple[str, ...]] = {write: ("output",), configured: (), installed: ("library",)}
    for function, names in places.items():
        command = commands.add_parser(function.__name__)
        for name in ("modules", "source", *names):
            command.add_argument(f"--{name}", type=Path, required=True)
        command.set_defaults(function=function)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the checks; a mismatch is printed and exits with 1."""
    options = vars(make_parser().parse_args(arguments))
    del options["command"]
    try:
        options.pop("function")(**options)
    except Mismatch as error:
        for line in error.differences:
            print(f"extension module {line}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
