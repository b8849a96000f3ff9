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
