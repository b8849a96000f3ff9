"""A display for tests that open windows: Xvfb on a number that is free, for as long as it is needed."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 30


@contextmanager
def display() -> Iterator[str]:
    """Start Xvfb and yield its display, such as ``:99``; yield nothing where the machine has none that starts."""
    program = shutil.which("Xvfb")
    if program is None:
        yield ""
        return
    reading, writing = os.pipe()
    # -displayfd: the server picks a free number and says which, once it takes connections (Xserver(1)).
    command = [program, "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], _PATIENCE)
        number = os.read(reading, 16).decode().strip() if ready else ""
        yield f":{number}" if number else ""
    finally:
        os.close(reading)
        server.terminate()
        server.wait()
