"""ELF by LIEF: the bytes of a file in, an ``Elf`` of plain facts out."""

from __future__ import annotations

from typing import Literal

import lief

from pythonbuild.validate import native
from pythonbuild.validate.model import Elf, Segment, architecture
from pythonbuild.validate.native import constant, text

_MAGIC = b"\x7fELF"
_BITCODE = b"BC\xc0\xde"
_RELOCATABLE = 1
# What a note begins with: three numbers of 32 bits, and the name GNU.
_NOTE_HEAD = 16
_LARGEST_NOTE = 4096
# What LIEF calls the string of a dynamic entry.
_STRINGS = {"NEEDED": "name", "SONAME": "name", "RPATH": "rpath", "RUNPATH": "runpath"}
# STV_DEFAULT and STV_PROTECTED, in the two lowest bits of st_other.
_VISIBLE = frozenset({0, 3})
_PUBLIC = frozenset({"GLOBAL", "WEAK", "GNU_UNIQUE"})
# Bits of e_flags that say how functions are called, and what they mean: AAELF32 4.1, the ABI of 64-bit PowerPC ELFv2
# 3.1.1, the psABIs of RISC-V and LoongArch.
_ABIS = {
    "ARM": (0x600, {0x200: "soft", 0x400: "hard"}),
    "PPC64": (3, {1: "ELFv1", 2: "ELFv2"}),
    "RISCV": (6, {0: "soft", 2: "single", 4: "double", 6: "quad"}),
    "LOONGARCH": (7, {1: "soft", 2: "single", 3: "double"}),
}


def object_format(head: bytes) -> str | None:
    """Name what the first bytes of a file are: ``elf``, ``elf-object``, ``llvm-bitcode``, or None for neither.

    ``head`` needs 18 bytes; e_type is the 16-bit number at offset 16, in the byte order that byte 5 names.
    """
    if head.startswith(_BITCODE):
        return "llvm-bitcode"
    if not head.startswith(_MAGIC) or len(head) < 18:
        return None
    order: Literal["big", "little"] = "big" if head[5] == 2 else "little"
    return "elf-object" if int.from_bytes(head[16:18], order) == _RELOCATABLE else "elf"


def object_machine(head: bytes) -> str:
    """Name the processor of an ELF file by its first 20 bytes, as ``architecture`` does.

    The class is at offset 4, the byte order at 5, e_machine at 18.
    """
    order: Literal["big", "little"] = "big" if head[5:6] == b"\x02" else "little"
    number = int.from_bytes(head[18:20], order)
    try:
        machine = constant(lief.ELF.ARCH(number))
    except ValueError:
        machine = str(number)
    return architecture(machine, 64 if head[4:5] == b"\x02" else 32, little_endian=order == "little")


def read_elf(data: bytes) -> Elf:
    """Return the facts of a program or shared library.

    Raises ValidationError when the bytes are not a readable ELF file.
    """
    return native.read("ELF", lambda: lief.ELF.parse(data, _config()), _facts)


def _facts(binary: lief.ELF.Binary) -> Elf:
    imported, exported = _symbols(binary)
    tags = _dynamic(binary)
    return Elf(
        machine=constant(binary.header.machine_type),
        bits=64 if binary.header.identity_class == lief.ELF.Header.CLASS.ELF64 else 32,
        little_endian=binary.header.identity_data == lief.ELF.Header.ELF_DATA.LSB,
        kind=constant(binary.header.file_type),
        interpreter=text(binary.interpreter) if binary.has_interpreter else None,
        soname=next(iter(tags.get("SONAME", ())), None),
        needed=tuple(tags.get("NEEDED", ())),
        rpath=tuple(tags.get("RPATH", ())),
        runpath=tuple(tags.get("RUNPATH", ())),
        versions=_versions(binary),
        imported=imported,
        exported=exported,
        segments=tuple(_segment(segment) for segment in binary.segments),
        copy_relocations=_copy_relocations(binary),
        textrel="TEXTREL" in tags,
        bind_now="BIND_NOW" in tags,
        build_id=_build_id(binary),
        debuglink=_debuglink(binary),
        sections=frozenset(text(section.name) for section in binary.sections),
        features=_features(binary),
        dynamic=len(binary.dynamic_entries) > 0,
        abi=_abi(constant(binary.header.machine_type), int(binary.header.processor_flag)),
        notes=_notes(binary),
    )


def _notes(binary: lief.ELF.Binary) -> tuple[tuple[int, int], ...]:
    """Return where the sections with notes lie. Tools write into them what they did, and strip leaves them there."""
    notes = (section for section in binary.sections if section.type == lief.ELF.Section.TYPE.NOTE)
    return tuple((section.offset, section.offset + section.size) for section in notes)


def _abi(machine: str, flags: int) -> str:
    """Name the way in which functions are called; nothing where the processor has only one, or the file is silent."""
    mask, names = _ABIS.get(machine, (0, {}))
    return names.get(flags & mask, "")


def _features(binary: lief.ELF.Binary) -> frozenset[str]:
    """Name the features in .note.gnu.property: the linker states one when every object of the file has it.

    Numbers: System V ABI of x86-64 (GNU_PROPERTY_X86_FEATURE_1_AND) and ELF for the Arm 64-bit Architecture
    (GNU_PROPERTY_AARCH64_FEATURE_1_AND).
    """
    section = binary.get_section(".note.gnu.property")
    words = {0xC0000002: ("IBT", "SHSTK"), 0xC0000000: ("BTI", "PAC")}
    data = bytes(section.content[:_LARGEST_NOTE])[_NOTE_HEAD:] if section else b""
    step = 8 if binary.header.identity_class == lief.ELF.Header.CLASS.ELF64 else 4
    found: set[str] = set()
    while len(data) >= 12:
        kind, size = (int.from_bytes(data[place : place + 4], "little") for place in (0, 4))
        bits = int.from_bytes(data[8:12], "little")
        found.update(name for bit, name in enumerate(words.get(kind, ())) if bits >> bit & 1)
        data = data[8 + -(-size // step) * step :]
    return frozenset(found)


def _build_id(binary: lief.ELF.Binary) -> str:
    """Return the build-id in hexadecimal, or nothing.

    From the section: of notes in a big-endian file LIEF 1.0 turns every four bytes around.
    """
    sections = (section for section in binary.sections if section.name == ".note.gnu.build-id")
    return next((bytes(section.content[:_LARGEST_NOTE])[_NOTE_HEAD:].hex() for section in sections), "")


def _debuglink(binary: lief.ELF.Binary) -> str:
    """Return the file name in .gnu_debuglink: text that ends with a zero byte, before a checksum."""
    section = binary.get_section(".gnu_debuglink")
    return bytes(section.content[:_LARGEST_NOTE]).partition(b"\0")[0].decode("utf-8", "replace") if section else ""


def _config() -> lief.ELF.ParserConfig:
    """Leave out the debugger's symbol table, which is most of the work for an unstripped interpreter."""
    config = lief.ELF.ParserConfig()
    config.parse_symtab_symbols = False
    config.parse_overlay = False
    return config


def _symbols(binary: lief.ELF.Binary) -> tuple[frozenset[str], frozenset[str]]:
    """Split the dynamic symbols into those that are wanted from elsewhere and those that are offered."""
    imported, exported = set(), set()
    for symbol in binary.dynamic_symbols:
        name = text(symbol.name)
        if not name:
            continue
        if symbol.shndx == 0:
            imported.add(name)
        elif constant(symbol.binding) in _PUBLIC and visible(int(symbol.other)):
            exported.add(name)
    return frozenset(imported), frozenset(exported)


def visible(other: int) -> bool:
    """Return whether others see a symbol with such an ``st_other``.

    The upper bits are the processor's: 64-bit PowerPC has there where a function is entered from its own file
    (ELFv2 ABI, 3.4.1), which LIEF 1.0 takes for an unknown visibility.

    >>> visible(0), visible(2), visible(0x60), visible(0x62)
    (True, False, True, False)
    """
    return other & 3 in _VISIBLE


def _dynamic(binary: lief.ELF.Binary) -> dict[str, list[str]]:
    """Map the tags of the dynamic section to their strings; a flag maps to an empty list."""
    found: dict[str, list[str]] = {}
    for entry in binary.dynamic_entries:
        tag = constant(entry.tag)
        if tag in _STRINGS:
            value = text(getattr(entry, _STRINGS[tag]))
            found.setdefault(tag, []).extend(value.split(":") if "PATH" in tag else [value])
        elif tag in {"TEXTREL", "BIND_NOW"}:
            found.setdefault(tag, [])
        elif tag in {"FLAGS", "FLAGS_1"}:
            found.update({name: [] for name in _flags(tag, int(entry.value))})
    return found


def _flags(tag: str, value: int) -> list[str]:
    """Name the bits of DT_FLAGS (TEXTREL 4, BIND_NOW 8) and DT_FLAGS_1 (NOW 1); see elf(5)."""
    bits = {"FLAGS": {4: "TEXTREL", 8: "BIND_NOW"}, "FLAGS_1": {1: "BIND_NOW"}}[tag]
    return [name for bit, name in bits.items() if value & bit]


def _versions(binary: lief.ELF.Binary) -> frozenset[str]:
    """Every symbol version that another library must have, such as ``GLIBC_2.17``."""
    return frozenset(
        text(version.name)
        for requirement in binary.symbols_version_requirement
        for version in requirement.get_auxiliary_symbols()
    )


def _segment(segment: lief.ELF.Segment) -> Segment:
    flags = int(segment.flags)
    letters = "".join(letter for bit, letter in ((4, "R"), (2, "W"), (1, "X")) if flags & bit)
    start = segment.file_offset
    return Segment(
        kind=constant(segment.type),
        flags=letters,
        align=segment.alignment,
        start=start,
        end=start + segment.physical_size,
        address=segment.virtual_address,
    )


def _copy_relocations(binary: lief.ELF.Binary) -> tuple[str, ...]:
    """Names of the objects that the dynamic linker would copy into this program at start."""
    return tuple(
        text(relocation.symbol.name) if relocation.symbol else "?"
        for relocation in binary.dynamic_relocations
        if constant(relocation.type).split("_")[-1].startswith("COPY")
    )
