"""The adapter reads real files that the machine's own compiler made."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pythonbuild.errors import ValidationError
from pythonbuild.validate.elf import object_format, read_elf
from pythonbuild.validate.model import Elf

if TYPE_CHECKING:
    from pathlib import Path

CC = shutil.which("gcc") or shutil.which("cc")
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
    assert (facts.stack, facts.bind_now, facts.build_id, facts.textrel) == ("RW", True, True, False)
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
    assert not facts.build_id
    assert "environ" in "".join(facts.copy_relocations)


@needs_compiler
def test_debug_information_and_symbols_do_not_matter(tmp_path: Path) -> None:
    plain = read_elf(compiled(tmp_path, "-shared", "-fPIC", "-s", "-Wl,--build-id=none"))
    debug = read_elf(compiled(tmp_path, "-shared", "-fPIC", "-g", "-Wl,--build-id=none"))
    assert isinstance(plain, Elf)
    assert (plain.imported, plain.exported, plain.needed) == (debug.imported, debug.exported, debug.needed)


@needs_compiler
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
