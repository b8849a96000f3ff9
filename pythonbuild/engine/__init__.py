"""A place where files go and commands run. Engines know nothing of recipes.

Every engine shows a command the same view: the build image, read-only by convention, with the
writable directories of ``DIRECTORIES``, no network but the loopback device, and exactly the
environment that it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from pythonbuild.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pythonbuild.log import StepLog

BUILD = PurePosixPath("/build")
DIRECTORIES = ("build", "in", "out", "sysroot", "tmp", "tools")
NAMES = ("auto", "docker", "namespace")
HINTS = {
    "auto": "start a Docker engine, or allow unprivileged user namespaces",
    "docker": "start a Docker engine, or use --engine namespace",
    "namespace": "allow unprivileged user namespaces, or use --engine docker",
}


class CommandFailed(Exception):  # noqa: N818 - says what happened; whoever asked decides whether it is an error
    """A command inside exited with a status other than zero (128 + n: it died of signal n)."""

    def __init__(self, command: Sequence[str], exit_code: int) -> None:
        super().__init__(f"{' '.join(command)}: exited with {exit_code}")
        self.command = tuple(command)
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """What a build image is made from: the digest of its package set, the unpacked tree, the Dockerfile.

    ``tree`` may be missing when the Dockerfile starts from an image of a registry.
    """

    digest: str
    tree: Path | None
    dockerfile: str


@dataclass(frozen=True, kw_only=True)
class Image:
    """A build image that an engine can open. ``where`` is a directory or the id of a Docker image."""

    digest: str
    where: str


class Engine(Protocol):
    """A place to build in. Paths are as the command inside sees them."""

    def put(self, source: Path, inside: PurePosixPath) -> None:
        """Copy the file or tree ``source`` to ``inside``, keeping modes, links and times.

        A tree is merged into a directory that exists; a file replaces a file.
        """

    def run(self, command: Sequence[str], *, env: Mapping[str, str], log: StepLog, cwd: PurePosixPath = BUILD) -> None:
        """Run ``command``, streaming what it prints to ``log``; nothing it started is left afterwards.

        ``CommandFailed`` when it exits with another status than zero, ``EngineError`` when it could not
        be run or the engine was closed meanwhile.
        """

    def take(self, inside: PurePosixPath, destination: Path) -> None:
        """Bring the file or tree ``inside`` to ``destination``; it may be gone from inside afterwards."""

    def shell(self, *, env: Mapping[str, str]) -> None:
        """Open an interactive bash at ``/build`` on this terminal, and return when it ends."""

    def close(self) -> None:
        """End whatever runs inside and give up the place. May be called from any thread, and twice."""


class EngineFactory(Protocol):
    """Makes engines of one kind."""

    name: str

    def available(self) -> str | None:
        """Return why this kind can't be used here, or ``None`` when it can."""

    def warning(self) -> str | None:
        """Return what a user should know about this engine on this machine, if anything."""

    def prepare(self, files: ImageFiles) -> Image:
        """Make the build image ready for this engine, doing nothing when it is already."""

    def open(self, image: Image, work: Path, label: str, *, resumes: bool = False) -> Engine:
        """Return a new place to build in, whose files may be kept below the directory ``work``.

        One that ``resumes`` has in ``/build`` what the last such place with this ``label`` and ``work`` left there,
        however that ended.
        """

    def forget(self, work: Path, label: str) -> None:
        """Give up what closed places with this ``work`` and ``label`` left outside of ``work``."""


def factories() -> tuple[EngineFactory, ...]:
    """Return the engines there are, in the order in which ``auto`` tries them."""
    from pythonbuild.engine.docker import DockerFactory  # noqa: PLC0415 - the SDK takes 0.2 s to import
    from pythonbuild.engine.namespace import NamespaceFactory  # noqa: PLC0415

    return (DockerFactory(), NamespaceFactory())


def choose(name: str) -> EngineFactory:
    """Return the engine called ``name``, or for ``auto`` the first that can be used.

    ``EngineError`` with every reason when there is none.
    """
    if name not in NAMES:
        raise EngineError(f"unknown engine {name!r}", hint=f"known: {', '.join(NAMES)}")
    reasons = []
    for factory in factories():
        if name not in ("auto", factory.name):
            continue
        reason = factory.available()
        if reason is None:
            return factory
        reasons.append(f"{factory.name}: {reason}")
    raise EngineError(f"no engine to build in ({'; '.join(reasons)})", hint=HINTS[name])


def doctor_lines() -> list[str]:
    """Return one line for each engine: whether it can be used, and why not."""
    lines = []
    for factory in factories():
        reason = factory.available()
        state = "available" if reason is None else f"not available: {reason}"
        note = factory.warning() if reason is None else None
        lines.append(f"{factory.name}: {state}" + (f" ({note})" if note else ""))
    return lines
