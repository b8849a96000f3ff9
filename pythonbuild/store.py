"""Finished results by key: ``<root>/<name>-<key16>/{tree/, manifest.json}``.

A result is filled under a temporary name, synced and renamed, so that a name in the store is a whole
result, whatever was killed when. The name and key are locked meanwhile: two runs never build one job
twice, and what a dead run left half done is swept away.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.errors import BuildError
from pythonbuild.locks import Busy, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
TEMPORARY = ".tmp-"
LOCKS = ".locks"


@dataclass(frozen=True)
class Change:
    """A part of a key that differs from the stored result; None where one side lacks it."""

    part: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.part}: new"
        if self.new is None:
            return f"{self.part}: gone"
        return f"{self.part}: {self.old[:12]} -> {self.new[:12]}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored result."""

    name: str
    key: str
    folder: Path
    stored: float
    bytes: int
    manifest: Mapping[str, Any]

    @property
    def tree(self) -> Path:
        """The result itself."""
        return self.folder / "tree"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a tree holds: counts, and one digest over names, modes, link targets and contents."""

    files: int
    bytes: int
    digest: str


class Store:
    """Results below ``root``. Safe for several threads and several processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._held: set[tuple[str, int]] = set()  # labels, each with the thread that holds it
        self._held_lock = threading.Lock()
        self._swept = False

    def get(self, key: str, name: str) -> Path | None:
        """Return the tree stored for ``key``, or None."""
        entry = self._read(self._folder(key, name))
        return entry.tree if entry is not None and entry.key == key else None

    def manifest(self, key: str, name: str) -> dict[str, Any]:
        """Return what was recorded with a stored result; ``BuildError`` if there is none."""
        entry = self._read(self._folder(key, name))
        if entry is None:
            raise BuildError(f"{name} with key {key[:16]} is not in the store")
        return dict(entry.manifest)

    @contextmanager
    def building(self, key: str, name: str, *, waiting: Callable[[], None] | None = None) -> Iterator[Path | None]:
        """Hold the lock of one result while it is built; yields the tree if somebody stored it already.

        ``waiting`` is called once if another run is building it now.
        """
        label = self._folder(key, name).name
        holding = (label, threading.get_ident())
        with ExitStack() as stack:
            with self._writing(f"lock {label}"):
                stack.enter_context(locked(self.root / LOCKS / label, waiting=waiting))
            with self._held_lock:
                self._held.add(holding)
            try:
                yield self.get(key, name)
            finally:
                with self._held_lock:
                    self._held.discard(holding)

    def add(self, key: str, name: str, fill: Callable[[Path], None], manifest: Mapping[str, Any]) -> Path:
        """Store the tree that ``fill`` makes in the empty directory it is given; return where it is.

        ``manifest`` is kept beside it, with counts and a digest of the tree. What is stored already stays.
        If ``fill`` raises, or the disk is full, nothing is stored and nothing stored before is touched.
        """
        label = self._folder(key, name).name
        with self._held_lock:
            held = (label, threading.get_ident()) in self._held
        if held:
            return self._add(key, name, fill, manifest)
        with self.building(key, name) as stored:
            return stored or self._add(key, name, fill, manifest)

    def verify(self, key: str, name: str) -> bool:
        """Return whether a stored tree still is what was stored. Reads all of it."""
        recorded = self.manifest(key, name)
        found = summarize(self._folder(key, name) / "tree")
        return bool(recorded["tree"] == found.digest)

    def entries(self) -> tuple[Entry, ...]:
        """Return everything stored, the oldest first."""
        if not self.root.is_dir():
            return ()
        found = [self._read(folder) for folder in sorted(self.root.iterdir()) if not folder.name.startswith(".")]
        return tuple(sorted((entry for entry in found if entry is not None), key=lambda entry: entry.stored))

    def why(self, name: str, parts: Mapping[str, str]) -> tuple[Change, ...] | None:
        """Return how ``parts`` differ from those of the stored result of ``name`` that is nearest to them.

        Manifests hold theirs under ``parts``. Of several equally near the latest counts. None if no
        result of that name is stored; empty if one with the same parts is.
        """
        answers = [
            differences(entry.manifest.get("parts", {}), parts)
            for entry in reversed(self.entries())
            if entry.name == name
        ]
        return min(answers, key=len, default=None)

    def remove(self, entry: Entry) -> None:
        """Remove a stored result, unless it is just being built anew."""
        try:
            with locked(self.root / LOCKS / entry.folder.name, wait=False):
                doomed = self.root / f"{TEMPORARY}{entry.folder.name}"
                remove_tree(doomed)
                entry.folder.rename(doomed)
                remove_tree(doomed)
        except Busy:
            return

    def collect(self, keep: Collection[str]) -> tuple[Entry, ...]:
        """Remove every result whose key is not in ``keep``, and what dead runs left; return what went."""
        doomed = tuple(entry for entry in self.entries() if entry.key not in keep)
        for entry in doomed:
            self.remove(entry)
        self.sweep()
        return doomed

    def sweep(self) -> None:
        """Remove half-made results that no living process works on."""
        for leftover in sorted(self.root.glob(f"{TEMPORARY}*")):
            try:
                with locked(self.root / LOCKS / leftover.name.removeprefix(TEMPORARY), wait=False):
                    remove_tree(leftover)
            except Busy:
                continue

    def _add(self, key: str, name: str, fill: Callable[[Path], None], manifest: Mapping[str, Any]) -> Path:
        final = self._folder(key, name)
        temporary = self.root / f"{TEMPORARY}{final.name}"
        with self._writing(f"store {name}"):
            if not self._swept:
                self._swept = True
                self.sweep_others(temporary)
            remove_tree(temporary)
            (temporary / "tree").mkdir(parents=True)
            try:
                fill(temporary / "tree")
                self._seal(temporary, {**manifest, "name": name, "key": key, "stored": time.time()})
                remove_tree(final)  # only ever something without a readable manifest
                temporary.rename(final)
            except BaseException:
                remove_tree(temporary)
                raise
            sync(self.root)
        return final / "tree"

    def sweep_others(self, mine: Path) -> None:
        """Sweep all but ``mine``, whose lock the caller holds."""
        if any(path != mine for path in self.root.glob(f"{TEMPORARY}*")):
            self.sweep()

    @staticmethod
    def _seal(folder: Path, manifest: dict[str, Any]) -> None:
        summary = summarize(folder / "tree")
        manifest |= {"files": summary.files, "bytes": summary.bytes, "tree": summary.digest}
        with (folder / "manifest.json").open("w", encoding="utf-8") as stream:
            json.dump(manifest, stream, indent=1, sort_keys=True)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        sync(folder / "tree")
        sync(folder)

    def _folder(self, key: str, name: str) -> Path:
        return self.root / f"{name.replace('/', '_')}-{key[:16]}"

    @staticmethod
    def _read(folder: Path) -> Entry | None:
        """Return the result in ``folder``, or None if it is none."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            entry = Entry(
                name=manifest["name"],
                key=manifest["key"],
                folder=folder,
                stored=manifest["stored"],
                bytes=manifest["bytes"],
                manifest=manifest,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return entry if entry.tree.is_dir() else None

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """Turn what the disk refuses into a ``BuildError``."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL_DISK:
                raise BuildError(
                    f"can't {what}: no space left in {self.root}",
                    hint="make room and run the same command again; everything finished before is kept",
                ) from None
            raise BuildError(
                f"can't {what} in {self.root}: {error.strerror or error}",
                hint="choose a directory that can be written with --build-dir",
            ) from error


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what differs between two mappings of key parts, by name."""
    return tuple(
        Change(part, old.get(part), new.get(part)) for part in sorted({*old, *new}) if old.get(part) != new.get(part)
    )


def summarize(tree: Path) -> Summary:
    """Return counts and a digest of everything below ``tree``. Times and owners don't count."""
    digest = hashlib.sha256()
    files = size = 0
    for path in sorted(tree.rglob("*")):
        status = path.lstat()
        digest.update(f"{path.relative_to(tree)}\0{status.st_mode:o}\0".encode("utf-8", "surrogateescape"))
        if stat.S_ISLNK(status.st_mode):
            digest.update(os.fsencode(path.readlink()))
        elif stat.S_ISREG(status.st_mode):
            files += 1
            size += status.st_size
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        digest.update(b"\n")
    return Summary(files=files, bytes=size, digest=digest.hexdigest())


def sync(folder: Path) -> None:
    """Have the disk know the names in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(tree: Path) -> None:
    """Remove ``tree`` if it exists, directories without write permission included."""
    if not tree.is_dir():
        return
    for folder, _, _ in os.walk(tree):
        os.chmod(folder, 0o700)  # noqa: PTH101 - a path as text is what os.walk gives
    shutil.rmtree(tree)
