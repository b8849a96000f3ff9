"""Which advisories are about a component, by what it is called in places (https://ossf.github.io/osv-schema)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packageurl import PackageURL

from pythonbuild.audit.versions import newer, of_source
from pythonbuild.image.lock import without_rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pythonbuild.audit.osv import Advisory
    from pythonbuild.package.sbom import Component

# Numbers of Debian's releases, as ecosystems have them: `Debian:13`.
RELEASES = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"}
# Ecosystems whose names are those of upstream projects.
UPSTREAM = frozenset({"", "OSS-Fuzz", "generic"})
# Events that end a range.
ENDS = frozenset({"fixed", "last_affected", "limit"})


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a component is called somewhere, and its version there.

    ``ecosystem`` is as in OSV, or ``git`` with the address of a repository as ``name``. ``release`` is that of a
    Debian package, ``source`` whether a Debian version is an upstream source's, ``tag`` what upstream calls a version.
    """

    ecosystem: str
    name: str
    version: str
    release: str = ""
    source: bool = False
    tag: str = ""


@dataclass(frozen=True, kw_only=True)
class Match:
    """An advisory that a component has. ``certain`` is false where it only names commits, which can't be compared."""

    advisory: Advisory
    component: Component
    certain: bool

    def __str__(self) -> str:
        ids = " ".join(self.advisory.ids[:3])
        doubt = "" if self.certain else " (perhaps: commits can't be compared)"
        return f"{self.component.name} {self.component.version}: {ids}{doubt}: {self.advisory.summary}"


def identities(component: Component) -> tuple[Identity, ...]:
    """Return everything that ``component`` is known as."""
    purls = dict.fromkeys([component.purl, *(one.purl for one in component.downloads if one.purl)])
    found = [known_as(PackageURL.from_string(purl), component) for purl in purls]
    tag = next((one.tag for one in found if one.tag), "")
    names = () if component.role == "package" else (component.name, *component.aliases)
    return (*found, *(Identity(ecosystem="", name=name, version=component.version, tag=tag) for name in names))


def known_as(purl: PackageURL, component: Component) -> Identity:
    """Return what a package URL says."""
    version, words = purl.version or "", dict(purl.qualifiers or {})
    if purl.type == "deb":
        source = words.get("arch") == "source"
        name, _, own = words.get("upstream", purl.name).partition("@")
        release = RELEASES.get(words.get("distro", ""), "")
        version = version if source else own or without_rebuild(version)
        return Identity(ecosystem="Debian", name=name, version=version, release=release, source=source)
    if purl.type == "pypi":
        return Identity(ecosystem="PyPI", name=purl.name, version=version)
    if purl.type == "github":
        address = f"github.com/{purl.namespace}/{purl.name}".lower()
        return Identity(ecosystem="git", name=address, version=component.version, tag=version)
    return Identity(ecosystem="", name=purl.name, version=version)


def matches(components: Iterable[Component], advisories: Iterable[Advisory]) -> list[Match]:
    """Return every advisory that one of ``components`` has."""
    known = [(component, identities(component)) for component in components]
    found = []
    for advisory in advisories:
        for component, names in known:
            answers = [answer for name in names for answer in answers_of(advisory, name)]
            if True in answers or None in answers:
                found.append(Match(advisory=advisory, component=component, certain=True in answers))
    return found


def answers_of(advisory: Advisory, identity: Identity) -> list[bool | None]:
    """Return for each row about ``identity`` whether its version is affected; None where that can't be told."""
    rows = [row for row in advisory.affected if is_about(row, identity)]
    releases = [release_of(row) for row in rows]
    if identity.ecosystem == "Debian":
        wanted = identity.release or max((one for one in releases if one), default="", key=int)
        rows = [row for row, release in zip(rows, releases, strict=True) if release in ("", wanted)]
    return [is_affected(row, identity) for row in rows]


def release_of(row: dict[str, Any]) -> str:
    """Return the number of the Debian release that a row is about, if it is a number."""
    number = row["package"].get("ecosystem", "").partition(":")[2]
    return number if re.fullmatch("[0-9]{1,9}", number) else ""


def is_about(row: dict[str, Any], identity: Identity) -> bool:
    """Return whether a row of ``affected`` is about what ``identity`` names, in whatever version."""
    package: dict[str, str] = row["package"]
    if identity.ecosystem == "git":
        repositories = {address_of(one["repo"]) for one in row["ranges"] if one["repo"]}
        return identity.name in repositories | {repository_of(package.get("purl", ""))}
    ecosystem, name = package.get("ecosystem", "").partition(":")[0], package.get("name", "")
    if identity.ecosystem == "":
        return ecosystem in UPSTREAM and name.lower() == identity.name.lower()
    if identity.ecosystem == "PyPI":
        return ecosystem == "PyPI" and canonical(name) == canonical(identity.name)
    return ecosystem == identity.ecosystem and name == identity.name


def canonical(name: str) -> str:
    """Return a name on PyPI in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def address_of(repository: str) -> str:
    """Return the address of a repository without what may differ."""
    return repository.lower().removeprefix("https://").removeprefix("git://").removesuffix("/").removesuffix(".git")


def repository_of(purl: str) -> str:
    """Return the address of the repository in a package URL of GitHub, or nothing."""
    found = re.match(r"pkg:github/([^/@?]+/[^/@?]+)", purl)
    return f"github.com/{found[1]}".lower() if found else ""


def is_affected(row: dict[str, Any], identity: Identity) -> bool | None:
    """Return whether the version of ``identity`` is affected; None if that is for commits to say.

    A list of versions says nothing of later ones where the range of commits that it was made of has no end.
    """
    versions = set(row["versions"])
    if versions & {identity.version, f"v{identity.version}", identity.tag} - {""}:
        return True
    ranges = [one for one in row["ranges"] if one["type"] != "GIT"]
    if any(in_range(one["events"], identity) for one in ranges):
        return True
    if ranges:
        return False
    commits = [one for one in row["ranges"] if one["type"] == "GIT"]
    return False if versions and not any(map(is_open, commits)) else None


def is_open(commits: dict[str, Any]) -> bool:
    """Return whether a range has no end."""
    return not any(ENDS & event.keys() for event in commits["events"])


def in_range(events: Iterable[dict[str, str]], identity: Identity) -> bool:
    """Return whether the version of ``identity`` lies in a range, by the algorithm of the OSV specification."""
    debian = identity.ecosystem == "Debian"

    def reached(version: str) -> bool:
        """Whether the identity's version is ``version`` or a newer one."""
        limit = of_source(version) if identity.source else version
        return version == "0" or not newer(limit, identity.version, debian=debian)

    introduced = [event["introduced"] for event in events if "introduced" in event]
    ended = [event["fixed"] for event in events if "fixed" in event]
    last = [event["last_affected"] for event in events if "last_affected" in event]
    begun = latest([one for one in introduced if reached(one)], debian=debian)
    if begun is None:
        return False
    over = [one for one in ended if reached(one)] + [one for one in last if reached(one) and not same(one, identity)]
    final = latest(over, debian=debian)
    return final is None or (begun != "0" and newer(begun, final, debian=debian))


def same(version: str, identity: Identity) -> bool:
    """Return whether ``version`` is that of ``identity``, neither newer nor older."""
    debian = identity.ecosystem == "Debian"
    limit = of_source(version) if identity.source else version
    return not newer(limit, identity.version, debian=debian) and not newer(identity.version, limit, debian=debian)


def latest(versions: Iterable[str], *, debian: bool) -> str | None:
    """Return the newest of ``versions``, where ``0`` is older than all others; None of none."""
    found: str | None = None
    for version in versions:
        if found is None or found == "0" or (version != "0" and newer(version, found, debian=debian)):
            found = version
    return found
