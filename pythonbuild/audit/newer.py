"""Which newer versions this machine's own package indexes know: Debian's for sources, PyPI through pip for wheels."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from packageurl import PackageURL

from pythonbuild.audit.versions import newer, plain, upstream
from pythonbuild.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pythonbuild.image.index import Index
    from pythonbuild.package.sbom import Component

# Where new versions come first.
SUITE = "sid"
TIME_LIMIT = 120
_SOURCE = re.compile(r"^Source: (?P<name>\S+)(?: \((?P<version>[^)]+)\))?$", re.MULTILINE)
_VERSION = re.compile(r"^Version: (?P<version>\S+)$", re.MULTILINE)


def debian_names(components: Iterable[Component]) -> dict[str, str]:
    """Return the Debian source package of each component that comes from one, by the component's ref."""
    return {ref: purl.name for ref, purl in package_urls(components, "deb") if purl.qualifiers.get("arch") == "source"}


def pypi_names(components: Iterable[Component]) -> dict[str, str]:
    """Return the name on PyPI of each component that comes from there, by the component's ref."""
    return {ref: purl.name for ref, purl in package_urls(components, "pypi")}


def package_urls(components: Iterable[Component], kind: str) -> list[tuple[str, PackageURL]]:
    """Return (ref, package URL) of every place of that ``kind`` that sources come from."""
    purls = [
        (one.ref, PackageURL.from_string(place.purl)) for one in components for place in one.downloads if place.purl
    ]
    return [(ref, purl) for ref, purl in purls if purl.type == kind]


def source_versions(index: Index, names: Iterable[str]) -> dict[str, str]:
    """Return the newest upstream version of each source package of ``names`` that ``index`` has."""
    wanted, found = set(names), dict[str, str]()
    for package, stanzas in index.named.items():
        for stanza in stanzas:
            source = _SOURCE.search(stanza)
            name = source["name"] if source else package
            if name not in wanted:
                continue
            whole = (source and source["version"]) or (_VERSION.search(stanza) or {"version": ""})["version"]
            version = upstream(whole)
            if name not in found or newer(version, found[name], debian=True):
                found[name] = version
    return found


def newest_versions(
    components: Iterable[Component], index: Index, ask: Callable[[str], str | None]
) -> Mapping[str, str]:
    """Return the newest known version of components by ref. ``ask`` returns that of a name on PyPI."""
    known = tuple(components)
    names = debian_names(known)
    versions = source_versions(index, names.values())
    found = {ref: versions[name] for ref, name in names.items() if name in versions}
    for ref, name in pypi_names(known).items():
        version = ask(name)
        if version is not None:
            found[ref] = version
    return found


def is_outdated(component: Component, newest: str) -> bool:
    """Return whether ``newest`` is newer than ``component``, compared as the place that it is from writes versions."""
    for place in component.downloads:
        purl = PackageURL.from_string(place.purl) if place.purl else None
        if purl is not None and purl.type == "deb" and purl.version:
            return newer(newest, plain(purl.version), debian=True)
    return newer(newest, component.version)


def ask_pip(name: str) -> str | None:
    """Return the newest version of a project, from whatever index pip is configured with; ``FetchError`` if none."""
    command = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", "--no-input", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise FetchError(f"pip took longer than {TIME_LIMIT} seconds to find versions of {name}") from None
    found = re.match(rf"{re.escape(name)} \(([^)]+)\)", done.stdout)
    if done.returncode or found is None:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise FetchError(f"pip finds no versions of {name}: {reason}")
    return found[1]
