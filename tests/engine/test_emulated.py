"""ci/emulated.py: programs of another processor run like those of this one, in a namespace of their own."""

from __future__ import annotations

import os
import platform
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci_modules import load_program

SCRIPT = Path(__file__).parents[2] / "ci" / "emulated.py"
ARM, S390 = 40, 22
# Exits with 42 (mov r0, #42; mov r7, #1; svc 0), with 43 on a processor without division (mov r1, #1; udiv r0, r0, r1).
LEAVE = (0xE3A0002A, 0xE3A07001, 0xEF000000)
DIVIDE = (0xE3A0002B, 0xE3A01001, 0xE730F110, *LEAVE[1:])


def head(machine: int, *, order: str, kind: int = 2, bits: int = 1) -> bytes:
    """Return the first bytes of an ELF file (elf.h)."""
    ident = b"\x7fELF" + bytes([bits, 2 if order == ">" else 1, 1]) + bytes(9)
    return ident + struct.pack(f"{order}HHI", kind, machine, 1)


def program(path: Path, instructions: tuple[int, ...]) -> Path:
    """Write a program of 32-bit ARM that has no libraries."""
    start, length = 84, 84 + 4 * len(instructions)
    rest = struct.pack("<IIIIHHHHHH", 0x10000 + start, 52, 0, 0x5000400, 52, 32, 1, 40, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, 0x10000, 0x10000, length, length, 5, 0x1000)
    code = struct.pack(f"<{len(instructions)}I", *instructions)
    path.write_bytes(head(ARM, order="<") + rest + segment + code)
    path.chmod(0o755)
    return path


def emulated(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, words)]
    environment = {name: value for name, value in os.environ.items() if name != "QEMU_CPU"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree like that of the job `emulator`, with the machine's own qemu-arm."""
    if platform.system() != "Linux" or tuple(map(int, re.findall(r"\d+", platform.release())[:2])) < (6, 7):
        pytest.skip("binfmt_misc has namespaces since Linux 6.7")
    emulator = shutil.which("qemu-arm")
    if emulator is None:
        pytest.skip("this machine has no qemu-arm (Debian: qemu-user)")
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
        pytest.skip("this machine has no namespaces")
    for directory in ("tools/host/bin", "tools/emulator/lib"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "tools/host/bin/qemu-arm").symlink_to(emulator)
    return tmp_path


def test_a_program_of_another_processor_runs(tree: Path) -> None:
    leave = program(tree / "leave", LEAVE)
    assert emulated(tree, leave, leave).returncode == 42
    # Started by a program of this machine, too.
    done = emulated(tree, leave, "sh", "-c", f"{leave}; echo it said $?")
    assert done.stdout == "it said 42\n"


def test_the_processor_is_the_one_that_was_asked_for(tree: Path) -> None:
    divide = program(tree / "divide", DIVIDE)
    assert emulated("--cpu", "cortex-a15", tree, divide, divide).returncode == 43
    # A Cortex-A8 has no division: qemu says so, and the shell that the signal came to.
    done = emulated("--cpu", "cortex-a8", tree, divide, "sh", "-c", f"{divide}; echo it said $?")
    assert done.stdout == "it said 132\n"


def test_a_tree_without_emulator_is_told(tree: Path) -> None:
    (tree / "tools/host/bin/qemu-arm").unlink()
    done = emulated(tree, program(tree / "leave", LEAVE), "true")
    assert done.returncode == 1
    assert "no emulator in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_is_no_program_of_another_processor(tree: Path) -> None:
    script = tree / "script"
    script.write_text("#!/bin/sh\n")
    done = emulated(tree, script, "true")
    assert done.returncode == 1
    assert "is no ELF file" in done.stderr


@pytest.mark.parametrize("command", [["no-such-command"], ["/"]])
def test_a_command_that_is_not_there_is_told(tree: Path, command: list[str]) -> None:
    done = emulated(tree, program(tree / "leave", LEAVE), *command)
    assert done.returncode == 1
    assert done.stderr.startswith(f"ci/emulated.py: {command[0]}: ")
    assert "Traceback" not in done.stderr


def test_a_program_that_crashes_says_so_as_in_a_shell(tree: Path) -> None:
    divide = program(tree / "divide", DIVIDE)
    assert emulated("--cpu", "cortex-a8", tree, divide, divide).returncode == 132


def test_nothing_is_left_behind(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tree / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    assert emulated(tree, program(tree / "leave", LEAVE), "true").returncode == 0
    assert not list(place.iterdir())


def test_what_is_missing_is_told() -> None:
    done = emulated("--cpu", "cortex-a8", "tree")
    assert done.returncode == 2
    assert "ci/emulated.py [--cpu NAME] TREE" in done.stderr


def test_a_head_is_known_by_all_that_belongs_to_its_processor() -> None:
    line = load_program("emulated").registration(head(S390, order=">", kind=3, bits=2), Path("/e"))
    _, name, how, place, magic, mask, emulator, flags = line.decode().split(":")
    assert (name, how, place, emulator, flags) == ("emulated", "M", "", "/e", "F")
    values = bytes.fromhex(magic.replace("\\x", "")), bytes.fromhex(mask.replace("\\x", ""))

    def known(each: bytes) -> bool:
        return all(byte & bits == want for byte, want, bits in zip(each[: len(values[0])], *values, strict=True))

    assert known(head(S390, order=">", kind=2, bits=2))
    assert known(head(S390, order=">", kind=3, bits=2))
    assert not known(head(S390, order=">", kind=1, bits=2))
    assert not known(head(S390, order="<", kind=2, bits=2))
    assert not known(head(ARM, order=">", kind=2, bits=2))
