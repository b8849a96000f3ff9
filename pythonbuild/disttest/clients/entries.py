"""What the index files of installers say of one archive. Pure: from a ``Release`` to data and text.

Facts of uv 0.13.9, pbs-installer 2026.5.4 and 2026.10.25, found by running them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pythonbuild.disttest.model import CaseSkipped
from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from pythonbuild.validate.model import Identity

# Where installers expect the releases of python-build-standalone; --mirror of uv takes the place of this prefix.
UPSTREAM = "https://github.com/astral-sh/python-build-standalone/releases/download/"
# uv drops an entry whose family is another word for the same processor.
_FAMILIES = {"ppc64le": "powerpc64le"}
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)((?:a|b|rc)\d+)?")
_TAG = re.compile(r"cpython-[0-9a-z.]+\+(\d{8})-")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One archive as a release has it: ``name`` is its file name, ``tag`` the date in it."""

    name: str
    tag: str
    sha256: str
    identity: Identity

    @property
    def path(self) -> str:
        """Where it lies below the directory of all releases, as a URL has it."""
        return f"{self.tag}/{quote(self.name)}"

    @property
    def numbers(self) -> tuple[int, int, int, str]:
        """Major, minor, micro and the word of a pre-release, which is empty for a final one."""
        found = _VERSION.fullmatch(self.identity.version)
        if found is None:
            raise DataError(f"{self.name}: {self.identity.version} is no version of CPython")
        return int(found[1]), int(found[2]), int(found[3]), found[4] or ""

    @property
    def variant(self) -> str | None:
        """What uv calls the flavor: freethreaded, debug, both, or nothing."""
        words = [word for word in ("freethreaded", "debug") if word in self.identity.words]
        return "+".join(words) or None

    @property
    def free_threaded(self) -> bool:
        """Whether it has no global lock."""
        return "freethreaded" in self.identity.words


def tag_of(name: str) -> str:
    """Return the date in the name of an archive; ``DataError`` when there is none."""
    found = _TAG.match(name)
    if found is None:
        raise DataError(f"{name}: the name has no date", hint="give it the name that ./build.py gave it")
    return found[1]


def uv_platform(triple: str) -> tuple[str, str | None, str]:
    """Return uv's family and variant of the processor, and its libc, of a Linux target.

    >>> uv_platform("x86_64_v3-unknown-linux-musl")
    ('x86_64', 'v3', 'musl')
    """
    arch, _, rest = triple.partition("-")
    family, _, variant = arch.partition("_v") if re.fullmatch(r".*_v\d", arch) else (arch, "", "")
    return _FAMILIES.get(family, family), f"v{variant}" if variant else None, rest.rpartition("-")[2]


def uv_key(release: Release) -> str:
    """Return the name that uv gives an installation: ``cpython-3.14.7+freethreaded-linux-x86_64-gnu``."""
    family, microarchitecture, libc = uv_platform(release.identity.triple)
    variant = f"+{release.variant}" if release.variant else ""
    arch = f"{family}_{microarchitecture}" if microarchitecture else family
    return f"cpython-{release.identity.version}{variant}-linux-{arch}-{libc}"


def uv_index(release: Release, url: str, *, sha256: str | None = None) -> dict[str, Any]:
    """Return the content of a JSON file for ``--python-downloads-json-url``. The keys of the outer one mean nothing."""
    major, minor, micro, prerelease = release.numbers
    family, microarchitecture, libc = uv_platform(release.identity.triple)
    return {
        uv_key(release): {
            "name": "cpython",
            "arch": {"family": family, "variant": microarchitecture},
            "os": "linux",
            "libc": libc,
            "major": major,
            "minor": minor,
            "patch": micro,
            "prerelease": prerelease,
            "url": url,
            "sha256": sha256 or release.sha256,
            "variant": release.variant,
            "build": release.tag,
        }
    }


def pbs_index(release: Release, url: str, *, arch: str, sha256: str | None = None) -> list[dict[str, Any]]:
    """Return the content of ``versions.json`` of pbs-installer 2026.10; skip a pre-release, of which it knows none.

    ``arch`` is the machine's processor: its name for x86_64_v3 is x86_64 too.
    """
    major, minor, micro = _final(release)
    version = {"implementation": "cpython", "major": major, "minor": minor, "micro": micro}
    file = {"platform": "linux", "arch": arch, "install_only": True, "filename": release.name, "url": url}
    return [
        {
            "python_version": {**version, "freethreaded": release.free_threaded},
            "files": [{**file, "sha256": sha256 or release.sha256}],
        }
    ]


def pbs_module(release: Release, url: str, *, arch: str) -> str:
    """Return the text of ``_versions.py``, which pbs-installer had instead before 2026.10."""
    major, minor, micro = _final(release)
    key = f'PythonVersion("cpython", {major}, {minor}, {micro}, {release.free_threaded})'
    return (
        "from ._utils import PythonVersion\n"
        f'PYTHON_VERSIONS = {{{key}: {{("linux", {arch!r}, True): ({url!r}, {release.sha256!r})}}}}\n'
    )


def _final(release: Release) -> tuple[int, int, int]:
    major, minor, micro, prerelease = release.numbers
    if prerelease:
        raise CaseSkipped("pbs-installer knows no pre-releases")
    return major, minor, micro
