"""``SHA256SUMS`` beside the archives: the one index that installers read, and ``sha256sum -c`` as well.

Its form is that of python-build-standalone's releases: digest, two spaces, name; sorted by name. Only archives are in
it: readers of that file expect names of archives, and the documents beside each archive name it with its digest.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pythonbuild.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAME = "SHA256SUMS"
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>[^/\s]+)")


def list_archives(dist: Path, archives: Iterable[Path], *, fresh: bool) -> Path:
    """Write the digests of ``archives`` into the list in ``dist``, and return its path.

    Those that are not ``fresh`` are read only where the list lacks them. Lines of other archives are kept as long as
    the archives are there: builds of several targets fill one directory, even at the same time.
    """
    path = dist / NAME
    with locked(dist / f".{NAME}.lock"):
        known = read_list(path)
        known |= {one.name: sha256_of(one) for one in archives if fresh or one.name not in known}
        write_list(path, {name: digest for name, digest in known.items() if (dist / name).is_file()})
    return path


def unlist(dist: Path, archives: Iterable[Path]) -> None:
    """Take ``archives`` out of the list in ``dist``: they are there, but are not to be released."""
    path = dist / NAME
    with locked(dist / f".{NAME}.lock"):
        if path.is_file():
            names = {one.name for one in archives}
            write_list(path, {name: digest for name, digest in read_list(path).items() if name not in names})


def read_list(path: Path) -> dict[str, str]:
    """Return the digest of each name of a list; nothing where there is none. Lines of another form are left out."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {found["name"]: found["digest"] for line in text.splitlines() if (found := _LINE.fullmatch(line))}


def write_list(path: Path, digests: Mapping[str, str]) -> None:
    """Write a list in one step, so that nobody reads a half of it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("".join(f"{digests[name]}  {name}\n" for name in sorted(digests)), encoding="utf-8")
    partial.rename(path)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
