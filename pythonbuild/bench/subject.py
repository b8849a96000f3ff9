"""What is compared: an interpreter, an archive that holds one, or one inside an unpacked root filesystem."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pythonbuild.errors import BuildError

PLACE = "opt/pythonbuild-bench"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An interpreter: the words that start it, and the directory that is its ``/`` (or None)."""

    title: str
    command: tuple[str, ...]
    root: Path | None

    @property
    def program(self) -> Path:
        """Where the interpreter lies, seen from here."""
        return self.root / self.command[-1].lstrip("/") if self.root else Path(self.command[-1])

    def inside(self, path: Path) -> str:
        """Return how the interpreter sees a path below its root."""
        return f"/{path.relative_to(self.root)}" if self.root else str(path)


def parse_subject(text: str, root: Path | None, scratch: Path) -> Subject:
    """Return what ``text`` names: an interpreter, an archive, or ``root:DIR:/path/of/interpreter``.

    With ``root`` every interpreter runs with that directory as ``/``, so that both meet the same libc; an
    archive is unpacked into it, else into ``scratch``. ``BuildError`` if there is no such thing.
    """
    if text.startswith("root:"):
        _, directory, path = text.split(":", 2)
        own = Path(directory).absolute()
        return Subject(title=path, command=(*entering(own), path), root=own)
    path_of = Path(text).absolute()
    if not path_of.exists():
        raise BuildError(f"there is no interpreter or archive {text}")
    if ".tar" in path_of.name:
        base = (root / PLACE if root else scratch) / digest(path_of)[:12]
        path_of = unpacked(path_of, base)
    if root is None:
        return Subject(title=Path(text).name, command=(str(path_of),), root=None)
    if not path_of.is_relative_to(root):
        raise BuildError(f"{text} is not below {root}", hint="with --root, name archives or interpreters inside it")
    return Subject(title=Path(text).name, command=(*entering(root), f"/{path_of.relative_to(root)}"), root=root)


def digest(path: Path) -> str:
    """Return the sha256 of a file: an archive of another build may have the name of one that is unpacked."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entering(root: Path) -> tuple[str, ...]:
    """Return the words that run a program with ``root`` as ``/``: as root, or in a user namespace."""
    return ("chroot", str(root)) if os.geteuid() == 0 else ("unshare", "--map-root-user", "chroot", str(root))


def unpacked(archive: Path, directory: Path) -> Path:
    """Unpack an archive into ``directory``, unless that is done, and return its interpreter."""
    if not (directory / "done").exists():
        directory.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-xf", str(archive), "-C", str(directory)], check=True)
        (directory / "done").touch()
    places = [directory / "python/install/bin/python3", directory / "python/bin/python3"]
    for place in places:
        if place.exists():
            return place
    raise BuildError(f"{archive.name} holds no interpreter")
