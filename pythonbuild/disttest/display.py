"""A display for programs that draw windows, where the machine has Xvfb."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds for the server to say its number.
_PATIENCE = 60


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """Start Xvfb on a free display and give what the environment needs; nothing where it is not installed.

    The server ends with the block.
    """
    server = shutil.which("Xvfb")
    if server is None:
        yield {}
        return
    read, write = os.pipe()
    command = [server, "-displayfd", str(write), "-nolisten", "tcp", "-screen", "0", "1280x1024x24"]
    with subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        os.close(write)
        try:
            number = first_line(read)
            yield {"DISPLAY": f":{number}"} if number else {}
        finally:
            process.terminate()
            os.close(read)


def first_line(descriptor: int) -> str:
    """Return the line that a server writes when it is ready; nothing if it ends or keeps silent."""
    ready, _, _ = select.select([descriptor], [], [], _PATIENCE)
    return os.read(descriptor, 16).decode().strip() if ready else ""
