"""A pinned download: where it can be had, its size and sha256, and under which licences it comes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pythonbuild.load import Fields

if TYPE_CHECKING:
    from pythonbuild.load import Node

KINDS: tuple[Literal["url", "debian", "pypi"], ...] = ("url", "debian", "pypi")
SUFFIXES = (".tar.gz", ".tar.xz", ".tar.bz2", ".tar", ".whl", ".deb")
SHA256 = re.compile(r"[0-9a-f]{64}")
CPE = re.compile(r"cpe:2\.3:[aho]:[a-z0-9._\\/+-]+:[a-z0-9._\\/+-]+")
PURL = re.compile(r"pkg:[a-z]+/[A-Za-z0-9._/+-]+@[A-Za-z0-9._+-]*\{(?:version|underscored|dashed)\}")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """One place to get a source from, with pins of its own.

    ``where`` is a URL, ``<source package>/<file>`` in a Debian archive, ``<name>==<version>`` on PyPI, or for
    ``tree`` the directory that the file is made of; ``file`` the name of the file there; ``size`` in bytes, 0 where
    it is not known (of a source that is only listed, and can't be fetched before it is).
    """

    kind: Literal["url", "debian", "pypi", "tree"]
    where: str
    size: int
    sha256: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source and every origin that it can be had from, the preferred one first.

    ``unpack`` are patterns of what is unpacked, below the archive's own directory; nothing for all of it. ``cpe`` is
    the start of a CPE 2.3 name, up to the product; ``purl`` a package URL where ``{version}`` stands for the version,
    ``{underscored}`` and ``{dashed}`` for it without dots; ``aliases`` are other names that advisories have for it.
    Bills of materials and ``audit`` read them; no build does.
    """

    name: str
    version: str
    licenses: tuple[str, ...] = ()
    license_files: tuple[str, ...] = ()
    public_domain: bool = False
    cpe: str | None = None
    purl: str | None = None
    aliases: tuple[str, ...] = ()
    unpack: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def file(self) -> str:
        """The name under which a build sees the file, whichever origin it came from."""
        first = self.origins[0]
        suffix = next(suffix for suffix in (*SUFFIXES, "") if first.file.endswith(suffix))
        return f"{self.name}-{self.version}{suffix}"


def parse_source(node: Node, name: str, version: str, *, listed_only: bool = False) -> Source:
    """Return the source that ``node`` describes; one that is ``listed_only`` may lack sizes."""
    fields = Fields(node)
    public_domain = fields.take("public_domain")
    source = Source(
        name=name,
        version=fields.text("version", version),
        licenses=fields.texts("licenses"),
        license_files=fields.texts("license_files"),
        public_domain=public_domain is not None and public_domain.flag(),
        cpe=parse_word(fields.take("cpe"), CPE, "cpe:2.3:a:<vendor>:<product>"),
        purl=parse_word(fields.take("purl"), PURL, "pkg:<type>/<name>@{version}"),
        aliases=fields.texts("aliases"),
        unpack=fields.texts("unpack"),
        origins=tuple(parse_origin(row, listed_only=listed_only) for row in fields.need("origins").items()),
    )
    fields.done()
    if not source.origins:
        raise node.error(f"source {name} has no origin")
    return source


def parse_word(node: Node | None, pattern: re.Pattern[str], form: str) -> str | None:
    """Return a text that must match ``pattern``; ``form`` says in the ``DataError`` what it looks like."""
    if node is not None and not pattern.fullmatch(node.text()):
        raise node.error(f"expected {form}, found {node.text()!r}")
    return None if node is None else node.text()


def parse_origin(node: Node, *, listed_only: bool = False) -> Origin:
    """Return one origin; its kind is the key that names the place."""
    fields = Fields(node)
    places = [(kind, found) for kind in KINDS if (found := fields.take(kind)) is not None]
    if len(places) != 1:
        raise node.error(f"an origin has exactly one of {', '.join(KINDS)}")
    kind, place = places[0]
    sha256 = fields.need("sha256")
    if not SHA256.fullmatch(sha256.text()):
        raise sha256.error("sha256 is not 64 hexadecimal digits")
    file = fields.text("file", place.text().rsplit("/", 1)[-1])
    size_node = fields.take("size") if listed_only else fields.need("size")
    size = size_node.number() if size_node else 0
    fields.done()
    return Origin(kind=kind, where=place.text(), size=size, sha256=sha256.text(), file=file)
