"""Checks of files that tell builds where Python lies: they find it from their own place, and name any machine's tools.

What is demanded is what ``inside/relocate.py`` writes. ``_sysconfigdata`` has checks of its own (``texts.py``,
``clients.py``), since installers rewrite it; nobody rewrites these.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from pythonbuild.validate.texts import sysconfig_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.validate.model import Limits, Tree

_PREFIX = "/install"
# The first words of commands. The compiler of extension modules in C++ has a name of its own from 3.12 on.
_TOOLS = {
    **dict.fromkeys(("CC", "LINKCC", "LDSHARED", "BLDSHARED"), "cc"),
    "CXX": "c++",
    "LDCXXSHARED": "c++",
    "AR": "ar",
}
_OPTIONAL = frozenset({"LDCXXSHARED"})
# build-details.json and the JSON of sysconfig came with it.
_FIRST_JSON = (3, 14)
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
# Keys of build-details.json that name files or directories (PEP 739), relative to base_prefix; "" is the top.
_NAMED = {
    "": ("base_interpreter",),
    "libpython": ("dynamic", "dynamic_stableabi", "static"),
    "c_api": ("headers", "pkgconfig_path"),
}


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
                yield path, f"says {name} is {_shown(values[-1] if values else None)}, not {wanted!r}"
        if found := sorted(set(_ABSOLUTE.findall(text))):
            yield path, f"names {_shown(found[0])}, which does not move with the distribution"


def build_details(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """build-details.json (PEP 739) has paths relative to its own place, and all that they name is there."""
    for path, found in _documents(tree, "build-details.json"):
        if isinstance(found, str):
            yield path, found
            continue
        base = found.get("base_prefix")
        wanted = posixpath.relpath(tree.prefix, posixpath.dirname(path))
        if base != wanted:
            yield path, f"says base_prefix is {_shown(base)}, not {wanted!r}"
        yield from ((path, message) for message in _unfound(tree, found))


def _unfound(tree: Tree, details: Mapping[str, Any]) -> Iterator[str]:
    """Complain about what build-details.json names and what is not there; a key may be left out, but for the first."""
    if "base_interpreter" not in details:
        yield "says nothing of base_interpreter"
    for table, keys in _NAMED.items():
        values = details.get(table, {}) if table else details
        if not isinstance(values, dict):
            yield f"says {table} is {_shown(values)}, which is no object"
            continue
        for key in (key for key in keys if key in values):
            value, name = values[key], f"{table}.{key}".lstrip(".")
            if not isinstance(value, str) or not value.startswith("./"):
                yield f"says {name} is {_shown(value)}, which is not relative to base_prefix"
            elif posixpath.normpath(tree.prefix + value) not in tree.paths():
                yield f"says {name} is {_shown(value)}, which is not there"


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
            yield path, f"does not find the prefix from its own place: {_shown(own[-1] if own else None)}"
        variables = {name: value for name, _, value in found}
        yield from ((path, message) for message in _tools({name: _program(name, variables) for name in variables}))
    data = sysconfig_of(tree)
    for path, values in _documents(tree, "_sysconfig_vars_[^/]*[.]json"):
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
            yield f"says {name} is {_shown(value)}; any machine has {tool!r}"


def _differences(values: Mapping[str, object], data: Mapping[str, object]) -> Iterator[str]:
    """Complain about variables in the JSON of sysconfig that its data has not, or otherwise; it has some of its own."""
    if values.get("prefix") != _PREFIX:
        yield f"says prefix is {_shown(values.get('prefix'))}, not {_PREFIX!r}"
    known = {*_TOOLS, "srcdir"}
    other = sorted(key for key, value in data.items() if key not in known and values.get(key) != value)
    if other:
        yield f"says of {len(other)} variables what sysconfig data does not: {_shown(', '.join(other[:4]))}"


def _documents(tree: Tree, name: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield each JSON file of that name beside the standard library as data, or in words why it is none.

    ``name`` is a regular expression. From 3.14 on there has to be one.
    """
    pattern = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/" + name)
    texts = {path: text for path, text in tree.text.items() if pattern.fullmatch(path)}
    minor = re.search(r"/python([0-9]{1,3})\.([0-9]{1,3})[td]*$", tree.interpreter or "")
    if not texts and minor and (int(minor[1]), int(minor[2])) >= _FIRST_JSON:
        yield f"{tree.prefix}lib", f"has no {name.replace('[^/]*[.]', '*.')}"
    for path, text in texts.items():
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield path, f"is not JSON: {error!s:.200}"
            continue
        yield path, data if isinstance(data, dict) else "is not a JSON object"


def _shown(value: object) -> str:
    """Return a value in a few letters; only text is written as it is, whatever else a hostile file has there."""
    return f"{value[:80]!r}" if isinstance(value, str) else "nothing" if value is None else f"a {type(value).__name__}"


RELOCATION_CHECKS = (pkg_config, build_details, build_tools)
