"""The check of build-details.json: paths from its own place, and what else tools take from it.

The file is PEP 739's: https://packaging.python.org/en/latest/specifications/build-details/.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from pythonbuild.validate.documents import documents, shown
from pythonbuild.validate.texts import sysconfig_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.validate.model import Limits, Tree

# Keys of build-details.json that may name files or directories (PEP 739), relative to base_prefix, by their table.
PATH_KEYS = {
    "libpython": ("dynamic", "dynamic_stableabi", "static"),
    "c_api": ("headers", "pkgconfig_path"),
}
# These, and the one at the top.
_NAMED = {"": ("base_interpreter",), **PATH_KEYS}
# Keys by the variables of sysconfig data that say the same.
_VARIABLES = {
    "abi.extension_suffix": "EXT_SUFFIX",
    "implementation._multiarch": "MULTIARCH",
    "language.version": "VERSION",
}
# An interpreter that is no shared library has none in the file (Tools/build/generate-build-details.py).
_LEFT_OUT = frozenset({"abi.extension_suffix"})
# Keys of `suffixes` by those of PYTHON.json.
_SUFFIXES = {"source": "source", "bytecode": "bytecode", "extensions": "extension"}
_VERSION = ("major", "minor", "micro", "releaselevel", "serial")
_LONGEST_NUMBER = 9
_LONGEST_BITS = 64


def build_details(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """build-details.json (PEP 739) names what is there, from its own place, and says of the interpreter what it is."""
    for path, found in documents(tree, "build-details.json"):
        if isinstance(found, str):
            yield path, found
            continue
        base = found.get("base_prefix")
        wanted = posixpath.relpath(tree.prefix, posixpath.dirname(path))
        if base != wanted:
            yield path, f"says base_prefix is {shown(base)}, not {wanted!r}"
        for message in (*_unfound(tree, found), *_untrue(tree, limits, found)):
            yield path, message


def _unfound(tree: Tree, details: Mapping[str, Any]) -> Iterator[str]:
    """Complain about what build-details.json names and what is not there; a key may be left out, but for the first."""
    if "base_interpreter" not in details:
        yield "says nothing of base_interpreter"
    for table, keys in _NAMED.items():
        values = details.get(table, {}) if table else details
        if not isinstance(values, dict):
            yield f"says {table} is {shown(values)}, which is no object"
            continue
        for key in (key for key in keys if key in values):
            value, name = values[key], f"{table}.{key}".lstrip(".")
            if not isinstance(value, str) or not value.startswith("./"):
                yield f"says {name} is {shown(value)}, which is not relative to base_prefix"
            elif posixpath.normpath(tree.prefix + value) not in tree.paths():
                yield f"says {name} is {shown(value)}, which is not there"


def _untrue(tree: Tree, limits: Limits, details: Mapping[str, Any]) -> Iterator[str]:
    """Complain about what build-details.json says of platform, version, flags and suffixes.

    CPython writes it with an interpreter of the build machine: a cross target's has to be put right.
    """
    for name, wanted in {**_of_data(tree, limits), **_of_metadata(tree)}.items():
        stated: Any = details
        for key in name.split("."):
            stated = stated.get(key) if isinstance(stated, dict) else None
        if stated != wanted and not (stated is None and name in _LEFT_OUT):
            yield f"says {name} is {_short(stated)}, not {_short(wanted)}"


def _of_data(tree: Tree, limits: Limits) -> dict[str, Any]:
    """Return what the limits and sysconfig data say of the same things."""
    data = sysconfig_of(tree)
    stated = {name: data.get(variable) for name, variable in _VARIABLES.items()}
    wanted: dict[str, Any] = {name: value for name, value in stated.items() if value and isinstance(value, str)}
    if isinstance(flags := data.get("ABIFLAGS"), str):
        wanted["abi.flags"] = list(flags)
    if limits.platform_tag:
        wanted["platform"] = limits.platform_tag
    return wanted


def _of_metadata(tree: Tree) -> dict[str, Any]:
    """Return what PYTHON.json says of the same things; whether that is true, other checks tell."""
    facts = tree.metadata
    if facts is None:
        return {}
    wanted = {
        "implementation.name": facts.python_implementation_name,
        "implementation.cache_tag": facts.python_implementation_cache_tag,
        "implementation.hexversion": facts.python_implementation_hex_version,
        **{f"suffixes.{key}": list(facts.python_suffixes.get(fact, ())) for key, fact in _SUFFIXES.items()},
    }
    stated = dict(zip(_VERSION, facts.python_implementation_version, strict=False))
    for table in ("language.version_info", "implementation.version"):
        for key, value in stated.items():
            # A serial number may be of any length, in a hostile file, and Python refuses to read a long one.
            number = key != "releaselevel" and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
            wanted[f"{table}.{key}"] = int(value) if number else value
    return wanted


def _short(value: object) -> str:
    """Return a value in a few letters; lists of words by their words, whatever else a hostile file has there."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return f"{' '.join(value)[:80]!r}"
    if isinstance(value, int) and value.bit_length() <= _LONGEST_BITS:
        return str(value)
    return shown(value)


DETAIL_CHECKS = (build_details,)
