"""Every archive that lies in ``dist/`` is tried as a user would; nothing is built here."""

from __future__ import annotations

from pathlib import Path

import pytest

from pythonbuild.disttest import run

DIST = Path(__file__).parents[2] / "dist"
ARCHIVES = sorted(
    path for path in DIST.glob("cpython-*.tar.*") if "-debuginfo." not in path.name and path.suffix != ".json"
)


@pytest.mark.slow
@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)
def test_archive(archive: Path) -> None:
    lines: list[str] = []
    result = run(archive, log=lines.append)
    assert result.ok, "\n".join(line for line in lines if not line.startswith("passed"))
