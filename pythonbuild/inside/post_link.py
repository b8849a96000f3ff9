"""What BOLT needs beside its own tools: a list of the functions that are worth its while, and a broom.

Runs under the build environment's ``python3``, with LLVM's ``llvm-readelf`` on ``PATH``.

``functions PROFILE``
    reads what ``llvm-profdata show --all-functions`` printed, and prints names for ``-funcs-file-no-regex``.
``vacate --before=FILE FILE``
    BOLT moves functions and leaves their old bytes where they were. Nothing reaches them any more: every
    reference was moved too, and where BOLT can't be sure of that, it wrote a jump over the old entry. This
    fills them with zeros, except for such jumps; so does it with the tables for unwinding that were replaced.
    In a compressed archive they then cost nothing.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# `  Objects/bytesobject.c;bytes_buffer_getbuffer:` of a profile of intermediate code; of one of source lines a colon.
_PROFILED = re.compile(r"^  (?:\S*[;:])?([A-Za-z_]\w*):$")
# BOLT tells functions of one file apart from those of the same name elsewhere by a number, in the linker's order.
_NAMESAKES = 6
_OLD_TEXT = ".bolt.org.text"
_OLD_TABLES = (".bolt.org.eh_frame", ".bolt.org.eh_frame_hdr")
# A jump that BOLT wrote over the entry of a function that it moved.
_PATCH = re.compile(r"\.org\.\d+$")


@dataclass(frozen=True, order=True)
class Extent:
    """Bytes from ``start`` up to ``end``, as addresses or as offsets."""

    start: int
    end: int


@dataclass(frozen=True)
class Function:
    """A function's symbol: its name, and where its bytes lie."""

    name: str
    extent: Extent


@dataclass(frozen=True)
class Section:
    """A section: the ``address`` that it is loaded at, its ``offset`` in the file and its ``size`` there."""

    address: int
    offset: int
    size: int


def functions_of(profile: str) -> list[str]:
    """Return the names that BOLT may know the functions of ``profile`` by; ``ValueError`` if there are none."""
    names = {match[1] for line in profile.splitlines() if (match := _PROFILED.match(line))}
    if not names:
        raise ValueError("the profile names no function")
    return sorted(name + suffix for name in names for suffix in ("", *(f"/{n + 1}" for n in range(_NAMESAKES))))


def vacated(before: Iterable[Function], after: Iterable[Function]) -> list[Extent]:
    """Return what held functions ``before`` and holds none ``after``, sorted, without overlaps.

    A function that stayed has a symbol at its old address; only a jump to the new place has one there, too, if
    the function went.
    """
    after = list(after)
    patches = [function.extent for function in after if _PATCH.search(function.name)]
    entries = {function.extent.start for function in after if not _PATCH.search(function.name)}
    old = {function.extent for function in before}
    stayed = [extent for extent in old if extent.start in entries]
    return without(merged(extent for extent in old if extent.start not in entries), merged([*stayed, *patches]))


def merged(extents: Iterable[Extent]) -> list[Extent]:
    """Return the same bytes as sorted extents that neither overlap nor touch."""
    found: list[Extent] = []
    for extent in sorted(extents):
        if found and extent.start <= found[-1].end:
            found[-1] = Extent(found[-1].start, max(found[-1].end, extent.end))
        else:
            found.append(extent)
    return [extent for extent in found if extent.start < extent.end]


def without(extents: Iterable[Extent], kept: list[Extent]) -> list[Extent]:
    """Return the bytes of ``extents`` that are not in ``kept``; both are sorted and without overlaps."""
    return [part for extent in extents for part in _parts(extent, kept)]


def _parts(extent: Extent, kept: list[Extent]) -> Iterator[Extent]:
    start = extent.start
    for keep in kept:
        if keep.end <= start:
            continue
        if keep.start >= extent.end:
            break
        if start < keep.start:
            yield Extent(start, keep.start)
        start = keep.end
    if start < extent.end:
        yield Extent(start, extent.end)


def parse_functions(text: str) -> list[Function]:
    """Return the functions of what ``llvm-readelf --symbols --wide`` printed."""
    found = []
    for line in text.splitlines():
        words = line.split()  # number, address, size, type, binding, visibility, section, name
        if len(words) >= 8 and words[3] == "FUNC" and words[6] != "UND":
            start = int(words[1], 16)
            found.append(Function(words[7], Extent(start, start + int(words[2], 0))))
    return found


def parse_sections(text: str) -> dict[str, Section]:
    """Return by name the sections of what ``llvm-readelf --sections --wide`` printed."""
    found = {}
    for line in text.splitlines():
        words = line.partition("]")[2].split()  # name, type, address, offset, size
        if line.lstrip().startswith("[") and len(words) >= 5 and words[0].startswith("."):
            found[words[0]] = Section(*(int(word, 16) for word in words[2:5]))
    return found


def vacate(before: Path, path: Path) -> int:
    """Fill with zeros what BOLT left of ``before`` in ``path`` without a use, and return how many bytes that is."""
    sections = parse_sections(_readelf("--sections", path))
    text = sections[_OLD_TEXT]
    end = text.address + text.size
    functions = (parse_functions(_readelf("--symbols", file)) for file in (before, path))
    dead = [extent for extent in vacated(*functions) if text.address <= extent.start and extent.end <= end]
    shift = text.offset - text.address
    blank = [Extent(extent.start + shift, extent.end + shift) for extent in dead]
    tables = [sections[name] for name in _OLD_TABLES if name in sections]
    blank += [Extent(table.offset, table.offset + table.size) for table in tables]
    with path.open("r+b") as file:
        for extent in blank:
            file.seek(extent.start)
            file.write(bytes(extent.end - extent.start))
    return sum(extent.end - extent.start for extent in blank)


def _readelf(what: str, path: Path) -> str:
    command = ["llvm-readelf", what, "--wide", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description="Help BOLT.")
    commands = parser.add_subparsers(dest="command", required=True)
    functions = commands.add_parser("functions")
    functions.add_argument("profile", type=Path)
    vacating = commands.add_parser("vacate")
    vacating.add_argument("--before", type=Path, required=True)
    vacating.add_argument("path", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "functions":
        print("\n".join(functions_of(arguments.profile.read_text())))
    else:
        print(f"{vacate(arguments.before, arguments.path)} bytes of moved code and of old tables are zeros now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
