"""Trees as tar archives, as an engine's daemon takes and gives them."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import threading
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

CHUNK = 1 << 20


def of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return ``member`` as a file of root, as which commands run inside."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def pack(source: Path, name: str, stream: IO[bytes]) -> None:
    """Write ``source``, called ``name``, to ``stream`` as a tar archive."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK) as archive:
        archive.add(source, name, filter=of_root)


def chunks_of_tree(tree: Path) -> Generator[bytes, None, None]:
    """Yield ``tree`` as a tar archive in pieces, made in another thread as they are taken."""
    reader, writer = os.pipe()

    def fill() -> None:
        try:
            with os.fdopen(writer, "wb") as stream:
                pack(tree, ".", stream)
        except BrokenPipeError:
            return

    thread = threading.Thread(target=fill, name="pack")
    thread.start()
    try:
        with os.fdopen(reader, "rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    finally:
        thread.join()


class Chunks(io.RawIOBase):
    """Pieces of bytes as one readable stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` as far as the current piece goes."""
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def extract(chunks: Iterable[bytes], destination: Path) -> None:
    """Unpack an archive of one tree or file as ``destination``, with modes, links and times.

    The first component of every name, which is what the tree was called inside, is left out.
    """
    stream = cast("IO[bytes]", io.BufferedReader(Chunks(chunks), CHUNK))
    folders = []
    with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as archive:
        for member in archive:
            path = below(destination, member.name)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                folders.append((path, member))
            elif member.isfile():
                _write(archive, member, path)
            elif member.issym():
                path.unlink(missing_ok=True)
                path.symlink_to(member.linkname)
                os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)
            elif member.islnk():
                path.unlink(missing_ok=True)
                path.hardlink_to(below(destination, member.linkname))
    for path, member in reversed(folders):
        path.chmod(member.mode & 0o7777)
        os.utime(path, (member.mtime, member.mtime))


def below(destination: Path, name: str) -> Path:
    """Return the place of the member ``name``, whose first component stands for ``destination``."""
    # podman leaves the first component of a volume's own name empty.
    parts = [part for part in name.removeprefix("./").split("/")[1:] if part not in ("", ".")]
    if ".." in parts:
        raise OSError(f"the archive holds the path {name}")
    return destination.joinpath(*parts)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write one regular file."""
    path.unlink(missing_ok=True)
    content = archive.extractfile(member)
    with path.open("wb") as stream:
        if content is not None:
            shutil.copyfileobj(content, stream, CHUNK)
    path.chmod(member.mode & 0o7777)
    os.utime(path, (member.mtime, member.mtime))
