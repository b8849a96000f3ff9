"""Checks of what installers read before they unpack: the name, and the few paths that they go by.

Sources: uv 0.13.9, pbs-installer 2026.10.25, hatch 1.18.2 and pdm 2.29.3, by running them; the other rules for the
encoding of archives are checked by ``encoding``, ``members`` and ``symlinks``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.names import name_identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Limits, Tree

# Installers choose the decompressor by the end of the name, and never look at the content.
_ENDINGS = {"gzip": (".tar.gz", ".tgz"), "zstd": (".tar.zst",)}
# A text of one line in quotes: uv's reader of sysconfig's data knows the escapes \\, \' and \" alone.
_ESCAPE = re.compile(r"\\(?P<letter>.)", re.DOTALL)


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


def sysconfig_escapes(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    r"""Sysconfig data has no escapes but ``\\``, ``\'`` and ``\"``: uv reads no others, and then fails to install."""
    for path, text in tree.text.items():
        if "/_sysconfigdata_" not in path:
            continue
        found = sorted({match["letter"] for match in _ESCAPE.finditer(text)} - {"\\", "'", '"'})
        if found:
            yield path, f"has escapes that installers can't read: {' '.join(map(ascii, found))} behind a backslash"


CLIENT_CHECKS = (file_name, installer_paths, sysconfig_escapes)
