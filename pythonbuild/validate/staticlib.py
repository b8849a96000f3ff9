"""Static libraries (``.a``): what their members are, from ``ar``'s headers and each member's first bytes alone.

The format is that of ``ar.h``: eight magic bytes, then for each member a header of 60 bytes and its content, padded
to an even length. Names beyond 15 bytes lie in a member ``//`` (GNU) or in front of the content (BSD).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pythonbuild.errors import ValidationError
from pythonbuild.validate.elf import object_format, object_machine
from pythonbuild.validate.macho import macho_format
from pythonbuild.validate.model import StaticLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"!<arch>\n"
THIN = b"!<thin>\n"
HEAD = 20
_HEADER = 60
# CPython's largest has 700, and LLVM's some thousands.
_MOST_MEMBERS = 100_000
_LONGEST_NAME = 4096
_INDEXES = frozenset({"/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64"})
_NAMES = "//"


def read_static_library(data: bytes) -> StaticLibrary:
    """Return the facts of a static library.

    Raises ValidationError when the bytes are not a whole one.
    """
    if not data.startswith(MAGIC):
        raise ValidationError("not a static library with its members inside (!<arch>)")
    kinds: Counter[str] = Counter()
    machines: Counter[str] = Counter()
    odd: list[str] = []
    indexed = False
    for number, (name, start, end) in enumerate(_members(data)):
        if number >= _MOST_MEMBERS:
            raise ValidationError(f"has more than {_MOST_MEMBERS} members")
        if name in _INDEXES:
            indexed = True
            continue
        head = data[start : min(end, start + HEAD)]
        kind = object_format(head) or macho_format(head) or "other"
        kinds[kind] += 1
        if kind == "elf-object":
            machines[object_machine(head)] += 1
        else:
            odd.append(f"{name} ({kind})")
    return StaticLibrary(kinds=dict(kinds), machines=dict(machines), odd=tuple(odd), indexed=indexed)


def _members(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each member and where its content begins and ends."""
    place, names = len(MAGIC), b""
    while place < len(data):
        header = data[place : place + _HEADER]
        if len(header) < _HEADER or header[58:] != b"`\n":
            raise ValidationError(f"damaged static library: no member header at byte {place}")
        size = _number(header[48:58], place)
        start, end = place + _HEADER, place + _HEADER + size
        if end > len(data):
            raise ValidationError(f"damaged static library: the member at byte {place} is cut off")
        name = header[:16].decode("latin-1").rstrip()
        if name == _NAMES:
            names = data[start:end]
        elif name.startswith("#1/"):
            length = min(_number(header[3:16], place), size)
            yield data[start : start + min(length, _LONGEST_NAME)].rstrip(b"\0").decode("latin-1"), start + length, end
        else:
            yield _long_name(name, names), start, end
        place = end + (size & 1)


def _number(text: bytes, place: int) -> int:
    stripped = text.strip()
    if not stripped.isdigit():
        raise ValidationError(f"damaged static library: {stripped!r} is no number in the header at byte {place}")
    return int(stripped)


def _long_name(name: str, names: bytes) -> str:
    """Return the name of a member: as it stands, or found in the table of long names."""
    if name in _INDEXES:
        return name
    if name[:1] == "/" and name[1:].isdecimal():
        start = int(name[1:])
        return names[start : start + _LONGEST_NAME].partition(b"\n")[0].rstrip(b"/").decode("latin-1")
    return name.rstrip("/")
