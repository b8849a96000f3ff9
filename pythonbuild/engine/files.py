"""Copying, merging and removing trees, whatever modes they have."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


def copy(source: Path, destination: Path) -> None:
    """Copy the file, link or tree ``source`` to ``destination`` with modes, links and times.

    A tree is laid over one that exists: files are replaced, directories merged.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        _copy_tree(source, destination)
    else:
        _copy_file(source, destination)


def _copy_tree(source: Path, destination: Path) -> None:
    """Copy what is in ``source`` into ``destination``; times last, because copying changes them."""
    destination.mkdir(exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _copy_tree(Path(entry.path), destination / entry.name)
            else:
                _copy_file(Path(entry.path), destination / entry.name)
    shutil.copystat(source, destination)


def _copy_file(source: Path, destination: Path) -> None:
    """Copy one file or link, in place of what has that name."""
    destination.unlink(missing_ok=True)
    shutil.copy2(source, destination, follow_symlinks=False)


def move(source: Path, destination: Path) -> None:
    """Move ``source`` to ``destination``, by renaming where that is possible."""
    try:
        os.rename(source, destination)  # noqa: PTH104 - replaces an empty directory too
    except OSError:
        copy(source, destination)


def remove(tree: Path) -> None:
    """Remove ``tree``, directories without write permission included."""
    if not tree.is_dir() or tree.is_symlink():
        tree.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(tree):
        os.chmod(folder, stat.S_IRWXU)  # noqa: PTH101 - many calls
    shutil.rmtree(tree, ignore_errors=True)
