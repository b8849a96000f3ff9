"""Deterministic ``.tar.zst`` and ``.tar.gz`` archives: the same tree gives the same bytes, with any threads.

Clients refuse archives with several zstd frames, windows over 2**27, hard links, or more than one top-level
entry; none of these can come out of here.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import zstandard

from pythonbuild.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

CHUNK = 1 << 20
WINDOW_LOG = 27
RELEASE_LEVEL = 20  # from here on the window is full-sized anyway and jobs must be cut smaller for threads to help
RELEASE_JOB = 32 << 20
GZIP_LEVEL = 9
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)

Writer = gzip.GzipFile | zstandard.ZstdCompressionWriter


@dataclass(frozen=True, kw_only=True)
class Compression:
    """How an archive is compressed. The result does not depend on ``threads``, only its time does."""

    level: int = 12
    threads: int = 2

    def parameters(self) -> zstandard.ZstdCompressionParameters:
        """Return zstd's parameters: one frame, long-distance matching, at least one worker thread.

        Output with worker threads differs from output without, and not with their number.
        """
        return zstandard.ZstdCompressionParameters.from_level(
            self.level,
            window_log=WINDOW_LOG,
            enable_ldm=True,
            threads=max(1, self.threads),
            job_size=RELEASE_JOB if self.level >= RELEASE_LEVEL else 0,
            write_checksum=True,
            write_content_size=False,
        )


def collect(root: Path, prefix: str) -> dict[str, Path]:
    """Return every file, link and directory below ``root`` by its name in an archive, which ``prefix`` starts."""
    found: dict[str, Path] = {}
    for directory, names, files in os.walk(root):
        base = root if directory == str(root) else root / os.path.relpath(directory, root)
        for name in (*names, *files):
            path = base / name
            found[f"{prefix}/{path.relative_to(root).as_posix()}"] = path
    return found


def write_archive(  # noqa: PLR0913 - all by name
    destination: Path,
    members: Mapping[str, Path | bytes],
    *,
    first: Iterable[str] = (),
    epoch: int,
    compression: Compression,
    progress: Callable[[int], object] = lambda _amount: None,
) -> None:
    """Write ``members`` (name -> file, link, directory or content) to ``destination``, sorted by name.

    Its suffix says how it is compressed; ``compression`` is for zstd. Those in ``first`` come first. ``epoch`` is
    the time of every member, in seconds. ``progress`` is called with the bytes of each piece that was read.
    ``BuildError`` when it can't be written; nothing half-made stays.
    """
    leading = [name for name in first if name in members]
    names = [*leading, *sorted(set(members) - set(leading))]
    with (
        replacing(destination) as stream,
        compressed_stream(stream, destination.suffix, compression) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK) as tar,
    ):
        for name in names:
            add(tar, name, members[name], epoch, progress)


def compressed_stream(stream: IO[bytes], suffix: str, compression: Compression) -> Writer:
    """Return a stream that compresses into ``stream``: a single member for ``.gz``, a single frame for ``.zst``."""
    if suffix == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=GZIP_LEVEL, mtime=0)
    compressor = zstandard.ZstdCompressor(compression_params=compression.parameters())
    return compressor.stream_writer(stream, closefd=False)


@contextmanager
def replacing(destination: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``destination``; synced and renamed at the end, removed on failure."""
    partial = destination.with_name(f".{destination.name}.partial")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(destination)
    except OSError as error:
        hint = "free some space and run the same command again; nothing that was built is lost"
        raise BuildError(
            f"can't write {destination}: {error.strerror or error}", hint=hint if error.errno in FULL_DISK else None
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def add(tar: tarfile.TarFile, name: str, content: Path | bytes, epoch: int, progress: Callable[[int], object]) -> None:
    """Add one member. Owner, group and times are neutral; of the mode only 'executable' is kept."""
    info = tarfile.TarInfo(name)
    info.mtime = epoch
    info.mode = 0o644
    if isinstance(content, bytes):
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        return
    status = content.lstat()
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(content.readlink()), 0o777
        tar.addfile(info)
    elif stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    else:
        info.size = status.st_size
        info.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        with content.open("rb") as stream:
            tar.addfile(info, stream)
        progress(status.st_size)
