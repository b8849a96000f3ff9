"""Every selected patch series applies, without fuzz, to every pinned CPython that was downloaded."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from pythonbuild.condition import Facts
from pythonbuild.recipe import load_all
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix, PythonRelease
from tests.data.sources import archive_of

MATRIX = Matrix.load(ROOT / "targets.yml")
CPYTHON = load_all(ROOT / "cpython-unix")["cpython"]


def every_series(release: PythonRelease) -> set[tuple[Path, ...]]:
    """Return each different series that some target and flavor selects for ``release``."""
    found: set[tuple[Path, ...]] = set()
    for target, words in product(MATRIX.targets.values(), ("noopt", "debug", "shared", "static", "freethreaded")):
        plain = target.facts(python=release.minor, flavor=frozenset({words}))
        both: list[Facts] = [replace(plain, cross=False), replace(plain, cross=True)]
        found.update(CPYTHON.selected_patches(facts) for facts in both)
    return found


def unpack_touched(archive: Path, patches: set[Path], tree: Path) -> None:
    """Unpack the files of ``archive`` that one of ``patches`` changes."""
    lines = [line for patch in patches for line in patch.read_text().splitlines()]
    wanted = {line[6:] for line in lines if line.startswith("--- a/")}
    with tarfile.open(archive) as stream:
        for member in stream:
            name = member.name.partition("/")[2]
            if name in wanted:
                member.name = name
                stream.extract(member, tree, filter="data")
                wanted.discard(name)
            if not wanted:
                return
    raise AssertionError(f"{archive.name} lacks {', '.join(sorted(wanted))}")


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch program")
@pytest.mark.parametrize("release", MATRIX.releases, ids=[release.version for release in MATRIX.releases])
def test_every_series_applies_without_fuzz(release: PythonRelease, tmp_path: Path) -> None:
    archive = archive_of(release)
    chosen = every_series(release)
    pristine = tmp_path / "pristine"
    unpack_touched(archive, {patch for patches in chosen for patch in patches}, pristine)
    for number, patches in enumerate(sorted(chosen)):
        tree = tmp_path / str(number)
        shutil.copytree(pristine, tree)
        for patch in patches:
            done = subprocess.run(
                ["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "--force", f"--input={patch}"],
                cwd=tree,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{patch.name}: {done.stdout}"
