"""Builds for newer processors say what an older one lacks: compiled here, with the real and a made-up processor."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "cpython-unix" / "toolchain" / "cpu-level" / "cpu-level.c"
# A processor that has what the bits say, in every leaf: the header of the compiler is replaced by this one.
PROCESSOR = """\
static int __get_cpuid_count(unsigned leaf, unsigned sub, unsigned *a, unsigned *b, unsigned *c, unsigned *d) {
    (void)leaf, (void)sub, *a = *d = 0, *b = EBX, *c = ECX;
    return 1;
}
static int __get_cpuid(unsigned leaf, unsigned *a, unsigned *b, unsigned *c, unsigned *d) {
    return __get_cpuid_count(leaf, 0, a, b, c, d);
}
"""
ALL = 0xFFFFFFFF
AVX512F = 1 << 16
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="this machine has no gcc")


def run(place: Path, level: int, *, ebx: int, ecx: int) -> subprocess.CompletedProcess[str]:
    (place / "cpuid.h").write_text(PROCESSOR)
    (place / "main.c").write_text('#include <stdio.h>\nint main(void) { puts("started"); return 0; }\n')
    program = place / "program"
    subprocess.run(
        [
            "gcc", "-Wall", "-Wextra", "-Werror", f"-DLEVEL={level}", '-DELSEWHERE="x86_64-unknown-linux-gnu"',
            f"-DEBX={ebx}u", f"-DECX={ecx}u", f"-I{place}", SOURCE, place / "main.c", "-o", program,
        ],
        check=True,
    )  # fmt: skip
    return subprocess.run([program], capture_output=True, text=True, check=False)


@needs_compiler
@pytest.mark.parametrize("level", [2, 3, 4])
def test_a_processor_with_everything_starts(tmp_path: Path, level: int) -> None:
    result = run(tmp_path, level, ebx=ALL, ecx=ALL)
    assert (result.returncode, result.stdout, result.stderr) == (0, "started\n", "")


@needs_compiler
@pytest.mark.parametrize(("level", "first", "last"), [(2, "CMPXCHG16B", "LAHF"), (3, "CMPXCHG16B", "OSXSAVE")])
def test_what_is_lacking_is_named(tmp_path: Path, level: int, first: str, last: str) -> None:
    result = run(tmp_path, level, ebx=0, ecx=0)
    assert (result.returncode, result.stdout) == (126, "")
    assert f"x86-64-v{level}, and this one lacks {first}, " in result.stderr
    assert f", {last}.\nTake the one for x86_64-unknown-linux-gnu" in result.stderr


@needs_compiler
def test_only_what_is_lacking_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, 4, ebx=ALL ^ AVX512F, ecx=ALL)
    assert "this one lacks AVX512F.\n" in result.stderr
    assert run(tmp_path, 3, ebx=ALL ^ AVX512F, ecx=ALL).returncode == 0
