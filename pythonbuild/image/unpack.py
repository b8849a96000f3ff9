"""Unpack Debian packages without dpkg and without root.

A ``.deb`` is an ar archive (deb(5)) that holds ``data.tar``, compressed. Owners, device nodes and
set-user-id bits are not kept: the tree belongs to whoever unpacks it, and nobody logs in to it.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import tarfile
from typing import IO, TYPE_CHECKING, cast

from pythonbuild.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60
COPYRIGHT = "/copyright"
COPY_BUFFER = 1 << 20


class Section:
    """A part of a file as a stream of its own, as far as decompressors read it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes of what is left of the part."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        self._left -= len(data)
        return data


def data_member(stream: IO[bytes], name: str) -> tuple[str, Section]:
    """Return the name and content of ``data.tar.*`` in the package ``name``. ``BuildError`` if it has none."""
    if stream.read(len(AR_MAGIC)) != AR_MAGIC:
        raise BuildError(f"{name} is not a Debian package")
    while len(header := stream.read(AR_HEADER)) == AR_HEADER:
        member, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if member.startswith("data.tar"):
            return member, Section(stream, size)
        stream.seek(size + size % 2, os.SEEK_CUR)
    raise BuildError(f"{name} holds no data.tar")


def decompressed(member: str, content: Section) -> IO[bytes]:
    """Return the tar archive in ``content``; how it is compressed shows in the name ``member``."""
    stream = cast("IO[bytes]", content)
    suffix = member.removeprefix("data.tar")
    if suffix == ".xz":
        return lzma.open(stream)
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(stream))
    if suffix == ".zst":
        import zstandard  # noqa: PLC0415 - Debian itself uses xz

        return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(stream))
    if suffix:
        raise BuildError(f"{member}: unknown compression")
    return stream


def members(package: Path, drop: Sequence[str]) -> Iterator[tuple[str, tarfile.TarInfo, tarfile.TarFile]]:
    """Yield (path, member, archive) for what is to be unpacked of ``package``, in the archive's order."""
    with package.open("rb") as stream:
        name, content = data_member(stream, package.name)
        with tarfile.open(fileobj=decompressed(name, content), mode="r|", bufsize=COPY_BUFFER) as archive:
            for member in archive:
                path = member.name.removeprefix("./").rstrip("/")
                dropped = f"{path}/".startswith(tuple(drop)) and not path.endswith(COPYRIGHT)
                if path not in ("", ".") and not dropped:
                    yield path, member, archive


def unpack(package: Path, root: Path, drop: Sequence[str] = ()) -> None:
    """Unpack ``package`` into ``root``, without what lies below the prefixes ``drop``.

    Packages may be unpacked at the same time. ``BuildError`` when the package is broken.
    """
    made: set[Path] = {root}
    try:
        for path, member, archive in members(package, drop):
            if ".." in path.split("/") or path.startswith("/"):
                raise BuildError(f"{package.name} holds the path {member.name}")
            place(archive, member, root / path, root, made)
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise BuildError(f"can't unpack {package.name}: {error}") from error


def place(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, root: Path, made: set[Path]) -> None:
    """Make the one file, link or directory that ``member`` is, at ``path``."""
    if path.parent not in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        made.add(path.parent)
    if member.isdir():
        path.mkdir(exist_ok=True)
    elif member.issym():
        path.unlink(missing_ok=True)
        path.symlink_to(member.linkname)
    elif member.islnk():
        path.unlink(missing_ok=True)
        os.link(root / member.linkname.removeprefix("./"), path)
    elif member.isfile():
        write(archive, member, path)


def write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write the regular file ``member`` to ``path`` with its time and permissions."""
    path.unlink(missing_ok=True)
    content = archive.extractfile(member)
    if content is None:
        raise BuildError(f"{member.name} has no content")
    with path.open("wb") as stream:
        shutil.copyfileobj(content, stream, COPY_BUFFER)
        os.fchmod(stream.fileno(), 0o755 if member.mode & 0o100 else 0o644)
    os.utime(path, (member.mtime, member.mtime))
