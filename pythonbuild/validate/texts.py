"""Checks of text files: nothing of the build machine in them, and in the form that installers can rewrite."""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.validate.model import Limits, Tree

_HEADER = "# system configuration generated and used by the sysconfig module\n"
_ASSIGNMENT = "build_time_vars = "
_INT32 = range(-(1 << 31), 1 << 31)
# Where CPython records its prefix, /install: installers look for it there, and scripts put the true one in its place.
_RECORDS = re.compile(
    r".*/(?:_sysconfigdata_[^/]*\.py|_sysconfig_vars_[^/]*\.json|config-[^/]*/[^/]+|bin/[^/]+|PYTHON\.json)"
)
# Programs that installers know how to replace by the user's own; a wrapper or a path would stay and break builds.
_COMPILERS = frozenset({"clang", "cc", "gcc", "musl-clang"})


def build_paths(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No text file, but for tests, names a directory of ours; its prefix is named only where CPython records it."""
    inside, outside = _paths(limits.build_directories), _paths((*limits.build_directories, "install"))
    texts = {**tree.text, "python/PYTHON.json": json.dumps(tree.metadata.to_json() if tree.metadata else {})}
    for path, text in texts.items():
        patterns = inside if _RECORDS.fullmatch(path) else outside
        found = {word for pattern in patterns for word in pattern.findall(text)}
        if found:
            yield path, f"names paths of the build: {', '.join(sorted(found)[:4])}"


@lru_cache(maxsize=8)
def _paths(directories: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a path below one of the directories: as a word, and right behind an option or ``file://``."""
    names = "|".join(map(re.escape, directories))
    word = re.compile(rf"(?<![\w.)}}\]*\-/+])/(?:{names})(?:/[^\s'\":;,]*|(?=['\"\s:;]|$))", re.MULTILINE)
    return word, re.compile(rf"(?:-[ILBF]|=|file://)(/(?:{names})/[^\s'\":;,]*)")


def build_paths_in_programs(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """No program or library looks for its data in a directory of the build, and no note in it names one."""
    for path, found in tree.leaks.items():
        yield path, f"holds {len(found)} paths of the build: {', '.join(found[:4])}"


def shebangs(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """No script starts an interpreter by an absolute path of ours."""
    for path, text in tree.text.items():
        first = text.partition("\n")[0]
        script = path.startswith(f"{tree.prefix}bin/") and first.startswith("#!") and "python" in first
        if script and not first.startswith("#!/usr/bin/env "):
            yield path, f"starts with {first!r}, which does not move with the distribution"


def sysconfig_data(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Sysconfig data is one plain dictionary of text and small numbers, and its compilers are plain names."""
    paths = [path for path in tree.text if "/_sysconfigdata_" in path]
    if not paths:
        yield f"{tree.prefix}lib", "has no _sysconfigdata_*.py"
    for path in paths:
        text = tree.text[path]
        if not text.startswith(f"{_HEADER}{_ASSIGNMENT}{{"):
            yield path, "does not begin with the two lines that installers look for"
        try:
            data = _assigned(text)
        except ValueError as error:
            yield path, f"is not one dictionary of constants: {error}"
            continue
        yield from ((path, message) for message in _values(data))


@lru_cache(maxsize=2)
def constants(content: str) -> object:
    """Return what a ``_sysconfigdata`` module assigns; ``ValueError`` where that is not made of constants.

    Several checks ask for it, and it takes a while to parse.
    """
    try:
        return ast.literal_eval(content.strip())
    except (TypeError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error) or "nested too deeply") from error


def _assigned(text: str) -> object:
    """Return what the text of a whole ``_sysconfigdata`` module assigns; ``ValueError`` as ``constants``."""
    return constants(text.removeprefix(_HEADER).removeprefix(_ASSIGNMENT))


def sysconfig_of(tree: Tree) -> Mapping[str, object]:
    """Return sysconfig data of a distribution: nothing where it has none, or what ``sysconfig-data`` complains of."""
    text = next((text for path, text in tree.text.items() if "/_sysconfigdata_" in path), "")
    try:
        data = _assigned(text)
    except ValueError:
        return MappingProxyType({})
    pairs = data.items() if isinstance(data, dict) else ()
    return MappingProxyType({key: value for key, value in pairs if isinstance(key, str)})


def _values(data: object) -> Iterator[str]:
    """Complain about keys, values and compilers that installers refuse."""
    if not isinstance(data, dict):
        yield "is not a dictionary"
        return
    for key, value in data.items():
        # No repr() of what is no text: Python refuses to write numbers of more than 4300 digits.
        if not isinstance(key, str):
            yield f"has a key of the type {type(key).__name__}"
        elif not (type(value) is int and value in _INT32) and not (isinstance(value, str) and "\n" not in value):
            shown = repr(value[:60]) if isinstance(value, str) else f"a value of the type {type(value).__name__}"
            yield f"has {key[:60]!r}: {shown}, which is neither one line of text nor a 32-bit number"
    for key in ("CC", "CXX", "LDSHARED", "BLDSHARED", "LINKCC", "LDCXXSHARED"):
        program = value.split(" ")[0] if isinstance(value := data.get(key), str) else ""
        if program and program.removesuffix("++").replace("g", "gcc", program == "g++") not in _COMPILERS:
            yield f"names the compiler {program!r} in {key}"


TEXT_CHECKS = (build_paths, build_paths_in_programs, shebangs, sysconfig_data)
