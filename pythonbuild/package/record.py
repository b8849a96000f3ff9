"""build-record.json: how a distribution was built, as frozen dataclasses.

It lies beside PYTHON.json, whose readers refuse keys that they don't know, and in every other archive. Nothing in it
differs between two builds of the same thing. ``docs/build-record.schema.json`` is its JSON Schema, ``docs/archives.md``
explains each key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pythonbuild.package.model import plain, typed

SCHEMA = 1
# Recipes of the toolchain whose code ends up in all programs: the compiler's own functions; of a libc the start files
# and what it has for static linking alone, or in a static build all of it.
RUNTIME = ("compiler-rt", "musl", "sysroot-glibc")


@dataclass(frozen=True, kw_only=True)
class RecordedSource:
    """A source that went in: its name, version, licences (SPDX) and the sha256 of every file that it may come from."""

    name: str
    version: str
    licenses: tuple[str, ...]
    sha256: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecordedJob:
    """One thing that was built: its role, version, key, sources and patches."""

    name: str
    role: str
    version: str
    key: str
    sources: tuple[RecordedSource, ...]
    patches: tuple[str, ...]

    @property
    def shipped(self) -> bool:
        """Whether its code is in the distribution: a job of another target, which that is named after, is a tool."""
        return "/" not in self.name and (self.role in ("library", "cpython") or self.name in RUNTIME)


@dataclass(frozen=True, kw_only=True)
class RecordedMatch:
    """How many functions and counts the profile has, and how many of each found no function of their shape."""

    functions: int
    mismatched: int
    counts: int
    discarded: int


@dataclass(frozen=True, kw_only=True)
class BuildRecord:
    """The whole file.

    ``stages`` are the optimizer stages that ran, ``without`` those that were switched off by hand, ``settings`` the
    alternatives of ``targets.yml`` that were chosen in place of the first (``compiler=source``). ``flags`` maps a
    purpose (``configure``, ``make``, ``training``, ``bolt`` ...) to its words. ``profile`` is the sha256 of the
    profile that was applied, ``profile_match`` how much of it fitted, ``image`` the digest of the build image,
    ``toolchain`` the versions of its compiler packages.
    """

    schema: int
    python: str
    target: str
    options: str
    stages: tuple[str, ...]
    without: tuple[str, ...]
    flags: dict[str, tuple[str, ...]]
    image: str
    toolchain: dict[str, str]
    jobs: tuple[RecordedJob, ...]
    settings: tuple[str, ...] | None = None
    profile: str | None = None
    profile_match: RecordedMatch | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data for ``json.dumps``."""
        data: dict[str, Any] = plain(self)
        return data

    @classmethod
    def from_json(cls, data: object) -> BuildRecord:
        """Return the model of ``data``; ``ValidationError`` names an unknown, missing or mistyped key."""
        return typed(data, cls, "build-record.json")
