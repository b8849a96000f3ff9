"""The embedded engine: unprivileged Linux namespaces over an unpacked build image.

No daemon and no root are needed. ``launcher.py`` does the entering; here is what the driver does.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pythonbuild.engine import BUILD, DIRECTORIES, CommandFailed, Image, files
from pythonbuild.engine.output import Lines
from pythonbuild.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pythonbuild.engine import ImageFiles
    from pythonbuild.log import StepLog

LAUNCHER = Path(__file__).with_name("launcher.py")
CHUNK = 1 << 16
WARNINGS = {
    "user": None,
    "root": "user namespaces are forbidden: builds run as the real root user, in other namespaces",
    "chroot": "namespaces are forbidden: builds run in a plain chroot as root, without /proc, and with the "
    "machine's network and processes in reach",
}


class NamespaceFactory:
    """Opens build images in namespaces, or, for root on a machine without them, in a chroot."""

    name = "namespace"

    def available(self) -> str | None:
        """Return why no kind of isolation works here, or ``None``."""
        return None if isolation()[0] else isolation()[1]

    def warning(self) -> str | None:
        """Return what is weaker than it should be."""
        return WARNINGS[isolation()[0] or "user"]

    def prepare(self, files: ImageFiles) -> Image:
        """Return the unpacked tree as an image."""
        if files.tree is None:
            raise EngineError(
                "the namespace engine can't use an image of a registry",
                hint="leave --base-image out, or use --engine docker",
            )
        return Image(digest=files.digest, where=str(files.tree))

    def open(self, image: Image, work: Path, label: str, *, resumes: bool = False) -> NamespaceEngine:
        """Return a place to build in, whose files are directories of ``work``: whoever makes that keeps ``/build``."""
        del resumes
        kind, reason = isolation()
        if kind is None:
            raise EngineError(f"can't enter the build image: {reason}")
        return NamespaceEngine(Path(image.where), work.absolute(), label, kind)

    def forget(self, work: Path, label: str) -> None:
        """Do nothing: all is in the work directory."""


class NamespaceEngine:
    """One place: the image at ``root`` with the writable directories in ``work``."""

    def __init__(self, root: Path, work: Path, label: str, kind: str) -> None:
        self._root = root
        self._label = label
        self._kind = kind
        self._work = work
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()
        if kind == "chroot":
            self._root = self._work = private_copy(root, work / "root")
        for name in DIRECTORIES:
            self._path(PurePosixPath("/", name)).mkdir(parents=True, exist_ok=True)

    def put(self, source: Path, inside: PurePosixPath) -> None:
        """Copy ``source`` into the directory that stands for ``inside``."""
        files.copy(source, self._path(inside))

    def take(self, inside: PurePosixPath, destination: Path) -> None:
        """Move ``inside`` out, leaving an empty directory where a command needs one."""
        path = self._path(inside)
        if not path.exists() and not path.is_symlink():
            raise EngineError(f"{self._label}: there is no {inside} to take")
        files.move(path, destination)
        if len(inside.parts) == 2:
            path.mkdir(exist_ok=True)

    def run(self, command: Sequence[str], *, env: Mapping[str, str], log: StepLog, cwd: PurePosixPath = BUILD) -> None:
        """Run ``command`` with its output, both streams in their order, going to ``log`` line by line."""
        status, code = self._start(command, env, cwd, log)
        if self._closed:
            raise EngineError(f"{self._label}: stopped")
        if status:
            raise EngineError(f"can't enter the build image: {status}", hint="./build.py doctor")
        if code != 0:
            raise CommandFailed(command, code)

    def shell(self, *, env: Mapping[str, str]) -> None:
        """Give this terminal to a bash inside."""
        status, _ = self._start(("bash", "--norc", "-i"), env, BUILD, None)
        if status:
            raise EngineError(f"can't enter the build image: {status}", hint="./build.py doctor")

    def close(self) -> None:
        """Kill what runs inside. The files stay in ``work``, for whoever made that directory."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)

    def _path(self, inside: PurePosixPath) -> Path:
        """Return the path outside for one below a writable directory inside."""
        parts = inside.parts
        if len(parts) < 2 or parts[0] != "/" or parts[1] not in DIRECTORIES or ".." in parts:
            raise EngineError(f"{inside} is not below one of /{', /'.join(DIRECTORIES)}")
        return self._work.joinpath(*parts[1:])

    def _start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: PurePosixPath, log: StepLog | None
    ) -> tuple[str, int]:
        """Run ``command`` to its end; return why the place could not be made (or ``""``), and the exit status."""
        spec = self._work.parent / f"{self._work.name}.spec" if self._kind == "chroot" else self._work / "spec.json"
        spec.write_text(json.dumps(self._spec(command, env, cwd)))
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as status:
            try:
                process = self._spawn(spec, writer, log)
            finally:
                os.close(writer)
            try:
                if log is not None and process.stdout is not None:
                    copy_output(process.stdout.fileno(), log)
                code = process.wait()
            except BaseException:
                process.send_signal(signal.SIGTERM)
                process.wait()
                raise
            finally:
                if process.stdout is not None:
                    process.stdout.close()
            return status.read().decode(), code

    def _spawn(self, spec: Path, status: int, log: StepLog | None) -> subprocess.Popen[bytes]:
        """Start the launcher, in a session of its own unless it is to have this terminal."""
        shown = None if log is None else subprocess.PIPE
        with self._lock:
            if self._closed:
                raise EngineError(f"{self._label}: stopped")
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), str(spec), str(status)],
                stdin=None if log is None else subprocess.DEVNULL,
                stdout=shown,
                stderr=None if log is None else subprocess.STDOUT,
                pass_fds=(status,),
                start_new_session=log is not None,
            )
            return self._process

    def _spec(self, command: Sequence[str], env: Mapping[str, str], cwd: PurePosixPath) -> dict[str, object]:
        """Return what the launcher is told."""
        return {
            "isolation": self._kind,
            "driver": os.getpid(),
            "root": str(self._root),
            "binds": {name: str(self._work / name) for name in DIRECTORIES},
            "command": list(command),
            "env": dict(env),
            "cwd": str(cwd),
        }


def copy_output(descriptor: int, log: StepLog) -> None:
    """Pass on what arrives at ``descriptor`` until its other ends are closed."""
    with Lines(log) as lines:
        while chunk := os.read(descriptor, CHUNK):
            lines.write(chunk)


@cache
def isolation() -> tuple[str | None, str]:
    """Return the best kind of isolation that works here, or ``None`` and why not even the weakest does."""
    if sys.platform != "linux":
        return None, "only Linux has namespaces"
    kinds = ("user", "root", "chroot") if os.geteuid() == 0 else ("user",)
    reason = ""
    for kind in kinds:
        result = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), "probe", kind], capture_output=True, text=True, check=False
        )
        if result.returncode == 0:
            return kind, ""
        reason = reason or f"user namespaces are forbidden on this machine ({result.stderr.strip()[-200:]})"
    return None, reason


def private_copy(root: Path, destination: Path) -> Path:
    """Return ``destination`` as a tree of hard links to ``root``, with device nodes, for a plain chroot."""
    if not destination.exists():
        shutil.copytree(root, destination, symlinks=True, copy_function=_link)
        for name, minor in {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}.items():
            os.mknod(destination / "dev" / name, stat.S_IFCHR, os.makedev(1, minor))
            (destination / "dev" / name).chmod(0o666)
        (destination / "dev/shm").mkdir(mode=0o1777, exist_ok=True)
    return destination


def _link(source: str, destination: str) -> None:
    """Link a file where it can be, else copy it."""
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, destination, follow_symlinks=False)
