"""Every target of targets.yml gives limits that the checks can use."""

from __future__ import annotations

from pathlib import Path

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
