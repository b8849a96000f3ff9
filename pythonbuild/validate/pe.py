"""PE by LIEF: the bytes of a Windows program or DLL in, a ``Pe`` of plain facts out."""

from __future__ import annotations

from typing import Any

import lief

from pythonbuild.validate import native
from pythonbuild.validate.foreign import Pe
from pythonbuild.validate.native import constant, text

# Bits of DllCharacteristics, of Characteristics (files and sections): the PE format, "Optional Header" and following.
_HIGH_ENTROPY, _DYNAMIC_BASE, _NX = 0x20, 0x40, 0x100
_DLL = 0x2000
_WRITABLE_CODE = 0x20000000 | 0x80000000


def is_pe(data: bytes) -> bool:
    """Say whether the bytes are those of a PE file: ``MZ``, and ``PE`` where the number at offset 60 says."""
    start = int.from_bytes(data[60:64], "little")
    return data[:2] == b"MZ" and len(data) >= 64 and data[start : start + 4] == b"PE\0\0"


def read_pe(data: bytes) -> Pe:
    """Return the facts of a program or DLL.

    Raises ValidationError when the bytes are not a readable PE file.
    """
    return native.read("PE", lambda: lief.PE.parse(data, _config()) if is_pe(data) else None, _facts)


def _config() -> lief.PE.ParserConfig:
    """Leave out signatures and resources: nothing here asks for them."""
    config = lief.PE.ParserConfig()
    config.parse_signature = False
    config.parse_rsrc = False
    config.parse_reloc = False
    return config


def _facts(binary: Any) -> Pe:
    bits = int(binary.optional_header.dll_characteristics)
    export = binary.get_export() if binary.has_exports else None
    return Pe(
        machine=constant(binary.header.machine),
        dll=bool(int(binary.header.characteristics) & _DLL),
        subsystem=constant(binary.optional_header.subsystem),
        imports=tuple(text(one.name) for one in binary.imports),
        delayed=tuple(text(one.name) for one in binary.delay_imports),
        exports=frozenset(text(entry.name) for entry in export.entries if entry.name) if export else frozenset(),
        dynamic_base=bool(bits & _DYNAMIC_BASE),
        high_entropy=bool(bits & _HIGH_ENTROPY),
        nx=bool(bits & _NX),
        writable_code=tuple(
            text(one.name) for one in binary.sections if int(one.characteristics) & _WRITABLE_CODE == _WRITABLE_CODE
        ),
    )
