"""Sources of CPython that a build has downloaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pythonbuild.fetch import cache_name
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from pythonbuild.target import PythonRelease

DOWNLOADS = Path(os.environ.get("PYTHONBUILD_BUILD_DIR", ROOT / "build")) / "downloads"


def archive_of(release: PythonRelease) -> Path:
    """Return the archive of a release; skip the test where nobody has downloaded it."""
    for origin in release.source.origins:
        path = DOWNLOADS / cache_name(origin)
        if path.is_file():
            return path
    pytest.skip(f"the source of {release.title} is not in {DOWNLOADS}")
