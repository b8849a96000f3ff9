"""What libraries are compiled with is data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pythonbuild.errors import DataError
from pythonbuild.render import Renderer
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix

TARGETS = Matrix.load(ROOT / "targets.yml").targets


@pytest.mark.parametrize(
    ("triple", "probes", "sizes"),
    [
        ("x86_64-unknown-linux-gnu", True, True),
        ("x86_64_v4-unknown-linux-musl", True, False),
        ("loongarch64-unknown-linux-gnu", False, True),
        ("armv7-unknown-linux-musleabihf", False, False),
    ],
)
def test_each_target_has_what_its_compiler_and_libc_know(triple: str, *, probes: bool, sizes: bool) -> None:
    words = Renderer(ROOT).library_flags(TARGETS[triple]).split()
    assert "-fstack-protector" in words
    assert ("-fstack-clash-protection" in words) is probes
    assert ("-D_FORTIFY_SOURCE=2" in words) is sizes


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    place = tmp_path / "cpython-unix"
    place.mkdir()
    shutil.copy(ROOT / "cpython-unix" / "libraries.yml", place)
    with (place / "libraries.yml").open("a") as file:
        file.write("compil: []\n")
    with pytest.raises(DataError, match="unknown key 'compil'"):
        Renderer(tmp_path).library_flags(TARGETS["x86_64-unknown-linux-gnu"])
