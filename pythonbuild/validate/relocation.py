"""Checks of files that tell builds where Python lies: they find it from their own place, and name any machine's tools.

What is demanded is what ``inside/relocate.py`` writes. ``_sysconfigdata`` has checks of its own (``texts.py``,
``clients.py``), since installers rewrite it; nobody rewrites these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.documents import documents, shown
from pythonbuild.validate.texts import sysconfig_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.validate.model import Limits, Tree

_PREFIX = "/install"
# Where the build has a home directory, sysconfig of a user has another.
_USER_BASE = "~/.local"
# The first words of commands. The compiler of extension modules in C++ has a name of its own from 3.12 on.
_TOOLS = {
    **dict.fromkeys(("CC", "LINKCC", "LDSHARED", "BLDSHARED"), "cc"),
    "CXX": "c++",
    "LDCXXSHARED": "c++",
    "AR": "ar",
}
_OPTIONAL = frozenset({"LDCXXSHARED"})
_PC_VARIABLES = {
    "prefix": "${pcfiledir}/../..",
    "exec_prefix": "${prefix}",
    "libdir": "${exec_prefix}/lib",
    "includedir": "${prefix}/include",
}
_PC_VARIABLE = re.compile(r"^([A-Za-z_]\w*)=(.*)$", re.MULTILINE)
_ABSOLUTE = re.compile(r"(?:^|[\s=:'\"])(?:-[ILF])?(/[^\s'\"]{1,200})", re.MULTILINE)
_ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)[ \t]*(:?)=[ \t]*(.*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_MOST_REFERENCES = 8
# The place of the makefile, lib/pythonX.Y/config-X.Y-..., as make finds it.
_FROM_HERE = "$(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../../..)"


def pkg_config(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Files of pkg-config find the prefix from their own place, and name no directory but by it."""
    folder = f"{tree.prefix}lib/pkgconfig/"
    for name in ("python3.pc", "python3-embed.pc"):
        if f"{folder}{name}" not in tree.paths():
            yield f"{folder}{name}", "is missing"
    for path, text in tree.text.items():
        if not (path.startswith(folder) and path.endswith(".pc")):
            continue
        stated = _PC_VARIABLE.findall(text)
        for name, wanted in _PC_VARIABLES.items():
            values = [value for key, value in stated if key == name]
            if values != [wanted]:
                yield path, f"says {name} is {shown(values[-1] if values else None)}, not {wanted!r}"
        if found := sorted(set(_ABSOLUTE.findall(text))):
            yield path, f"names {shown(found[0])}, which does not move with the distribution"


def build_tools(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Makefile and JSON of sysconfig name tools that any machine has; the makefile finds the prefix from its place."""
    makefile = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/config-[^/]+/Makefile")
    texts = {path: text for path, text in tree.text.items() if makefile.fullmatch(path)}
    if not texts:
        yield f"{tree.prefix}lib", "has no config-*/Makefile"
    for path, text in texts.items():
        found = _ASSIGNMENT.findall(text)
        own = [value.strip() for name, sign, value in found if name == "prefix" and sign]
        if own != [_FROM_HERE]:
            yield path, f"does not find the prefix from its own place: {shown(own[-1] if own else None)}"
        variables = {name: value for name, _, value in found}
        yield from ((path, message) for message in _tools({name: _program(name, variables) for name in variables}))
    data = sysconfig_of(tree)
    for path, values in documents(tree, "_sysconfig_vars_[^/]*[.]json"):
        if isinstance(values, str):
            yield path, values
        else:
            yield from ((path, message) for message in (*_tools(values), *_differences(values, data)))


def _program(name: str, variables: Mapping[str, str]) -> str:
    """Return the program that a variable of a makefile begins with: ``$(PURIFY) $(CC) -shared`` -> ``cc``."""
    for _ in range(_MOST_REFERENCES):
        words = variables.get(name, "").split(None, 2)
        # Empty in all builds of ours, and what stands before the compiler's name in LINKCC.
        if words and words[0] == "$(PURIFY)" and not variables.get("PURIFY"):
            del words[0]
        reference = _REFERENCE.fullmatch(words[0]) if words else None
        if reference is None:
            return words[0] if words else ""
        name = reference[1]
    return f"$({name})"


def _tools(values: Mapping[str, object]) -> Iterator[str]:
    """Complain about tools that are not any machine's own."""
    for name, tool in _TOOLS.items():
        value = values.get(name, tool if name in _OPTIONAL else None)
        if not isinstance(value, str) or value.partition(" ")[0] != tool:
            yield f"says {name} is {shown(value)}; any machine has {tool!r}"


def _differences(values: Mapping[str, object], data: Mapping[str, object]) -> Iterator[str]:
    """Complain about variables in the JSON of sysconfig that its data has not, or otherwise; it has some of its own."""
    for name, wanted in (("prefix", _PREFIX), ("userbase", _USER_BASE)):
        if values.get(name) != wanted:
            yield f"says {name} is {shown(values.get(name))}, not {wanted!r}"
    known = {*_TOOLS, "srcdir"}
    other = sorted(key for key, value in data.items() if key not in known and values.get(key) != value)
    if other:
        yield f"says of {len(other)} variables what sysconfig data does not: {shown(', '.join(other[:4]))}"


RELOCATION_CHECKS = (pkg_config, build_tools)
