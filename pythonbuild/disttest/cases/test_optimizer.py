"""What the build record says of optimization is what the interpreter shows."""

from __future__ import annotations

import json
import os
import re
import struct
import sys
import sysconfig
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = Path(sys.base_prefix)
# In an installation, and beside that of a full archive.
RECORDS = (PREFIX / "share" / "pythonbuild" / "build-record.json", PREFIX.parent / "build-record.json")
# CPython and the libraries that share its profile have about 12,500; a lost part of the counts would show.
FUNCTIONS = 8000


def dwarf_versions(program: bytes) -> dict[str, set[int]]:
    """Return the versions in .debug_info of a 64-bit little-endian ELF file (elf.h); nothing where there is none."""
    if program[4:6] != b"\2\1":
        return {}
    start, (size, count, names) = int.from_bytes(program[40:48], "little"), struct.unpack_from("<HHH", program, 58)
    # Name, type, flags, address, offset, size.
    rows = [struct.unpack_from("<IIQQQQ", program, start + size * number) for number in range(count)]
    found = {}
    for name, _, flags, _, offset, length in rows:
        text = name_at(program, rows[names][4] + name)
        if text == ".debug_info" and not flags & 0x800:  # SHF_COMPRESSED
            found[text] = set(units(program[offset : offset + length]))
    return found


def name_at(data: bytes, place: int) -> str:
    """Return the text that begins at a place and ends with a zero byte."""
    return data[place : data.index(b"\0", place)].decode()


def units(info: bytes) -> Iterator[int]:
    """Yield the DWARF version of each unit: its length in 32 bits, then the version in 16 (DWARF 4, 7.5.1.1)."""
    place = 0
    while place < len(info):
        length, version = struct.unpack_from("<IH", info, place)
        yield version
        place += 4 + length


class Optimizer(unittest.TestCase):
    def setUp(self) -> None:
        found = next((path for path in RECORDS if path.is_file()), None)
        if found is None:
            self.skipTest("the distribution has no build record")
        self.record: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        # What the project's data says, so that a stage that was lost on the way is missed.
        self.stages: list[str] = self.record["stages"] if facts["stages"] is None else facts["stages"]
        self.configured = str(sysconfig.get_config_var("CONFIG_ARGS"))

    def test_profile(self) -> None:
        """A profile was applied where the flavor says so, it is whole, and most of it fitted."""
        if "pgo" not in self.record["options"].split("+"):
            self.assertNotIn("profile", self.record)
            self.skipTest("this flavor has no profile")
        self.assertEqual(self.record["stages"], self.stages)
        match: dict[str, int] = self.record["profile_match"]
        self.assertEqual(len(self.record["profile"]), 64)
        self.assertGreater(match["functions"], FUNCTIONS)
        self.assertLess(match["mismatched"], match["functions"] / 4)
        self.assertLess(match["discarded"], match["counts"] / 2)

    def test_post_link(self) -> None:
        """BOLT moved the code of the interpreter where that stage ran, and debug information is what it can rewrite."""
        program = Path(sys.executable).resolve().read_bytes()
        bolted = "bolt" in self.stages
        # Where the code lay before keeps a name of its own.
        self.assertEqual(b".bolt.org.text\0" in program, bolted)
        self.assertEqual("bolt" in self.record["stages"], bolted, "the record names bolt")
        for name, versions in dwarf_versions(program).items():
            self.assertEqual(versions, {4}, name)
        if bolted:
            self.assertIn("-update-debug-sections", self.record["flags"]["bolt"])
            self.assertIn("-fdebug-default-version=4", " ".join(self.record["flags"]["make"]))

    def test_tail_calls(self) -> None:
        """The interpreter calls from instruction to instruction where that stage ran, and nowhere else."""
        if sys.version_info < (3, 14):
            self.assertNotIn("tail-call", [*self.stages, *self.record["stages"]])
            self.skipTest("CPython has it since 3.14")
        stage = "tail-call" in self.stages
        self.assertEqual("tail-call" in self.record["stages"], stage, "the record names tail-call")
        self.assertEqual("--with-tail-call-interp" in self.configured, stage, "--with-tail-call-interp")
        # With another name in 3.15, which sysconfig takes for no variable.
        header = Path(sysconfig.get_config_h_filename()).read_text(encoding="utf-8")
        self.assertEqual(bool(re.search(r"^#define _?Py_TAIL_CALL_INTERP 1$", header, re.MULTILINE)), stage)

    def test_no_just_in_time_compiler(self) -> None:
        """There is none: it would be compiled with flags of its own."""
        self.assertNotIn("--enable-experimental-jit", self.configured)
        if sys.version_info >= (3, 14):
            self.assertFalse(sys._jit.is_available())  # noqa: SLF001 - it has no other name
