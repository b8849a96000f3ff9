"""Give this terminal to a program at the other end of a connection."""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import tty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 14


def relay(channel: Any, resize: Callable[[int, int], object]) -> None:
    """Copy between this terminal and ``channel`` (something with a ``fileno``) until the other end closes.

    ``resize`` is told the terminal's rows and columns once.
    """
    terminal, remote = sys.stdin.fileno(), channel.fileno()
    before = termios.tcgetattr(terminal) if os.isatty(terminal) else None
    size = shutil.get_terminal_size()
    resize(size.lines, size.columns)
    if before is not None:
        tty.setraw(terminal)
    try:
        sources = [terminal, remote]
        while True:
            ready, _, _ = select.select(sources, [], [])
            if remote in ready:
                data = os.read(remote, CHUNK)
                if not data:
                    return
                write(sys.stdout.fileno(), data)
            if terminal in ready:
                data = os.read(terminal, CHUNK)
                if data:
                    write(remote, data)
                else:
                    sources.remove(terminal)
    finally:
        if before is not None:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def write(descriptor: int, data: bytes) -> None:
    """Write all of ``data``."""
    while data:
        data = data[os.write(descriptor, data) :]
