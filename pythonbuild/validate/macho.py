"""Mach-O by LIEF: the bytes of a file in, a ``MachO`` of plain facts for each architecture out."""

from __future__ import annotations

from typing import Any

import lief

from pythonbuild.validate import native
from pythonbuild.validate.foreign import Dylib, MachO, MachSegment, Version
from pythonbuild.validate.native import constant, text

# Magic numbers of <mach-o/loader.h> and <mach-o/fat.h>, as the first bytes of a file.
_THIN = (b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf")
_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
# Java's class files begin like universal files; their next number is a version of at least 45.
_MOST_ARCHITECTURES = 40
_OBJECT = 1
_SMALLEST = 28
_HEADER_SIZES = {4: 28, 8: 32}


def macho_format(head: bytes) -> str | None:
    """Name what the first 16 bytes of a file are: ``macho``, ``macho-object``, or None for neither."""
    if head[:4] in _FAT and len(head) >= 8:
        return "macho" if 0 < int.from_bytes(head[4:8], "big") < _MOST_ARCHITECTURES else None
    if head[:4] not in _THIN or len(head) < 16:
        return None
    kind = int.from_bytes(head[12:16], "little" if head[3] == 0xFE else "big")
    return "macho-object" if kind == _OBJECT else "macho"


def read_macho(data: bytes) -> tuple[MachO, ...]:
    """Return the facts of every architecture of a Mach-O file.

    Raises ValidationError when the bytes are not a readable Mach-O file.
    """
    return native.read("Mach-O", lambda: _parsed(data), lambda found: tuple(map(_facts, found)))


def _parsed(data: bytes) -> Any:
    """Return the architectures in a file, None for one without; LIEF would find some in less than a header."""
    return (lief.MachO.parse(data) or None) if len(data) >= _SMALLEST else None


def _facts(binary: Any) -> MachO:
    if len(binary.commands) != binary.header.nb_cmds:
        raise ValueError(f"{len(binary.commands)} of {binary.header.nb_cmds} load commands can be read")
    minimum, sdk, platform = _build(binary)
    imported, exported = _symbols(binary)
    flags = {constant(flag) for flag in binary.header.flags_list}
    return MachO(
        machine=constant(binary.header.cpu_type),
        kind=constant(binary.header.file_type),
        platform=platform,
        minimum=minimum,
        sdk=sdk,
        identity=next((text(one.name) for one in binary.libraries if constant(one.command) == "ID_DYLIB"), None),
        dylibs=tuple(_dylib(one) for one in binary.libraries if constant(one.command) != "ID_DYLIB"),
        rpaths=tuple(text(one.path) for one in binary.rpaths),
        signed=binary.has_code_signature,
        two_level="TWOLEVEL" in flags,
        padding=_padding(binary),
        segments=tuple(_segment(one) for one in binary.segments),
        imported=imported,
        exported=exported,
    )


def _build(binary: Any) -> tuple[Version, Version, str]:
    """Return the oldest system, the SDK and the platform, from LC_BUILD_VERSION or its older LC_VERSION_MIN form."""
    if binary.has_build_version and binary.build_version is not None:
        command = binary.build_version
        return Version(tuple(command.minos)), Version(tuple(command.sdk)), constant(command.platform)
    if binary.has_version_min and binary.version_min is not None:
        command = binary.version_min
        platform = "MACOS" if "MACOSX" in constant(command.command) else constant(command.command)
        return Version(tuple(command.version)), Version(tuple(command.sdk)), platform
    return Version(), Version(), ""


def _dylib(one: Any) -> Dylib:
    return Dylib(
        name=text(one.name),
        compatibility=Version(tuple(one.compatibility_version)),
        weak="WEAK" in constant(one.command),
    )


def _segment(one: Any) -> MachSegment:
    return MachSegment(name=text(one.name), initial=_letters(one.init_protection), maximal=_letters(one.max_protection))


def _letters(protection: Any) -> str:
    bits = int(protection)
    return "".join(letter for bit, letter in ((1, "R"), (2, "W"), (4, "X")) if bits & bit)


def _padding(binary: Any) -> int:
    """Return how many bytes lie between the load commands and the first section (0 where none does)."""
    header = _HEADER_SIZES[8 if "64" in constant(binary.header.magic) else 4]
    starts = [section.offset for section in binary.sections if section.offset]
    return max(min(starts) - header - binary.header.sizeof_cmds, 0) if starts else 0


def _symbols(binary: Any) -> tuple[frozenset[str], frozenset[str]]:
    imported = frozenset(text(symbol.name) for symbol in binary.imported_symbols)
    return imported, frozenset(text(symbol.name) for symbol in binary.exported_symbols)
