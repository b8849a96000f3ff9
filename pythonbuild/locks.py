"""Locks between processes, which a killed process can't leave behind: ``flock`` on a file."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Busy(Exception):  # noqa: N818 - not a failure: somebody else is at work
    """The lock is held by somebody else and the caller did not want to wait."""


@contextmanager
def locked(path: Path, *, wait: bool = True, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on ``path``, a file that exists only while somebody holds or wants it.

    ``waiting`` is called once before a wait starts. ``Busy`` is raised instead if ``wait`` is false.
    Works between threads as well: each call opens the file anew, and ``flock`` belongs to the opening.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(path, wait=wait, waiting=waiting)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # still held: whoever waits finds the name gone, and opens a new file
        os.close(descriptor)


def _acquire(path: Path, *, wait: bool, waiting: Callable[[], None] | None) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            if _flock(descriptor, wait=wait, waiting=waiting):
                waiting = None
            if _is_still(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor: int, *, wait: bool, waiting: Callable[[], None] | None) -> bool:
    """Lock an open file; return whether that meant to wait."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not wait:
            raise Busy from None
        if waiting is not None:
            waiting()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    return False


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether ``path`` names the open file, and not a later one."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
