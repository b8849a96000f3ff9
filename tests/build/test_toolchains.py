"""Both ways to a compiler's runtime for another processor: a program that needs it is compiled, counted and linked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGET = "aarch64-unknown-linux-gnu"
# A division that the processor has no instruction for, in a program that counts: builtins and profile runtime.
PROGRAM = (
    "int main(int n, char **v) { unsigned __int128 a = (unsigned __int128)n << 70; (void)v; "
    "return (int)((a / (unsigned)(n + 2)) >> 60); }"
)
COMMANDS = (
    "set -e",
    f"echo '{PROGRAM}' > program.c",
    f"clang --config=/tools/toolchain/{TARGET}.cfg -fprofile-generate program.c -o program",
    "llvm-readelf --file-header --version-info --symbols program",
)

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.parametrize("setting", ["compiler-rt=source", "compiler-rt=packaged"])
def test_a_program_of_another_processor_is_linked(setting: str) -> None:
    words = ("shell", "zlib", "--target", TARGET, "--set", setting, "--engine", "namespace")
    done = subprocess.run(
        [ROOT / "build.py", *words],
        cwd=ROOT,
        input="\n".join(COMMANDS) + "\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "AArch64" in done.stdout
    assert "__udivti3" in done.stdout
    assert "__llvm_profile_write_file" in done.stdout
    assert "GLIBC_2.17" in done.stdout
    assert "GLIBC_2.18" not in done.stdout
