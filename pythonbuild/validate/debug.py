"""Checks of debug information: each ELF file can be found by its build-id, and what was stripped off belongs to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.package.archives import DEBUG, INSTALL_RECORD, LICENSES
from pythonbuild.package.sbom import INSTALL_PLACES
from pythonbuild.validate.names import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Elf, Limits, Tree

_BESIDE = frozenset({INSTALL_RECORD, *INSTALL_PLACES.values()})
_STRIPPED = frozenset({"install", "install_only_stripped"})
_DEBUG_INFO = frozenset({".debug_info", ".zdebug_info"})
_DEBUG_FILE = re.compile(re.escape(DEBUG) + r"/\.build-id/([0-9a-f]{2})/([0-9a-f]+)\.debug")


def build_ids(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every program and library has a build-id, by which debuggers look for its debug information."""
    yield from ((path, "has no build-id") for path, elf in tree.elf.items() if not elf.build_id)


def debug_links(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """In an archive without debug information, each file names the one that has it."""
    if kind_of(tree) not in _STRIPPED:
        return
    for path, elf in tree.elf.items():
        wanted = f"{elf.build_id[2:]}.debug"
        if elf.build_id and elf.debuglink != wanted:
            yield path, f"names {elf.debuglink or 'nothing'} as its debug information, which is {wanted}"
        if elf.sections & _DEBUG_INFO:
            yield path, "holds debug information, in an archive that is stripped of it"


def debug_files(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Files of debug information, each by its build-id, are all that an archive of debug information holds."""
    found = False
    for entry in tree.entries:
        if entry.kind != "file" or entry.path in _BESIDE or entry.path.startswith(f"{LICENSES}/"):
            continue
        name, elf = _DEBUG_FILE.fullmatch(entry.path), tree.elf.get(entry.path)
        if name is None:
            yield entry.path, f"is not a file {DEBUG}/.build-id/xx/yyyy.debug"
        elif elf is None:
            yield entry.path, "is not an ELF file"
        else:
            found = found or bool(elf.sections & _DEBUG_INFO)
            yield from ((entry.path, message) for message in _content(elf, name[1] + name[2]))
    if not found:
        yield DEBUG, "holds no debug information"


def _content(elf: Elf, build_id: str) -> Iterator[str]:
    """Complain about a file that is not the debug information of ``build_id``.

    Programs are always ours, compiled with debug information. Libraries that are linked in or shipped are not, and
    what was stripped off these is symbols only.
    """
    if elf.build_id != build_id:
        yield f"is of the build-id {elf.build_id or 'none'}"
    program = elf.kind == "EXEC" or ".interp" in elf.sections
    if program and not elf.sections & _DEBUG_INFO:
        yield "is of a program, and has no debug information"
    elif not elf.sections & {*_DEBUG_INFO, ".symtab"}:
        yield "has neither debug information nor symbols"
