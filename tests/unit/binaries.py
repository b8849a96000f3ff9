"""Small files of other systems, made by hand, so that nothing has to be fetched or compiled."""

from __future__ import annotations

import struct
from pathlib import Path

import pip

ARM64, X86_64 = 0x0100000C, 0x01000007
SYSTEM = "/usr/lib/libSystem.B.dylib"
# Start files for scripts, as pip installs them on Windows: real programs for three processors.
LAUNCHERS = Path(pip.__file__).parent / "_vendor" / "distlib"


def command(number: int, *fields: bytes) -> bytes:
    """Return a load command of a Mach-O file, padded to eight bytes."""
    body = b"".join(fields)
    body += bytes(-len(body) % 8)
    return struct.pack("<II", number, 8 + len(body)) + body


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def dylib(number: int, name: str, compatibility: int = 0x10000) -> bytes:
    """Return LC_ID_DYLIB (13), LC_LOAD_DYLIB (12) or LC_LOAD_WEAK_DYLIB (0x80000018)."""
    return command(number, struct.pack("<IIII", 24, 0, 0, compatibility), text(name))


def segment(name: str, initial: int, maximal: int) -> bytes:
    """Return LC_SEGMENT_64 with one section, whose content begins at byte 4096."""
    head = struct.pack("<16sQQQQIIII", name.encode(), 0, 8192, 0, 8192, maximal, initial, 1, 0)
    section = struct.pack("<16s16sQQIIIIIIII", b"__text", name.encode(), 4096, 16, 4096, 2, 0, 0, 0, 0, 0, 0)
    return command(0x19, head, section)


def macho(
    *,
    machine: int = ARM64,
    kind: int = 6,
    identity: str | None = "@rpath/libx.dylib",
    loads: tuple[bytes, ...] = (dylib(12, SYSTEM),),
    rpaths: tuple[str, ...] = ("@loader_path/../lib",),
    minimum: int = 0x0B0000,
    signed: bool = True,
    flags: int = 0x85,
    protection: int = 5,
) -> bytes:
    """Return a 64-bit Mach-O file (by default a dylib, kind 6) with the load commands that the arguments ask for."""
    commands = [segment("__TEXT", protection, protection)]
    if identity is not None:
        commands.append(dylib(13, identity))
    commands += loads
    commands += [command(0x8000001C, struct.pack("<I", 12), text(path)) for path in rpaths]
    commands.append(command(0x32, struct.pack("<IIII", 1, minimum, 0x0F0500, 0)))
    if signed:
        commands.append(command(0x1D, struct.pack("<II", 8192, 16)))
    body = b"".join(commands)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, machine, 0, kind, len(commands), len(body), flags, 0)
    return (head + body).ljust(8192, b"\0") + struct.pack(">IIII", 0xFADE0CC0, 16, 0, 0)


def universal(*slices: tuple[int, bytes]) -> bytes:
    """Return a universal file of (machine, Mach-O file)."""
    head, body, place = struct.pack(">II", 0xCAFEBABE, len(slices)), b"", 16384
    for machine, data in slices:
        head += struct.pack(">IIIII", machine, 0, place, len(data), 14)
        padded = data.ljust(16384, b"\0")
        body += padded
        place += len(padded)
    return head.ljust(16384, b"\0") + body


def static_library(*members: tuple[str, bytes], index: bool = True) -> bytes:
    """Return a GNU ``.a`` file with these members (names of any length), and an empty table of symbols."""
    names, found = b"", []
    for name, content in members:
        short = f"{name}/"
        if len(short) > 16:
            short, names = f"/{len(names)}", names + name.encode() + b"/\n"
        found.append((short, content))
    first = [("/", bytes(4))] if index else []
    every = [*first, *([("//", names)] if names else []), *found]
    return b"!<arch>\n" + b"".join(member(name, content) for name, content in every)


def member(name: str, content: bytes) -> bytes:
    head = f"{name:16}{0:<12}{0:<6}{0:<6}{'100644':8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) & 1)


def elf_object(machine: int = 62, *, big_endian: bool = False) -> bytes:
    """Return the head of an object file, as much as readers of static libraries look at."""
    order = ">" if big_endian else "<"
    return b"\x7fELF\2" + (b"\2" if big_endian else b"\1") + b"\1" + bytes(9) + struct.pack(order + "HH", 1, machine)
