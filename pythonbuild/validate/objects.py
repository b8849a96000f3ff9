"""Checks of what is linked again: object files and static libraries, and what PYTHON.json says of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.metadata import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Limits, Tree

# Libraries that belong to libc on every Linux; any other that a link names as the system's has to be allowed.
_LIBC = frozenset({"c", "m", "dl", "pthread", "rt", "util"})
SHARED_NAME = re.compile(r"lib(.+?)\.so(\..*)?")


def static_libraries(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """All of a static library is ELF objects for the target's processor, and it has a table of symbols."""
    for path, library in tree.static.items():
        if library.odd:
            yield path, f"has {len(library.odd)} members that are no ELF objects: {', '.join(library.odd[:4])}"
        foreign = sorted(set(library.machines) - {limits.architecture})
        if foreign:
            yield path, f"has members for {', '.join(foreign)}, not for {limits.architecture}"
        if not library.kinds:
            yield path, "is empty"
        elif not library.indexed:
            yield path, "has no table of symbols, without which linkers find nothing in it"


def object_files(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Object files are for the target's processor."""
    for path, machine in tree.object_machines.items():
        if machine != limits.architecture:
            yield path, f"is for {machine}, not for {limits.architecture}"


def other_systems(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """No program or library of macOS or Windows lies in a distribution for Linux, but for pip's own launchers.

    pip carries the programs that it makes scripts with on Windows.
    """
    for path in (*tree.macho, *tree.pe):
        if "/site-packages/pip/_vendor/distlib/" not in path:
            yield path, f"is a program or library of {'macOS' if path in tree.macho else 'Windows'}"


def system_links(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Libraries that PYTHON.json takes from the system are those that every such system has."""
    if tree.metadata is None:
        return
    names = {found[1] for name in limits.allowed_needed if (found := SHARED_NAME.fullmatch(name))} | _LIBC
    info = tree.metadata.build_info
    links = [("core", link) for link in info.core.links]
    for name, candidates in info.extensions.items():
        links += [(f"extension {name}", link) for one in candidates for link in one.links]
    for where, link in links:
        if link.system and link.name not in names:
            yield PLACE, f"{where} links {link.name} of the system, which not every system has"
        if not link.system and not link.framework and not link.path_static and not link.path_dynamic:
            yield PLACE, f"{where} links {link.name}, and does not say where it is"


def extension_modules(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Each file with an extension module is one that PYTHON.json names, and offers the function that starts it."""
    if tree.metadata is None:
        return
    known: set[str] = set()
    for name, candidates in tree.metadata.build_info.extensions.items():
        for one in candidates:
            if one.shared_lib is None:
                continue
            path = f"python/{one.shared_lib}"
            known.add(path)
            elf = tree.elf.get(path)
            if elf is not None and one.init_fn not in elf.exported:
                yield path, f"does not export {one.init_fn}, which starts {name}"
    folder = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/lib-dynload/[^/]+\.so")
    for path in tree.elf:
        if folder.fullmatch(path) and path not in known:
            yield path, "is an extension module that PYTHON.json does not name"


OBJECT_CHECKS = (static_libraries, object_files, other_systems, system_links, extension_modules)
