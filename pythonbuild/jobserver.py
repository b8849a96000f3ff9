"""One budget of processors for all jobs: a GNU make jobserver that the driver owns.

Each byte in a fifo is the right to run one process. The driver takes one for every job it starts; the make
processes inside share what is left, through the same fifo bound into their environment. Protocol: "POSIX
Jobserver Interaction" in the GNU make manual; the ``fifo:`` form needs make 4.4 or later.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePath

TOKEN = b"+"


class JobServer:
    """``slots`` tokens in a fifo at ``path``, which exists while the context is open. Safe for threads."""

    def __init__(self, path: Path, slots: int) -> None:
        self.path = path
        self.slots = slots
        self._running = 0
        self._lock = threading.Lock()
        self._fifo = -1

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        os.mkfifo(self.path, 0o600)
        # Both ends in one descriptor: the fifo lives on while no make has it open.
        self._fifo = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.write(self._fifo, TOKEN * self.slots)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fifo)
        self.path.unlink(missing_ok=True)

    def acquire(self, timeout: float | None = None) -> bool:
        """Wait for a token; whether one was had within ``timeout`` seconds."""
        while True:
            readable, _, _ = select.select([self._fifo], [], [], timeout)
            if not readable:
                return False
            with self._lock:  # so that release() never takes a token under way for a lost one
                try:
                    os.read(self._fifo, 1)
                except BlockingIOError:
                    continue  # somebody was quicker
                self._running += 1
            return True

    def release(self) -> None:
        """Give a token back. With the last one, also those that killed processes took with them."""
        with self._lock:
            self._running -= 1
            lost = self.slots - self.free() if self._running == 0 else 1
            if lost > 0:
                os.write(self._fifo, TOKEN * lost)

    @contextmanager
    def job(self) -> Iterator[None]:
        """Hold a token while the block runs."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def free(self) -> int:
        """Return how many tokens nobody holds."""
        count = array.array("i", [0])
        fcntl.ioctl(self._fifo, termios.FIONREAD, count)
        return count[0]

    def makeflags(self, inside: PurePath) -> str:
        """Return the MAKEFLAGS for a job that sees the fifo as ``inside``."""
        return f" -j{self.slots} --jobserver-auth=fifo:{inside}"
