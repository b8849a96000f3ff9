"""Take the traces of the build out of an installation's text files, and make their paths relative.

Runs under the build environment's ``python3`` on the tree that ``make install`` left. What is written
must suit the programs that read and rewrite these files when they install a Python:

* ``_sysconfigdata_*.py`` starts with one fixed comment line, then ``build_time_vars = {...}``; keys are
  strings, values strings or integers.
* ``CC`` is ``clang`` and ``CXX`` ``clang++``: the words that installers replace with the user's compiler.
* ``/install`` stays the prefix: installers look for it, and ``sysconfig`` replaces it when it runs.

The makefile and ``_sysconfig_vars_*.json`` are rewritten by nobody, so these name ``cc`` and ``c++`` at once.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "/install"
USER_BASE = "~/.local"
# The compilers of the build, and what a machine with any calls its own.
COMPILERS = {"clang": "cc", "clang++": "c++"}
# A variable of a makefile: its name, what stands between, its value up to the end of the line.
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)([ \t]*=[ \t]*)(.*)\n")
_FROM_HERE = "prefix:=\t$(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../../..)"
HEADER = "# system configuration generated and used by the sysconfig module\n"

# The directories of the build environment; no path below them exists on a user's machine.
_ROOT = r"(?<![\w./)}-])(?:-[IL])?/(?:build|in|out|tools|sysroot|usr/lib/llvm-\d+)(?![\w.-])"
_QUOTED = re.compile(rf"[ \t]*'[^'\n]*{_ROOT}[^'\n]*'")
_WORD = re.compile(rf"[ \t]*(?<![^\s])[^\s]*{_ROOT}[^\s]*")
# With its directory, if it has one: what is left is a word that the user's path has, and not nothing.
_TOOL = re.compile(r"(?<![\w./)}-])(?:/[\w.+/-]*/)?llvm-(ar|ranlib|readelf|nm|strip|objcopy)(?![\w-])")
# Variables that configure leaves as they stand in Makefile.pre.in, because it looks for these tools on other systems.
_UNSET = re.compile(r"@(READELF|AR|RANLIB)@")
_SHEBANG = re.compile(rb"\A#![^\n]*/bin/(python[\w.]*)[^\n]*\n")


def clean(text: str) -> str:
    """Return ``text`` without the words that name a directory of the build, and with neutral tool names.

    A word in single quotes is removed as a whole: ``'CC=clang --config=/build/x' -O2`` -> `` -O2``.
    """
    text = _UNSET.sub(lambda match: match[1].lower(), _TOOL.sub(r"\1", text))
    return _WORD.sub("", _QUOTED.sub("", text))


def clean_value(value: str | int) -> str | int:
    """Return a configuration variable without traces of the build."""
    if isinstance(value, int):
        return value
    cleaned = clean(value)
    return cleaned.strip() if cleaned != value else value


def parse_sysconfigdata(text: str) -> dict[str, str | int]:
    """Return the variables in the text of a ``_sysconfigdata`` module, without running it."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values: dict[str, str | int] = ast.literal_eval(node.value)
            return values
    raise ValueError("no assignment in the text of a _sysconfigdata module")


def format_sysconfigdata(values: Mapping[str, str | int]) -> str:
    """Return the text of a ``_sysconfigdata`` module; the form is a contract, see the top of this module."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"{name} is {value!r}: installers take only strings and integers")
    return HEADER + "build_time_vars = " + json.dumps(values, indent=4, sort_keys=True) + "\n"


def clean_variables(values: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return the configuration variables as a user may see them.

    ``CONFIG_ARGS`` keeps configure's options, and not the environment it ran in.
    ``PYTHON_BUILD_STANDALONE`` is how installers know an installation that can be moved.
    """
    cleaned = {name: clean_value(value) for name, value in values.items()}
    words = shlex.split(str(cleaned.get("CONFIG_ARGS", "")))
    cleaned["CONFIG_ARGS"] = " ".join(f"'{word}'" for word in words if word.startswith("--"))
    return {**cleaned, "PYTHON_BUILD_STANDALONE": 1}


def with_any_compiler(value: str | int) -> str | int:
    """Return a command of the build as one of a machine with any compiler: ``clang -shared`` -> ``cc -shared``."""
    if isinstance(value, int):
        return value
    program, blank, options = value.partition(" ")
    return COMPILERS.get(program, program) + blank + options


def movable_makefile(text: str, arguments: str) -> str:
    """Return the makefile of an installation, for whoever reads or includes it where it lies.

    Its own place is ``lib/pythonX.Y/config-X.Y-...`` below the prefix. ``sysconfig.parse_makefile`` knows the form
    ``name = value`` alone (Lib/sysconfig): it goes on to find the prefix that it found, and not what make's is.
    ``arguments`` are configure's, as they may be seen.
    """
    return "".join(_movable_line(line, arguments) for line in text.splitlines(keepends=True))


def _movable_line(line: str, arguments: str) -> str:
    match = _ASSIGNMENT.match(line)
    if match is None:
        return clean(line)
    name, sign, value = match.groups()
    if name == "CONFIG_ARGS":
        return f"{name}{sign}{arguments}\n"
    if name in {"CC", "CXX"}:
        return f"{name}{sign}{with_any_compiler(clean(value))}\n"
    if name == "prefix":
        return f"{line}{_FROM_HERE}\n"
    return f"{name}{sign}{clean(value)}\n"  # a name stays, whatever becomes of its value


def trampoline(script: bytes, to_bin: str = "") -> bytes:
    """Return a Python script that finds its interpreter beside itself, wherever the two lie.

    ``to_bin`` leads from the script's directory to the interpreter's, with a slash at its end.
    A shebang can't hold a relative path. The first lines are shell to ``/bin/sh`` and a string to Python.
    Scripts that don't start with a Python shebang are returned unchanged.
    """
    match = _SHEBANG.match(script)
    if match is None:
        return script
    head = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/%s%s" "$0" "$@"
' '''
"""
    return head % (to_bin.encode(), match[1]) + script[match.end() :]


def relative_pkgconfig(text: str) -> str:
    """Return a pkg-config file whose prefix is found from its own place, ``lib/pkgconfig``."""
    return re.sub(rf"^prefix={PREFIX}$", "prefix=${pcfiledir}/../..", clean(text), flags=re.MULTILINE)


def relative_build_details(details: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return ``build-details.json`` (PEP 739) with ``base_prefix`` relative to the file in ``place``.

    ``place`` is the directory of the file below the prefix; the other paths become relative to
    ``base_prefix``, as the specification has it.
    """

    def relative(value: Any) -> Any:
        if isinstance(value, str) and (value == PREFIX or value.startswith(PREFIX + "/")):
            return "./" + value.removeprefix(PREFIX).lstrip("/")
        if isinstance(value, dict):
            return {key: relative(inner) for key, inner in value.items()}
        return value

    changed = {key: relative(value) for key, value in details.items()}
    changed["base_prefix"] = os.path.relpath(".", place)
    return changed


def rewrite_config(library: Path) -> None:
    """Rewrite what ``sysconfig`` reads in ``library`` (``lib/pythonX.Y``), and the makefile beside it."""
    arguments = ""
    for path in library.glob("_sysconfigdata_*.py"):
        variables = clean_variables(parse_sysconfigdata(path.read_text()))
        arguments = str(variables["CONFIG_ARGS"])
        path.write_text(format_sysconfigdata(variables))
    for path in library.glob("_sysconfig_vars_*.json"):
        variables = clean_variables(json.loads(path.read_text()))
        values = {name: with_any_compiler(value) for name, value in variables.items()}
        if "userbase" in values:  # the build's own; this is what sysconfig begins with (Lib/sysconfig, _getuserbase)
            values["userbase"] = USER_BASE
        path.write_text(json.dumps(values, indent=4, sort_keys=True) + "\n")
    for path in library.glob("build-details.json"):
        prefix = library.parent.parent
        details = relative_build_details(json.loads(path.read_text()), library.relative_to(prefix).as_posix())
        for archive in library.glob("config-*/libpython*.a"):
            # CPython names a place where nothing is installed.
            details["libpython"]["static"] = "./" + archive.relative_to(prefix).as_posix()
        path.write_text(json.dumps(details, indent=2) + "\n")
    for path in library.glob("config-*/Makefile"):
        path.write_text(movable_makefile(path.read_text(), arguments))
    for path in library.glob("config-*/python-config.py"):
        path.write_bytes(clean_script(trampoline(path.read_bytes(), "../../../bin/")))


def rewrite(prefix: Path) -> None:
    """Rewrite the text files of the installation at ``prefix``."""
    for library in sorted((prefix / "lib").glob("python3.*")):
        rewrite_config(library)
    for path in (prefix / "lib" / "pkgconfig").glob("*.pc"):
        if not path.is_symlink():
            path.write_text(relative_pkgconfig(path.read_text()))
    for path in (prefix / "bin").iterdir():
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:2] == b"#!":
            path.write_bytes(clean_script(trampoline(path.read_bytes())))


def clean_script(script: bytes) -> bytes:
    """Return a text script without traces of the build."""
    return clean(script.decode()).encode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the installation that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", type=Path, help="the installation, what was installed as /install")
    rewrite(parser.parse_args(arguments).prefix)
    return 0


if __name__ == "__main__":
    sys.exit(main())
