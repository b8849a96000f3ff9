"""The adapter reads real files that the machine's own compiler made."""

from __future__ import annotations

import contextlib
import random
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from pythonbuild.errors import ValidationError
from pythonbuild.validate.elf import object_format, read_elf
from pythonbuild.validate.model import Elf
from pythonbuild.validate.reader import read_tree
from tests.unit.test_validate_archive import FULL, packed, write

if TYPE_CHECKING:
    from pathlib import Path

CC = shutil.which("gcc") or shutil.which("cc")
OBJCOPY = shutil.which("objcopy") or shutil.which("llvm-objcopy")
needs_compiler = pytest.mark.skipif(CC is None, reason="no C compiler")
SOURCE = """
#include <stdio.h>
#include <math.h>
extern char **environ;
__attribute__((visibility("hidden"))) int hidden(int x) { return x; }
int offered(int x) { return hidden(x) + (environ != 0) + puts("x"); }
"""


def compiled(place: Path, *options: str, source: str = SOURCE) -> bytes:
    (place / "a.c").write_text(source)
    output = place / "out"
    assert CC is not None
    subprocess.run([CC, str(place / "a.c"), "-o", str(output), *options], check=True, capture_output=True)
    return output.read_bytes()


@needs_compiler
def test_shared_library(tmp_path: Path) -> None:
    options = ("-shared", "-fPIC", "-Wl,-soname,libx.so.1", "-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib:$ORIGIN")
    facts = read_elf(compiled(tmp_path, *options, "-Wl,-z,now", "-Wl,--build-id"))
    assert facts.kind == "DYN"
    assert facts.soname == "libx.so.1"
    assert facts.needed == ("libc.so.6",)
    assert facts.rpath == ("$ORIGIN/../lib", "$ORIGIN")
    assert facts.runpath == ()
    assert facts.interpreter is None
    assert "offered" in facts.exported
    assert "hidden" not in facts.exported | facts.imported
    assert "puts" in facts.imported
    assert any(version.startswith("GLIBC_") for version in facts.versions)
    assert (facts.stack, facts.bind_now, len(facts.build_id), facts.textrel) == ("RW", True, 40, False)
    assert {segment.flags for segment in facts.segments if segment.kind == "LOAD"} >= {"R", "RW"}


@needs_compiler
def test_program_with_copy_relocation_and_executable_stack(tmp_path: Path) -> None:
    source = "extern char **environ; int main(void) { return environ == 0; }"
    options = (
        "-no-pie",
        "-fno-pie",
        "-Wl,-z,execstack",
        "-Wl,--enable-new-dtags,-rpath,/opt/lib",
        "-Wl,--build-id=none",
    )
    facts = read_elf(compiled(tmp_path, *options, source=source))
    assert facts.kind == "EXEC"
    assert facts.interpreter is not None
    assert facts.runpath == ("/opt/lib",)
    assert facts.stack == "RWX"
    assert facts.build_id == facts.debuglink == ""
    assert "environ" in "".join(facts.copy_relocations)


@needs_compiler
def test_debug_information_and_symbols_do_not_matter(tmp_path: Path) -> None:
    plain = read_elf(compiled(tmp_path, "-shared", "-fPIC", "-s", "-Wl,--build-id=none"))
    debug = read_elf(compiled(tmp_path, "-shared", "-fPIC", "-g", "-Wl,--build-id=none"))
    assert isinstance(plain, Elf)
    assert (plain.imported, plain.exported, plain.needed) == (debug.imported, debug.exported, debug.needed)


@needs_compiler
@pytest.mark.skipif(OBJCOPY is None, reason="no objcopy")
def test_debug_information_split_off(tmp_path: Path) -> None:
    whole = read_elf(compiled(tmp_path, "-g", "-Wl,--build-id", source="int main(void) { return 0; }"))
    program, debug, stripped = tmp_path / "out", tmp_path / f"{whole.build_id[2:]}.debug", tmp_path / "stripped"
    assert OBJCOPY is not None
    subprocess.run([OBJCOPY, "--only-keep-debug", program, debug], check=True)
    subprocess.run([OBJCOPY, "--strip-debug", f"--add-gnu-debuglink={debug}", program, stripped], check=True)
    apart, rest = read_elf(debug.read_bytes()), read_elf(stripped.read_bytes())
    assert apart.build_id == rest.build_id == whole.build_id
    assert (apart.debuglink, rest.debuglink) == ("", debug.name)
    assert {".debug_info", ".interp", ".symtab"} <= whole.sections & apart.sections
    assert ".symtab" in rest.sections
    assert ".debug_info" not in rest.sections


def big_endian(build_id: bytes) -> bytes:
    """Return a shared object for s390x with nothing in it but a build-id: head, note, names, three section heads."""
    note = struct.pack(">III", 4, len(build_id), 3) + b"GNU\0" + build_id
    names = b"\0.note.gnu.build-id\0.shstrtab\0"
    start, machine = 64, 22
    end = start + len(note) + len(names)
    sections = [
        (0,) * 10,
        (1, 7, 2, start, start, len(note), 0, 0, 4, 0),
        (20, 3, 0, 0, start + len(note), len(names), 0, 0, 1, 0),
    ]
    head = b"\x7fELF\2\2\1" + bytes(9)
    head += struct.pack(">HHIQQQIHHHHHH", 3, machine, 1, 0, 0, end, 0, 64, 56, 0, 64, len(sections), 2)
    return head + note + names + b"".join(struct.pack(">IIQQQQIIQQ", *section) for section in sections)


def test_build_id_of_a_big_endian_file() -> None:
    build_id = bytes(range(20))
    facts = read_elf(big_endian(build_id))
    assert (facts.machine, facts.build_id) == ("S390", build_id.hex())


def test_object_files_are_told_apart(tmp_path: Path) -> None:
    assert object_format(compiled(tmp_path, "-c")[:18]) == "elf-object"
    assert object_format(compiled(tmp_path, "-shared", "-fPIC")[:18]) == "elf"


def test_object_format_of_other_files() -> None:
    assert object_format(b"BC\xc0\xde" + bytes(14)) == "llvm-bitcode"
    assert object_format(b"#!/bin/sh\n") is None
    assert object_format(b"\x7fELF") is None
    big_endian = b"\x7fELF\x02\x02\x01" + bytes(9) + b"\x00\x01"
    assert object_format(big_endian) == "elf-object"


@pytest.mark.parametrize("data", [b"", b"\x7fELF" + bytes(60), b"\x7fELF\x02\x01\x01" + b"\xff" * 80])
def test_damaged_files_never_crash(data: bytes) -> None:
    try:
        facts = read_elf(data)
    except ValidationError:
        return
    assert not facts.exported


@needs_compiler
def test_random_damage_is_never_more_than_an_error(tmp_path: Path) -> None:
    whole = compiled(tmp_path, "-shared", "-fPIC", "-s")
    for seed in range(300):
        chance, data = random.Random(seed), bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(1024)] = chance.randrange(256)
        with contextlib.suppress(ValidationError):
            assert isinstance(read_elf(bytes(data)), Elf)


@needs_compiler
def test_paths_in_notes(tmp_path: Path) -> None:
    """A note that is not loaded stays in the file after strip, such as BOLT's with its command line."""
    note = '.section .note.tool,\\"\\",@note\\n.string \\"tool /build/some/file\\"\\n.previous'
    program = compiled(
        tmp_path, "-g", "-ffile-prefix-map=/=/", source=f'__asm__("{note}"); int main(void) {{ return 0; }}'
    )
    facts = read_elf(program)
    assert b"/build/some/file" not in program[: facts.loaded]
    path = "python/bin/python3.14"
    tree = read_tree(write(tmp_path, packed({path: program}), FULL.replace("pgo+lto-full", "install_pgo+lto")))
    assert tree.leaks == {path: ("/build/some/file",)}
