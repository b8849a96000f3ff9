"""The list of functions that BOLT is given, and what is swept up after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pythonbuild.inside.post_link import (
    Extent,
    Function,
    Section,
    functions_of,
    merged,
    parse_functions,
    parse_sections,
    vacate,
    vacated,
    without,
)

PROFILE = """\
Counters:
  Objects/bytesobject.c;bytes_buffer_getbuffer:
    Hash: 0x0a4d0ad3efffffff
    Counters: 1
  ceval.c:old_kind:
  PyList_New:
    Hash: 0x0860f3b672a81f21
Instrumentation level: IR  entry_first = 0  instrument_loop_entries = 0
Functions shown: 3
"""

SYMBOLS = """\
Symbol table '.symtab' contains 4 entries:
   Num:    Value          Size Type    Bind   Vis       Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT   UND
     1: 0000000000001010    16 FUNC    LOCAL  DEFAULT     1 moved
     2: 0000000000001000  0x10 FUNC    GLOBAL DEFAULT     1 stayed
     3: 0000000000000000     0 FUNC    GLOBAL DEFAULT   UND elsewhere
"""

SECTIONS = """\
  [Nr] Name                 Type            Address          Off    Size   ES Flg Lk Inf Al
  [ 0]                      NULL            0000000000000000 000000 000000 00      0   0  0
  [ 1] .bolt.org.text       PROGBITS        0000000000001000 000010 000030 00  AX  0   0 16
  [12] .bolt.org.eh_frame   PROGBITS        0000000000000800 000000 000008 00   A  0   0  8
"""


def function(name: str, start: int, end: int) -> Function:
    return Function(name, Extent(start, end))


def test_functions_of_a_profile_get_the_names_that_bolt_has_for_them() -> None:
    names = functions_of(PROFILE)
    assert {"bytes_buffer_getbuffer", "bytes_buffer_getbuffer/1", "old_kind", "PyList_New", "PyList_New/6"} <= set(
        names
    )
    assert not any(name.startswith(("Hash", "Counters", "Functions", "Instrumentation")) for name in names)


def test_a_profile_without_functions_is_refused() -> None:
    with pytest.raises(ValueError, match="no function"):
        functions_of("Counters:\nFunctions shown: 0\n")


def test_only_what_moved_is_vacated_and_jumps_to_the_new_place_stay() -> None:
    before = [function("stayed", 0, 16), function("moved", 16, 48), function("moved_alias", 16, 48)]
    after = [function("stayed", 0, 16), function("moved", 100, 120), function("moved.org.0", 16, 21)]
    assert vacated(before, after) == [Extent(21, 48)]


def test_a_function_that_stayed_keeps_the_bytes_that_it_shares() -> None:
    before = [function("large", 0, 40), function("inner", 8, 16)]
    after = [function("large", 100, 140), function("inner", 8, 16)]
    assert vacated(before, after) == [Extent(0, 8), Extent(16, 40)]


def test_extents_are_merged_and_subtracted() -> None:
    extents = merged([Extent(4, 8), Extent(0, 4), Extent(20, 30), Extent(9, 9)])
    assert extents == [Extent(0, 8), Extent(20, 30)]
    assert without(extents, [Extent(2, 3), Extent(7, 22), Extent(30, 31)]) == [
        Extent(0, 2),
        Extent(3, 7),
        Extent(22, 30),
    ]


def test_tables_of_readelf_are_read() -> None:
    assert parse_functions(SYMBOLS) == [function("moved", 0x1010, 0x1020), function("stayed", 0x1000, 0x1010)]
    assert parse_sections(SECTIONS)[".bolt.org.text"] == Section(0x1000, 0x10, 0x30)


@pytest.fixture
def readelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ``llvm-readelf`` that prints what lies beside the file it is asked about."""
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "llvm-readelf"
    script.write_text(
        f'#!{sys.executable}\nimport sys\nprint(open(sys.argv[3] + "." + sys.argv[1].strip("-")).read())\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_vacating_a_file_changes_dead_bytes_alone(readelf: Path) -> None:
    before, after = readelf / "before", readelf / "after"
    after.write_bytes(b"T" * 16 + b"S" * 16 + b"J" * 5 + b"M" * 11 + b"x" * 16)
    (readelf / "before.symbols").write_text(SYMBOLS)
    (readelf / "after.sections").write_text(SECTIONS)
    (readelf / "after.symbols").write_text(
        SYMBOLS.replace("0000000000001010    16", "0000000000009000    16")
        + "     4: 0000000000001010     5 FUNC    LOCAL  DEFAULT     1 moved.org.0\n"
    )
    assert vacate(before, after) == 8 + 11
    assert after.read_bytes() == bytes(8) + b"T" * 8 + b"S" * 16 + b"J" * 5 + bytes(11) + b"x" * 16


def test_it_runs_as_the_build_calls_it(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text(PROFILE)
    command = [sys.executable, "-m", "pythonbuild.inside.post_link", "functions", str(tmp_path / "profile")]
    result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "PyList_New/1" in result.stdout.split()
