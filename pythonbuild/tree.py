"""A directory with CPython's source in place of a pinned release: an unreleased branch, a patched tree.

A checkout counts as the files that git tracks, with what is changed in them; another directory as all its files.
They are packed into one archive that depends on nothing else, so that its sha256 stands for the tree in every
key, and a build reads the archive as it would read a release.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pythonbuild.errors import DataError

# One time for all files: make must not find that a generated file is older than what it was made from.
EPOCH = 1577836800
_VERSION = re.compile(r'^#define\s+PY_VERSION\s+"(?P<version>(?P<minor>\d+\.\d+)[^"]*)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """A source tree as it was when it was read: its version, and the pins of the archive made of it."""

    path: Path
    version: str
    minor: str
    size: int
    sha256: str


class _Counter(io.RawIOBase):
    """A file that keeps only the length and the sha256 of what is written to it."""

    def __init__(self) -> None:
        self.size = 0
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        self.size += len(data)
        self.hash.update(data)
        return len(data)


def read_tree(path: Path) -> SourceTree:
    """Return the tree at ``path``; ``DataError`` if that is no source tree of CPython."""
    place = path / "Include" / "patchlevel.h"
    try:
        match = _VERSION.search(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path} is no source tree of CPython: {place}: {error.strerror}",
            hint="name the directory that holds configure and Include",
        ) from None
    if match is None:
        raise DataError(f"{place} names no PY_VERSION")
    counter = _Counter()
    pack(path, cast("IO[bytes]", counter))
    return SourceTree(
        path=path, version=match["version"], minor=match["minor"], size=counter.size, sha256=counter.hash.hexdigest()
    )


def pack(path: Path, output: IO[bytes]) -> None:
    """Write the tree at ``path`` as an archive; the same files always give the same bytes."""
    with tarfile.open(fileobj=output, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        for name in files(path):
            file = path / name
            member = tarfile.TarInfo(f"cpython/{name}")
            member.mtime = EPOCH
            if file.is_symlink():
                member.type, member.linkname = tarfile.SYMTYPE, str(file.readlink())
                archive.addfile(member)
                continue
            data = file.read_bytes()
            member.size = len(data)
            member.mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
            archive.addfile(member, io.BytesIO(data))


def files(path: Path) -> list[str]:
    """Return the files of a tree, sorted; those that git tracks where it is a checkout."""
    names = tracked(path) if (path / ".git").exists() else below(path)
    return sorted(name for name in names if (path / name).is_symlink() or (path / name).is_file())


def tracked(path: Path) -> list[str]:
    """Return the files that git tracks in the checkout ``path``."""
    try:
        done = subprocess.run(["git", "-C", str(path), "ls-files", "-z"], capture_output=True, check=True)
    except FileNotFoundError:
        raise DataError(f"{path} is a git checkout, and there is no git", hint="install git") from None
    except subprocess.CalledProcessError as error:
        raise DataError(
            f"git can't list the files of {path}: {error.stderr.decode(errors='replace').strip()}"
        ) from None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def below(path: Path) -> list[str]:
    """Return all files of a directory, byte code aside."""
    found = []
    for place, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__"]
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [(Path(place) / name).relative_to(path).as_posix() for name in (*names, *links)]
    return found
