"""What programs of ci/ share that run a command in user and mount namespaces of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Outside = Callable[[Path], None]
    Inside = Callable[[Path], list[str]]


def mount(kind: str, place: Path, options: str = "") -> None:
    """Mount a file system of ``kind`` at ``place``."""
    words = ["-o", options] if options else []
    subprocess.run(["mount", "-t", kind, *words, kind, place], check=True)


def entered(again: list[str], variable: str, *, outside: Outside, inside: Inside, needs: str = "") -> int:
    """Let ``outside`` fill a directory, start the program ``again`` in new namespaces, and run a command there.

    ``variable`` names the directory for the second start, in which ``inside`` mounts what was filled and returns the
    command. Returns what a shell would say of it. What fails is said in a line, with what it ``needs``, and is a 1.
    """
    name = f"ci/{Path(again[0]).name}"
    try:
        if variable in os.environ:
            return status(subprocess.run(inside(Path(os.environ[variable])), check=False).returncode)
        with tempfile.TemporaryDirectory() as scratch:
            outside(Path(scratch))
            os.environ[variable] = scratch
            words = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *again]
            return status(subprocess.run(words, check=False).returncode)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{name}: {where}{error.strerror or error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"{name}: {' '.join(error.cmd)} failed{needs}", file=sys.stderr)
    return 1


def status(code: int) -> int:
    """Return what a shell would say of a process that ended so: 139 where signal 11 ended it."""
    return code if code >= 0 else 128 - code
