"""Streaming a ``.tar.zst`` or ``.tar.gz`` once: its form, its members, and a safe way to unpack it.

An archive may be hostile or damaged: everything that goes wrong here is a ValidationError of one line.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import zlib
from collections import Counter
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

import zstandard

from pythonbuild.errors import ValidationError
from pythonbuild.package.archives import INSTALL_RECORD, METADATA
from pythonbuild.validate.headers import LONGEST_NAME, Member
from pythonbuild.validate.model import Entry, Form, Identity, new_parents
from pythonbuild.validate.names import name_identity, version_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20
_LARGEST_METADATA = 16 << 20
MAX_WINDOW = 1 << 27
# A decoder sets this much memory aside for what it is told; a larger window is an attack or a mistake.
_LARGEST_WINDOW = 1 << 29
# Compressed bytes that are taken at a time. A block of zstd says in four bytes that 128 KiB are the same byte, so that
# these are at most 128 MiB; gzip makes no more than a thousandfold.
_INPUT = 4 << 10
# A distribution is 60 to 900 MB of about 10,000 members, and four to eight times as large as its archive.
_MOST_MEMBERS = 200_000
_MOST_BYTES = 16 << 30
_UNSUSPICIOUS = 256 << 20
_LARGEST_RATIO = 100

# The files that an archive can begin with, and the keys that hold version, target and options.
IDENTITY_KEYS = {
    METADATA: ("python_version", "target_triple", "build_options"),
    INSTALL_RECORD: ("python", "target", "options"),
}

_KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink",
          tarfile.LNKTYPE: "hardlink"}  # fmt: skip


class _Decompressor(Protocol):
    """What zlib and zstandard decompression objects share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class FrameReader(io.RawIOBase):
    """The decompressed bytes of the first frame of a file, readable forwards only.

    ``last`` is the last block that was read, and ``single`` says, once all is read, that nothing follows the frame.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file = path.open("rb")
        head = self._file.read(18)
        self._file.seek(0)
        self.compression, self.window = _compression(path, head)
        self._engine = _engine(self.compression)
        self._buffer = b""
        self._used = 0
        self._position = 0
        self._made = 0
        self._largest = min(_MOST_BYTES, max(_UNSUSPICIOUS, path.stat().st_size * _LARGEST_RATIO))
        self.last = b""

    def readable(self) -> bool:
        """Say yes: a reader."""
        return True

    def tell(self) -> int:
        """Return the place in the decompressed bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go forwards by reading; tarfile never goes back."""
        if whence != io.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("only forwards")
        while self._position < offset and self.read(min(_CHUNK, offset - self._position)):
            pass
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes, or fewer at the end of the frame."""
        parts, missing = [], size if size >= 0 else 1 << 62
        while missing > 0 and (self._used < len(self._buffer) or self._fill()):
            part = self._buffer[self._used : self._used + missing]
            self._used += len(part)
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self._position += len(data)
        self.last = data[-tarfile.BLOCKSIZE :]
        return data

    def peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or fewer at the end of the frame, and don't go on."""
        while len(self._buffer) - self._used < size:
            rest = self._buffer[self._used :]
            more = self._fill()
            self._buffer = rest + self._buffer
            if not more:
                break
        return self._buffer[self._used : self._used + size]

    def _fill(self) -> bool:
        """Decompress the next piece; False at the end of the frame."""
        self._buffer, self._used = b"", 0
        while not self._buffer and not self._engine.eof:
            raw = self._file.read(_INPUT)
            if not raw:
                raise ValidationError(f"{self._path.name}: the archive is cut off")
            try:
                self._buffer = self._engine.decompress(raw)
            except (zstandard.ZstdError, zlib.error) as error:
                raise ValidationError(f"{self._path.name}: damaged {self.compression} data: {error}") from error
        self._made += len(self._buffer)
        if self._made > self._largest:
            raise ValidationError(
                f"{self._path.name}: more than {self._largest} bytes come out of it, which no distribution holds"
            )
        return bool(self._buffer)

    def finish(self) -> bool:
        """Read to the end of the frame (checking its checksum); say whether the file ends there too."""
        while self.read(_CHUNK):
            pass
        return not self._engine.unused_data and not self._file.read(1)

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()


def _compression(path: Path, head: bytes) -> tuple[str, int]:
    """Name the compression and the window that a reader must have, from the first bytes (RFC 8878, RFC 1952)."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip", 1 << 15
    if not head.startswith(b"\x28\xb5\x2f\xfd"):
        raise ValidationError(
            f"{path.name}: not a distribution archive", hint="expected a .tar.zst (or .tar.gz) made by ./build.py"
        )
    try:
        window = zstandard.get_frame_parameters(head).window_size
    except zstandard.ZstdError as error:
        raise ValidationError(f"{path.name}: damaged zstd header: {error}") from error
    if window > _LARGEST_WINDOW:
        raise ValidationError(f"{path.name}: wants a window of {window} bytes, more than any reader gives")
    return "zstd", window


def _engine(compression: str) -> _Decompressor:
    if compression == "gzip":
        return zlib.decompressobj(31)
    return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()


class ArchiveReader:
    """Members of one archive, in order, each with a way to read it while it is the current one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = FrameReader(path)
        self._tar: tarfile.TarFile | None = None
        self._single = True

    def __iter__(self) -> Iterator[tuple[Entry, tarfile.TarInfo]]:
        """Yield every member. Raises ValidationError unless the tar ends as a tar does."""
        self._tar = tarfile.open(fileobj=self._stream, mode="r:", tarinfo=Member)  # noqa: SIM115 - closed with the stream
        directories: set[str] = set()
        for number, member in enumerate(self._tar):
            entry = _entry(member)
            if max(len(entry.path), len(entry.target)) > LONGEST_NAME:
                raise ValidationError(f"{self.path.name}: has a name or a link of more than {LONGEST_NAME} letters")
            directories.update(new_parents(entry.path, directories))
            if number + len(directories) >= _MOST_MEMBERS:
                raise ValidationError(f"{self.path.name}: has more than {_MOST_MEMBERS} members and directories")
            yield entry, member
            self._tar.members.clear()  # type: ignore[attr-defined]  # else every header is kept
        if any(self._stream.last) or not self._stream.last:
            raise ValidationError(f"{self.path.name}: the tar inside is damaged after byte {self._stream.tell()}")
        self._single = self._stream.finish()

    def open(self, member: tarfile.TarInfo) -> io.BufferedReader:
        """Return the content of the current member, which must be a regular file."""
        assert self._tar is not None  # noqa: S101 - only called while iterating
        content = self._tar.extractfile(member)
        assert content is not None  # noqa: S101 - callers ask for regular files
        return content  # type: ignore[return-value]

    def form(self) -> Form:
        """How the archive is encoded; whole once every member was seen."""
        return Form(compression=self._stream.compression, window=self._stream.window, single_frame=self._single)

    def close(self) -> None:
        """Close the file below."""
        self._stream.close()


@contextmanager
def opened(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive for one pass. Raises ValidationError when it can't be read."""
    try:
        reader = ArchiveReader(path)
    except OSError as error:
        raise ValidationError(f"{path}: {error.strerror or error}") from error
    try:
        yield reader
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ValidationError(f"{path.name}: not a readable tar inside: {error}") from error
    except (MemoryError, RecursionError) as error:
        raise too_much(path) from error
    finally:
        reader.close()


def too_much(path: Path) -> ValidationError:
    """Return what is said of an archive when Python gives up."""
    return ValidationError(f"{path.name}: reading it takes more memory than there is, or it is nested too deeply")


def _entry(member: tarfile.TarInfo) -> Entry:
    return Entry(
        path=member.name.removeprefix("./"),
        kind=_KINDS.get(member.type, "other"),
        size=member.size,
        mode=member.mode,
        target=member.linkname,
    )


def escapes(entry: Entry) -> bool:
    """Say whether the member, or the target of its link, lies outside the archive's own tree.

    In a target, ``..`` may stand at the front only. Behind a name it would lead to somewhere else if that name is a
    link. Without, and with nothing below a link (``unpack`` and the check ``members`` see to it), names alone tell.
    """
    path = PurePosixPath(entry.path)
    if path.is_absolute() or ".." in path.parts:
        return True
    if entry.kind == "hardlink":
        return escapes(Entry(path=entry.target, kind="file"))
    if entry.kind != "symlink":
        return False
    target = PurePosixPath(entry.target)
    up = next((place for place, part in enumerate(target.parts) if part != ".."), len(target.parts))
    # A link that lies in python/ has one directory above it, which is the tree itself.
    return target.is_absolute() or ".." in target.parts[up:] or up > len(path.parts) - 2


def unpack(archive: Path, directory: Path) -> None:
    """Unpack into an existing directory; refuse members that would leave it.

    Raises ValidationError for such a member, and for an archive that can't be read.
    """
    root = directory.resolve()
    with opened(archive) as reader:
        for entry, member in reader:
            place = root / entry.path
            # Not Path.resolve(), which raises RuntimeError where links lead in a circle.
            through_a_link = os.path.realpath(place.parent) != str(place.parent)
            if escapes(entry) or entry.kind in {"hardlink", "other"} or through_a_link:
                raise ValidationError(f"{archive.name}: refusing to unpack {entry.kind} {entry.path!r}")
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                _write(reader, entry, member, place)
            except OSError as error:
                raise ValidationError(f"{archive.name}: can't unpack {entry.path!r}: {error.strerror}") from error


def _write(reader: ArchiveReader, entry: Entry, member: tarfile.TarInfo, place: Path) -> None:
    """Create one file, directory or link. An archive's own modes count, but the owner can always write."""
    if place.is_symlink() or (entry.kind == "file" and place.exists()):
        place.unlink()
    if entry.kind == "dir":
        place.mkdir(exist_ok=True)
        place.chmod((entry.mode | 0o700) & 0o777)
    elif entry.kind == "symlink":
        place.symlink_to(entry.target)
    else:
        with place.open("wb") as file:
            shutil.copyfileobj(reader.open(member), file, _CHUNK)
        place.chmod((entry.mode | 0o200) & 0o777)


def read_identity(archive: Path) -> Identity:
    """Say what an archive claims to be: by PYTHON.json or its build record where one comes first, else by its name.

    Raises ValidationError when none of them tells.
    """
    named = name_identity(archive.name)
    with opened(archive) as reader:
        first = next(iter(reader), None)
        for path, keys in IDENTITY_KEYS.items():
            if first and first[0].path == path:
                data = read_json(archive.name, reader, *first)
                kind = "full" if path == METADATA else named.kind if named else "install"
                return identity_of(data, keys, kind, f"{archive.name}: {PurePosixPath(path).name}")
    if named is None:
        raise ValidationError(
            f"{archive.name}: neither PYTHON.json nor the file name says what this is",
            hint="a name is cpython-VERSION+DATE-TRIPLE-OPTIONS-full.tar.zst or ...-TRIPLE-install_OPTIONS.tar.zst",
        )
    return named


def read_json(name: str, reader: ArchiveReader, entry: Entry, member: tarfile.TarInfo) -> dict[str, Any]:
    """Parse the current member, strictly.

    Raises ValidationError when it is no JSON object of a reasonable size, has a key twice, or a number that JSON lacks.
    """
    where = f"{name}: {PurePosixPath(entry.path).name}"
    if member.size > _LARGEST_METADATA or not member.isfile():
        raise ValidationError(f"{where} is not a file of a reasonable size")
    try:
        data = json.loads(reader.open(member).read(), parse_constant=_no_constant, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{where} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ValidationError(f"{where} is not a JSON object")
    return data


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of ``pairs``; two readers of one key given twice might see different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"key {name[:60]!r} occurs twice")
    return found


def identity_of(data: dict[str, Any], keys: tuple[str, str, str], kind: str, where: str) -> Identity:
    """Read the identity out of the values of three ``keys``.

    Raises ValidationError when one is missing, or the version is none: conditions on it could not be decided.
    """
    missing = [key for key in keys if not isinstance(data.get(key), str)]
    if missing:
        raise ValidationError(f"{where} lacks {', '.join(missing)}")
    version, triple, options = (data[key] for key in keys)
    if version_parts(version) is None:
        raise ValidationError(f"{where} says {keys[0]} is {version[:60]!r}, which is no version of Python")
    return Identity(version=version, triple=triple, options=options, kind=kind)
