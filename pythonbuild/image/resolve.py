"""From wanted names to the whole set of packages: a small resolver for a tree that starts empty.

It takes the first alternative that can be had, as apt does for a new system, and never goes back.
Conflicts are not looked for: a set that can't be installed shows in the image's own builds.
"""

from __future__ import annotations

import operator
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from debian.debian_support import Version

from pythonbuild.errors import DataError
from pythonbuild.image.lock import LockedPackage, without_rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from debian.deb822 import Packages

    from pythonbuild.image.index import Index
    from pythonbuild.image.lock import Wanted

COMPARE = {"<<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">>": operator.gt}
BASE = ("base-files", "base-passwd")
SOURCE = re.compile(r"\S+ \((?P<version>[^)]+)\)")


@dataclass
class Resolver:
    """Chooses packages of ``index``. ``absent`` are names taken as installed."""

    index: Index
    absent: frozenset[str]
    chosen: dict[str, Packages] = field(default_factory=dict)
    _named: set[str] = field(default_factory=set)

    def add(self, names: Iterable[str]) -> None:
        """Choose ``names`` and all that they depend on. ``DataError`` when something can't be had."""
        waiting = deque((name, "packages.yml") for name in names)
        self._named.update(name for name, _ in waiting)
        while waiting:
            name, needed_by = waiting.popleft()
            if name in self.chosen:
                continue
            package = self.index.newest(name)
            if package is None:
                raise DataError(f"package {name}, needed by {needed_by}, is not in the index")
            self.chosen[name] = package
            for alternatives in groups(package):
                provider = self.provider(alternatives)
                if provider is None:
                    text = " | ".join(alternative["name"] for alternative in alternatives)
                    raise DataError(f"{name} depends on {text}, which is not in the index")
                if provider:
                    self._named.add(provider)
                    waiting.append((provider, name))

    def provider(self, alternatives: list[dict[str, Any]]) -> str | None:
        """Return the package to add for a dependency: "" if it is satisfied, None if nothing can."""
        if any(alternative["name"] in self.absent for alternative in alternatives):
            return ""
        candidates = [name for alternative in alternatives for name in self.candidates(alternative)]
        if any(name in self._named for name in candidates):
            return ""
        return next(iter(candidates), None)

    def candidates(self, relation: dict[str, Any]) -> Iterator[str]:
        """Yield the packages that satisfy one ``name (op version)``, real ones before providers."""
        name, constraint = relation["name"], relation["version"]
        package = self.index.newest(name)
        if package is not None and satisfies(package["Version"], constraint):
            yield name
        for provider, version in self.index.provided.get(name, ()):
            if provider not in self.absent and (not constraint or (version and satisfies(version, constraint))):
                yield provider


def groups(package: Packages) -> Iterator[list[dict[str, Any]]]:
    """Yield the dependencies of ``package``, each a list of alternatives."""
    relations = package.relations
    for kind in ("pre-depends", "depends"):
        yield from relations[kind] or ()


def satisfies(version: str, constraint: tuple[str, str] | None) -> bool:
    """Return whether ``version`` is within ``constraint`` (an operator and a version)."""
    return constraint is None or bool(COMPARE[constraint[0]](Version(version), Version(constraint[1])))


def resolve(index: Index, wanted: Wanted) -> tuple[LockedPackage, ...]:
    """Return the essential packages, the wanted ones and all that these need, sorted by name."""
    resolver = Resolver(index, frozenset(wanted.without))
    resolver.add([*wanted.packages, *BASE, *(name for name in index.essential if name not in wanted.without)])
    return tuple(sorted(locked(package) for package in resolver.chosen.values()))


def locked(package: Packages) -> LockedPackage:
    """Return what the lock keeps of a package."""
    return LockedPackage(
        name=package["Package"],
        version=package["Version"],
        size=int(package["Size"]),
        sha256=package["SHA256"],
        file=package["Filename"],
        source_version=source_version(package),
    )


def source_version(package: Packages) -> str:
    """Return the version of the source package that ``package`` is of; nothing where it is the package's own.

    A rebuild of the same source changes the package's version alone.
    """
    found = SOURCE.fullmatch(package.get("Source", ""))
    version = found["version"] if found else package["Version"]
    return "" if version == without_rebuild(package["Version"]) else version
