"""File names of archives: what they say of what is inside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.model import Identity

if TYPE_CHECKING:
    from pythonbuild.validate.model import Tree

# 3.14.7, 3.15.0rc2, and 3.16.0a1+ of a source tree between two releases: what PY_VERSION of patchlevel.h may be.
_VERSION = r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(?:(a|b|rc)([0-9]{1,4}))?\+?"
_START = rf"cpython-(?P<version>{_VERSION})\+(?P<date>[0-9]+)-"
_TRIPLE = r"(?P<triple>[a-z0-9_]+(?:-[a-z0-9_]+){1,3}?)-"
# Never the last words of a name: `install_only` and `install_only_stripped` are kinds, not flavors.
_OPTIONS = r"(?P<options>(?!only)[a-z]+(?:\+[a-z]+)*)"
_NAMES = (
    re.compile(_START + _TRIPLE + _OPTIONS + r"-(?P<kind>full|debuginfo)\.tar\.zst"),
    re.compile(_START + _TRIPLE + r"(?P<kind>install)_" + _OPTIONS + r"\.tar\.(?:zst|gz)"),
    re.compile(
        _START + _TRIPLE + r"(?:(?P<variant>freethreaded)-)?(?P<kind>install_only(?:_stripped)?)\.tar\.(?:zst|gz)"
    ),
)


def version_parts(text: str) -> tuple[int, int, int, str, int] | None:
    """Return major, minor, micro, the letters of a release before the final one or "", and its number or 0.

    None where ``text`` is no version as CPython writes its own.
    """
    found = re.fullmatch(_VERSION, text)
    if found is None:
        return None
    major, minor, micro, letters, serial = found.groups()
    return int(major), int(minor), int(micro), letters or "", int(serial or 0)


def name_identity(name: str) -> Identity | None:
    """Read the identity that a file name states, or None when it is no name of ours."""
    for pattern in _NAMES:
        if found := pattern.fullmatch(name):
            parts = found.groupdict()
            return Identity(
                version=parts["version"],
                triple=parts["triple"],
                options=parts.get("options") or "",
                kind=parts["kind"],
                variant=parts.get("variant") or "",
            )
    return None


def kind_of(tree: Tree) -> str:
    """Return the kind of an archive: full by its content, any other by its name; install where that doesn't tell."""
    if tree.full:
        return "full"
    named = name_identity(tree.name)
    return named.kind if named and named.kind != "full" else "install"
