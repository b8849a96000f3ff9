"""What a distribution is made of, as frozen dataclasses: the one model behind its SPDX and its CycloneDX document.

``spdx.py`` and ``cyclonedx.py`` write it; ``docs/sbom.md`` explains what they say. Nothing in it depends on when or
where something was packaged, but for the date that whoever packages gives.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

SPDX, CYCLONEDX = "spdx", "cdx"
FORMATS = (SPDX, CYCLONEDX)
# Where the documents lie: beside build-record.json.
PLACES = {name: f"python/sbom.{name}.json" for name in FORMATS}
INSTALL_PLACES = {name: f"python/share/pythonbuild/sbom.{name}.json" for name in FORMATS}
# Files that bills name besides programs and shared libraries: static libraries, wheels, fonts.
WITHOUT_PROGRAMS = (".a", ".whl", ".ttf")
# What identifiers are made of besides the content (RFC 4122, version 5).
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://spdx.org/spdxdocs/portable-cpython")
# A licence that SPDX has no id for.
PUBLIC_DOMAIN = "LicenseRef-public-domain"

PRE_RELEASE = re.compile(r"(?P<version>\d+(?:\.\d+)*)(?P<kind>a|b|rc)(?P<number>\d+)")
# What the CPE dictionary calls kinds of pre-releases.
UPDATES = {"a": "alpha", "b": "beta", "rc": "rc"}

Role = Literal["interpreter", "library", "tool", "package"]


@dataclass(frozen=True, kw_only=True)
class Download:
    """A place that a source can be had from: a ``url``, or the ``purl`` of a package that has the ``file``."""

    file: str
    sha256: str
    url: str | None = None
    purl: str | None = None


@dataclass(frozen=True, kw_only=True)
class AppliedPatch:
    """A patch that was applied: its place in the repository's folder of the component, and its digests."""

    name: str
    sha1: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Component:
    """One thing that went in, or that it was built with.

    ``role`` is ``interpreter`` or ``library`` for what ends up in files, ``tool`` for what was built only to build
    with, ``package`` for a package of the build image. ``ref`` is unique in a document. ``cpe`` is a whole CPE 2.3
    name, or None where the dictionary is not known to have one. ``licenses`` are SPDX ids that all hold. ``aliases``
    are other names that advisories have for it.
    """

    ref: str
    name: str
    version: str
    role: Role
    purl: str
    cpe: str | None = None
    licenses: tuple[str, ...] = ()
    public_domain: bool = False
    downloads: tuple[Download, ...] = ()
    patches: tuple[AppliedPatch, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def shipped(self) -> bool:
        """Whether it ends up in the distribution."""
        return self.role in ("interpreter", "library")

    @property
    def license_expression(self) -> str | None:
        """The licences as one SPDX expression, None where they are not known."""
        words = [*self.licenses, *([PUBLIC_DOMAIN] if self.public_domain else ())]
        return " AND ".join(words) or None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a file is: the components that it was ``made_of``, and those whose code was ``linked`` in."""

    made_of: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BilledFile:
    """A file of the archive that holds code of components."""

    path: str
    sha1: str
    sha256: str
    contents: Contents


@dataclass(frozen=True, kw_only=True)
class Bill:
    """A whole document. ``archive`` is (file name, sha256) of the archive that it lies beside; None inside of one."""

    name: str
    version: str
    created: datetime
    components: tuple[Component, ...]
    files: tuple[BilledFile, ...]
    archive: tuple[str, str] | None = None

    def files_of(self, ref: str) -> tuple[str, ...]:
        """Return the paths of the files that the component ``ref`` ended up in."""
        return tuple(file.path for file in self.files if ref in file.contents.made_of or ref in file.contents.linked)

    @property
    def identifier(self) -> uuid.UUID:
        """A UUID that two documents share only if they say the same."""
        return uuid.uuid5(NAMESPACE, repr(self))


def cpe_name(prefix: str, version: str) -> str:
    """Return the whole CPE 2.3 name of a version of ``cpe:2.3:a:vendor:product`` (NIST IR 7695, section 6.2).

    A pre-release as Python counts them is an update of a version: the dictionary has ``3.15.0:rc1``, ``3.15.0:beta2``.
    """
    early = PRE_RELEASE.fullmatch(version)
    if early:
        version, update = early["version"], UPDATES[early["kind"]] + early["number"]
    else:
        update = "*"
    quoted = re.sub(r"([^A-Za-z0-9._-])", r"\\\1", version)
    return f"{prefix}:{quoted}:{update}" + ":*" * 6


def filled_purl(template: str, version: str) -> str:
    """Return a purl of the ``purl`` word of a recipe: ``{version}``, or with ``_`` or ``-`` in place of its dots.

    ``KeyError``, ``IndexError`` or ``ValueError`` for a template that says something else.
    """
    words = {"version": version, "underscored": version.replace(".", "_"), "dashed": version.replace(".", "-")}
    return template.format_map(words)
