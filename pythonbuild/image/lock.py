"""The package lock: which packages the build image holds, by name, version and sha256.

``packages.yml`` says what is wanted; ``packages.lock`` what that was resolved to, one package a line.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

WANTED = "packages.yml"
LOCKED = "packages.lock"
LAYOUT = 1  # raise it when unpacking changes what the image holds
HEADER = "# Made by ./build.py lock from packages.yml. name version size sha256 file [source's version]\n"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What ``packages.yml`` asks for. ``links`` and ``drop`` are paths relative to the image's root."""

    suite: str
    components: tuple[str, ...]
    architecture: str
    packages: tuple[str, ...]
    without: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    drop: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, order=True)
class LockedPackage:
    """One binary package; ``file`` is relative to the root of an archive.

    ``source_version`` is the version of its source package where that has another one: advisories are about sources.
    """

    name: str
    version: str
    size: int
    sha256: str
    file: str
    source_version: str = ""


@dataclass(frozen=True, kw_only=True)
class PackageLock:
    """What is wanted and what it was resolved to."""

    wanted: Wanted
    packages: tuple[LockedPackage, ...]

    @cached_property
    def digest(self) -> str:
        """The sha256, in hexadecimal, of all that decides what the image holds."""
        content = {
            "layout": LAYOUT,
            "links": self.wanted.links,
            "drop": self.wanted.drop,
            "packages": [(package.name, package.version, package.sha256) for package in self.packages],
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def text(self) -> str:
        """Return the lock as the text of its file."""
        lines = (
            f"{p.name} {p.version} {p.size} {p.sha256} {p.file} {p.source_version}".rstrip() for p in self.packages
        )
        return HEADER + "".join(f"{line}\n" for line in lines)


def without_rebuild(version: str) -> str:
    """Return the version of a binary package without ``+bN``, which a rebuild of the same source adds."""
    return re.sub(r"\+b\d+$", "", version)


def load_wanted(path: Path) -> Wanted:
    """Read ``packages.yml``; ``DataError`` when it is not what it must be."""
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"{path}: {error}") from None
    keys = {"suite", "components", "architecture", "packages", "without", "links", "drop"}
    if not isinstance(data, dict) or set(data) != keys:
        raise DataError(f"{path}: must have exactly the keys {', '.join(sorted(keys))}")
    return Wanted(
        suite=str(data["suite"]),
        components=tuple(data["components"]),
        architecture=str(data["architecture"]),
        packages=tuple(data["packages"]),
        without=tuple(data["without"]),
        links=tuple(sorted((str(name), str(target)) for name, target in data["links"].items())),
        drop=tuple(data["drop"]),
    )


def parse_packages(text: str, where: str) -> tuple[LockedPackage, ...]:
    """Return the packages of a lock's text; ``where`` names it in the ``DataError`` of a broken line."""
    packages = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split()
        if len(fields) not in (5, 6) or not fields[2].isdigit() or len(fields[3]) != 64:
            raise DataError(f"{where}:{number}: not 'name version size sha256 file'", hint="./build.py lock")
        name, version, size, sha256, file, *more = fields
        package = LockedPackage(name=name, version=version, size=int(size), sha256=sha256, file=file)
        packages.append(replace(package, source_version="".join(more)))
    return tuple(sorted(packages))


def load_lock(folder: Path, *, complete: bool = True) -> PackageLock:
    """Read both files of ``folder``; ``DataError`` when the lock lacks a package that is wanted.

    Whoever makes a new lock reads the old one with ``complete`` off: it may lack what was just added.
    """
    wanted = load_wanted(folder / WANTED)
    path = folder / LOCKED
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", hint="./build.py lock") from None
    packages = parse_packages(text, str(path))
    missing = sorted(set(wanted.packages) - {package.name for package in packages})
    if missing and complete:
        raise DataError(f"{path}: lacks {', '.join(missing)}, which {WANTED} asks for", hint="./build.py lock")
    return PackageLock(wanted=wanted, packages=packages)
