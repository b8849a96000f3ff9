"""Checks of what installers read before they unpack: the name, and the few paths that they go by.

Sources: uv 0.13.9, pbs-installer 2026.10.25, hatch 1.18.2 and pdm 2.29.3, by running them; the other rules for the
encoding of archives are checked by ``encoding``, ``members`` and ``symlinks``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.names import name_identity
from pythonbuild.validate.texts import constants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Limits, Tree

# Installers choose the decompressor by the end of the name, and never look at the content.
_ENDINGS = {"gzip": (".tar.gz", ".tgz"), "zstd": (".tar.zst",)}
# A text of one line in quotes: uv's reader of sysconfig's data knows the escapes \\, \' and \" alone.
_ESCAPE = re.compile(r"\\(?P<letter>.)", re.DOTALL)
_HEAD = "build_time_vars = "
# What sysconfig's data is made of: texts of one line in plain quotes, decimal numbers, and what holds them together.
_WORD = re.compile(
    r"\s+|[{}:,]|-?(?:0|[1-9][0-9]*)(?![\w.])"
    r'|"(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'(?!'')[^'\\\n]*(?:\\.[^'\\\n]*)*'"
)
# By it uv knows a Python that may lie anywhere; all installers look for it to put the real place in.
_PREFIX = "/install"
# What installers replace by the user's compilers.
_PROGRAMS = ("CC", "CXX", "LDSHARED", "BLDSHARED", "LINKCC")


def file_name(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Let the end of the name say how the archive is compressed."""
    endings = _ENDINGS.get(tree.form.compression, ())
    if not tree.name.endswith(endings):
        yield tree.name, f"is {tree.form.compression} data, which installers expect of {' or '.join(endings)}"


def installer_paths(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Have what installers go by: the program bin/python3.X and the library lib/python3.X, with its ``t``.

    uv writes into the library, and fails where it isn't; it makes bin/python by itself if there is bin/python3.X.
    """
    named = name_identity(tree.name)
    if named is None:
        return
    words = tree.options | named.words
    paths = tree.paths()
    thread = "t" if "freethreaded" in words else ""
    for place in (f"bin/python{named.minor}", f"lib/python{named.minor}{thread}"):
        if tree.prefix + place not in paths:
            yield tree.prefix + place, "is missing: installers go by it"


def programs(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """bin/python and bin/python3 are symbolic links that lead to the interpreter, the program bin/python3.X."""
    links = tree.links()
    for name in ("python", "python3"):
        place = end = f"{tree.prefix}bin/{name}"
        for _ in range(8):
            end = links.get(end, end)
        if place not in links:
            yield place, "is not a symbolic link"
        elif tree.interpreter is not None and end != tree.interpreter:
            yield place, f"leads to {end}, not to {tree.interpreter}"


def sysconfig_form(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Sysconfig data is written as installers read it, has the prefix /install, and names every compiler."""
    for path, text in tree.text.items():
        if "/_sysconfigdata_" not in path:
            continue
        content = text.partition(_HEAD)[2]
        place = 0
        while found := _WORD.match(content, place):
            place = found.end()
        if place < len(content):
            yield path, f"has {content[place : place + 20]!r}, which is neither a plain text nor a decimal number"
            continue
        yield from ((path, message) for message in _variables(content))


def _variables(content: str) -> Iterator[str]:
    """Complain about the prefix and about compilers that are not there."""
    try:
        data = constants(content)
    except ValueError:
        return  # which `sysconfig-data` complains about
    if not isinstance(data, dict):
        return
    if data.get("prefix") != _PREFIX:
        yield f"has the prefix {data.get('prefix')!r:.60}, not {_PREFIX!r}"
    if lacking := [name for name in _PROGRAMS if not data.get(name)]:
        yield f"says nothing of {', '.join(lacking)}"


def sysconfig_escapes(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    r"""Sysconfig data has no escapes but ``\\``, ``\'`` and ``\"``: uv reads no others, and then fails to install."""
    for path, text in tree.text.items():
        if "/_sysconfigdata_" not in path:
            continue
        found = sorted({match["letter"] for match in _ESCAPE.finditer(text)} - {"\\", "'", '"'})
        if found:
            yield path, f"has escapes that installers can't read: {' '.join(map(ascii, found))} behind a backslash"


CLIENT_CHECKS = (file_name, installer_paths, programs, sysconfig_form, sysconfig_escapes)
