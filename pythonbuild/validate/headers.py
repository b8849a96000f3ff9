"""Headers of a tar that tarfile would spend all memory or time on: found before it reads them.

The formats are those of POSIX.1-2001 (pax, ``x`` and ``g``) and of GNU tar (``L``, ``K`` and ``S``).
"""

from __future__ import annotations

import re
import tarfile
from typing import Protocol, Self

# A distribution's longest name has 120 letters; macOS takes 1024 bytes, and other systems not many more.
LONGEST_NAME = 1024
# Two such names, in letters of up to four bytes, and times and owners.
_LARGEST = 16 << 10
# GNU tar writes one for the name and one for the link.
_MOST = 4
_SPARSE = "it has a sparse file, which no distribution has"
_EXTENDED = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
# Regular expressions of tarfile look for a word behind digits, from each digit on (CVE-2024-6232).
_MANY_DIGITS = re.compile(rb"[0-9]{41}")


class Stream(Protocol):
    """What a tar is read from: its next bytes can be looked at without taking them."""

    def peek(self, size: int, /) -> bytes:
        """Return the next ``size`` bytes, or fewer at the end."""
        ...


class Member(tarfile.TarInfo):
    """A member of which no header is read that a distribution has no use for. The stream must be a ``Stream``."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """Read the next member; raises tarfile.ReadError for a header that hurts, and what tarfile raises."""
        stream: Stream = tarfile.fileobj  # type: ignore[assignment]
        refuse(stream)
        return super().fromtarfile(tarfile)


def refuse(stream: Stream) -> None:
    """Raise tarfile.ReadError if one of the headers that are next in ``stream`` must not be read.

    All that belong to one member are looked at: which of them tarfile reads by ``fromtarfile`` differs by its version.
    """
    place = 0
    for _ in range(_MOST):
        header = stream.peek(place + tarfile.BLOCKSIZE)[place:]
        kind = header[156:157]
        if kind == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError(_SPARSE)
        if kind == tarfile.XGLTYPE:
            raise tarfile.ReadError("it has a header for all members, which no distribution has")
        if kind not in _EXTENDED:
            return
        try:
            size = tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape").size
        except tarfile.HeaderError:  # tarfile is going to say the same of it
            return
        if not 0 <= size <= _LARGEST:
            raise tarfile.ReadError(f"it has an extended header of {size} bytes")
        place += tarfile.BLOCKSIZE
        _refuse_content(kind, stream.peek(place + size)[place:])
        place += -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    raise tarfile.ReadError(f"it has a member with {_MOST} extended headers or more")


def _refuse_content(kind: bytes, content: bytes) -> None:
    """Raise tarfile.ReadError for a pax header that takes very long, or tells of a sparse file."""
    if kind in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
        if _MANY_DIGITS.search(content):
            raise tarfile.ReadError("it has an extended header with a number of more than 40 digits")
        if b"GNU.sparse." in content:
            raise tarfile.ReadError(_SPARSE)
