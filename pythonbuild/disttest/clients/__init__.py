"""Installers that people use, each made to install the archive: ``./build.py test --clients``.

uv, hatch, pdm and pbs-installer are installed from locks into environments of their own. The archive is served as a
release of python-build-standalone is: from a directory, and over HTTP on the loopback interface.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pythonbuild.disttest.clients.entries import Release, tag_of
from pythonbuild.disttest.clients.kit import RELEASES, Kit
from pythonbuild.disttest.clients.server import serving
from pythonbuild.disttest.clients.tools import CLIENTS
from pythonbuild.disttest.model import Outcome, outcome_of
from pythonbuild.validate.archive import read_identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pythonbuild.disttest.clients.tools import Check
    from pythonbuild.disttest.subject import Subject


def outcomes(subject: Subject, archive: Path, way: Mapping[str, str], only: str | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each test; ``only`` keeps those with that text in their name.

    ``way`` are the variables by which pip finds its index. ``DataError`` for an archive whose name has no date,
    ``FetchError`` when no package index can be reached.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    identity = read_identity(archive)
    release = Release(name=archive.name, tag=tag_of(archive.name), sha256=digest, identity=identity)
    root = subject.scratch("releases")
    files = root / RELEASES
    (files / release.tag).mkdir(parents=True)
    (files / release.tag / release.name).symlink_to(archive.resolve())
    with serving(root) as url:
        kit = Kit(subject=subject, release=release, files=files, web=f"{url}/{RELEASES}", way=way)
        for name, check in CLIENTS:
            if not only or only in f"clients.{name}":
                yield tried(kit, f"clients.{name}", check)


def tried(kit: Kit, name: str, check: Check) -> Outcome:
    """Run one test; its exceptions become its outcome."""
    return outcome_of(name, lambda: check(kit))
