"""Every target of targets.yml gives limits that the checks can use."""

from __future__ import annotations

from pathlib import Path

import pytest

from pythonbuild.archives import modules_of
from pythonbuild.target import Matrix
from pythonbuild.validate import limits_of

TARGETS = Path(__file__).parents[2] / "targets.yml"


def test_limits_of_the_first_target() -> None:
    limits = limits_of(Matrix.load(TARGETS).target("x86_64-unknown-linux-gnu"))
    assert (limits.triple, limits.machine, limits.max_glibc) == ("x86_64-unknown-linux-gnu", "X86_64", "2.17")
    assert "libc.so.6" in limits.allowed_needed
    assert "libcrypt.so.1" not in limits.allowed_needed
    assert limits.page_align == 4096
    assert limits.hidden_symbols
    assert (limits.interpreter_type, limits.program_interpreter) == ("EXEC", "/lib64/ld-linux-x86-64.so.2")


def test_a_static_distribution_needs_nothing() -> None:
    limits = limits_of(Matrix.load(TARGETS).target("x86_64-unknown-linux-musl"), ["pgo", "lto", "static"])
    assert (limits.program_interpreter, limits.allowed_needed, limits.static) == ("", frozenset(), True)
    assert limits.max_glibc is None
    dynamic = limits_of(Matrix.load(TARGETS).target("x86_64-unknown-linux-musl"), ["noopt"])
    assert (dynamic.program_interpreter, dynamic.allowed_needed) == ("/lib/ld-musl-x86_64.so.1", frozenset({"libc.so"}))
    assert "statx" in dynamic.banned_symbols


@pytest.mark.parametrize(
    ("triple", "architecture", "abi"),
    [
        ("x86_64-unknown-linux-gnu", "X86_64 (64 bits, little-endian)", ""),
        ("i686-unknown-linux-gnu", "I386 (32 bits, little-endian)", ""),
        ("s390x-unknown-linux-gnu", "S390 (64 bits, big-endian)", ""),
        ("ppc64le-unknown-linux-gnu", "PPC64 (64 bits, little-endian)", "ELFv2"),
        ("armv7-unknown-linux-gnueabihf", "ARM (32 bits, little-endian)", "hard"),
        ("armv7-unknown-linux-gnueabi", "ARM (32 bits, little-endian)", "soft"),
        ("riscv64-unknown-linux-gnu", "RISCV (64 bits, little-endian)", "double"),
    ],
)
def test_what_programs_are_for(triple: str, architecture: str, abi: str) -> None:
    limits = limits_of(Matrix.load(TARGETS).target(triple))
    assert (limits.architecture, limits.abi) == (architecture, abi)


def test_hardening_by_libc_and_flavor() -> None:
    matrix = Matrix.load(TARGETS)
    both, one = frozenset({"stack-protector", "fortify"}), frozenset({"stack-protector"})
    for triple, wanted in (("aarch64-unknown-linux-gnu", both), ("aarch64-unknown-linux-musl", one)):
        limits, debug = (limits_of(matrix.target(triple), words) for words in (["noopt"], ["debug"]))
        assert (limits.hardening, limits.library_hardening) == (wanted, wanted)
        assert (debug.hardening, debug.library_hardening) == (frozenset(), wanted)


def test_extension_modules_by_version_and_flavor() -> None:
    target = Matrix.load(TARGETS).target("x86_64-unknown-linux-musl")

    def build(version: str, name: str, *words: str) -> str:
        archive = Path(f"cpython-{version}+20261123-{target.triple}-noopt-full.tar.zst")
        return (modules_of(target, words, archive) or {}).get(name, "none")

    assert [build("3.14.7", name) for name in ("_ssl", "_datetime", "_tkinter", "_testcapi", "_gdbm")] == [
        "static", "bootstrap", "shared", "test", "disabled",
    ]  # fmt: skip
    assert (build("3.13.15", "_zstd"), build("3.15.0rc2", "_zstd")) == ("none", "static")
    assert build("3.14.7", "_tkinter", "static") == "disabled"
    assert modules_of(target, (), Path("python.tar.zst")) is None
