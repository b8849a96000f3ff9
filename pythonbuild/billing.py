"""The bill of materials of each archive: what its files hold, as documents in it and beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pythonbuild.bundled import component_of
from pythonbuild.package.archives import DEBUG, METADATA
from pythonbuild.package.parts import WHEEL
from pythonbuild.package.provenance import PROVENANCE, provenance_json
from pythonbuild.package.sbom import (
    CYCLONEDX,
    INSTALL_PLACES,
    PLACES,
    SPDX,
    WITHOUT_PROGRAMS,
    Bill,
    BilledFile,
)
from pythonbuild.validate.elf import object_format, read_elf

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pythonbuild.package.parts import Parts
    from pythonbuild.package.provenance import Origin
    from pythonbuild.package.sbom import Component

HEAD = 18


@dataclass(frozen=True, kw_only=True)
class Biller:
    """Writes the bills of one distribution, called ``name``.

    ``debug`` maps a build-id to the path, in the installation, of the file that has it. Files are in several archives;
    each is read once.
    """

    name: str
    version: str
    components: tuple[Component, ...]
    parts: Parts
    debug: Mapping[str, str]
    known: dict[Path, tuple[str, str] | None] = field(default_factory=dict, compare=False, repr=False)

    def bill(self, members: Mapping[str, Path | bytes], created: datetime) -> Bill:
        """Return the bill of an archive that holds ``members``."""
        files = tuple(file for name in sorted(members) if (file := self.billed(name, members[name])))
        return Bill(
            name=self.name,
            version=self.version,
            created=created,
            components=(*self.components, *wheels(members)),
            files=files,
        )

    def billed(self, name: str, content: Path | bytes) -> BilledFile | None:
        """Return a member as a bill has it; None for one that holds no code of components."""
        if isinstance(content, bytes):
            return None
        if content not in self.known:
            self.known[content] = digests(content) if holds_code(content) else None
        found = self.known[content]
        if found is None:
            return None
        sha1, sha256 = found
        return BilledFile(path=name, sha1=sha1, sha256=sha256, contents=self.parts.contents(self.place(name)))

    def place(self, name: str) -> str:
        """Return where a member of any archive lies in the installation, or ``build/`` and its place there."""
        for prefix in (f"{DEBUG}/.build-id/", "python/install/", "python/"):
            if name.startswith(prefix):
                rest = name.removeprefix(prefix)
                return self.debug.get(rest.removesuffix(".debug").replace("/", ""), "") if "debug" in prefix else rest
        return name


def holds_code(path: Path) -> bool:
    """Return whether a file is a program, a library of either kind, a wheel, or a font."""
    if path.is_symlink() or not path.is_file():
        return False
    if path.suffix in WITHOUT_PROGRAMS:
        return True
    with path.open("rb") as stream:
        return object_format(stream.read(HEAD)) == "elf"


def digests(path: Path) -> tuple[str, str]:
    """Return sha1, which SPDX 2.3 demands of files, and sha256 of a file."""
    data = path.read_bytes()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest()


def wheels(members: Mapping[str, Path | bytes]) -> tuple[Component, ...]:
    """Return the wheels for ``ensurepip`` among ``members`` as components: CPython's own source has them."""
    found = (
        component_of(name, content.read_bytes())
        for name, content in sorted(members.items())
        if WHEEL.fullmatch(name) and not isinstance(content, bytes)
    )
    return tuple({component.name: component for component in found}.values())


def build_ids(stripped: Path) -> dict[str, str]:
    """Return the path of each program and library below ``stripped`` by its build-id."""
    paths = sorted(path for path in stripped.rglob("*") if holds_code(path) and path.suffix not in WITHOUT_PROGRAMS)
    return {read_elf(path.read_bytes()).build_id: path.relative_to(stripped).as_posix() for path in paths}


def documents(bill: Bill) -> dict[str, bytes]:
    """Return the text of both documents by their format."""
    from pythonbuild.package.cyclonedx import cyclonedx_json  # noqa: PLC0415 - takes a while to import
    from pythonbuild.package.spdx import spdx_json  # noqa: PLC0415 - as above

    return {SPDX: spdx_json(bill), CYCLONEDX: cyclonedx_json(bill)}


def with_bill(members: Mapping[str, Path | bytes], bill: Bill) -> dict[str, Path | bytes]:
    """Return ``members`` and both documents of ``bill``, where an archive of this kind has them."""
    places = PLACES if METADATA in members else INSTALL_PLACES
    return {**members, **{places[name]: text for name, text in documents(bill).items()}}


def write_beside(archive: Path, bill: Bill, origin: Origin, created: datetime) -> list[Path]:
    """Write both documents of ``bill``, and where it is from, beside ``archive``; return their paths.

    All of them name the archive with its sha256.
    """
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    whole = replace(bill, created=created, archive=(archive.name, digest))
    written = []
    for name, text in {**documents(whole), PROVENANCE: provenance_json(origin, archive.name, digest)}.items():
        path = archive.with_name(f"{archive.name}.{name}.json")
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(text)
        partial.rename(path)
        written.append(path)
    return written
