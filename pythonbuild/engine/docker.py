"""The Docker engine, through the Docker SDK; Podman's Docker-compatible socket serves as well.

One container, never started, holds the volumes that stand for the writable directories: files go in
and out through it as archives, so the daemon may be on another machine. Each command runs in a
container of its own over the same volumes, so that it leaves no process behind.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import socket
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig
from docker.utils.socket import frames_iter
from requests.exceptions import RequestException

from pythonbuild.engine import BUILD, DIRECTORIES, CommandFailed, Image
from pythonbuild.engine.archive import chunks_of_tree, extract, pack
from pythonbuild.engine.output import Lines
from pythonbuild.engine.terminal import relay
from pythonbuild.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pythonbuild.engine import ImageFiles
    from pythonbuild.log import StepLog

ANSWER = 10  # seconds in which a daemon must answer
PATIENCE = 900  # seconds that moving a large tree may take
BASE = "localhost/pythonbuild/base"  # podman takes a name without a registry for one of Docker Hub
REPOSITORY = "localhost/pythonbuild/image"
LABEL = "pythonbuild"
SOCKET = "unix:///var/run/docker.sock"  # where the SDK looks when DOCKER_HOST says nothing else
# Process 1 of a container. The command gets nothing of its environment; both streams become one, so
# that their order is kept; and when the driver is gone, its end of standard input closes, which ends all.
SUPERVISOR = """
trap 'exit 143' TERM
exec 3<&0
{ cat <&3 >/dev/null; kill -TERM 1; } &
"$@" </dev/null 3<&- 2>&1 &
wait $!
"""
FAULTS = (DockerException, RequestException, OSError)


class DockerFactory:
    """Opens places to build in on the Docker engine that the environment names."""

    name = "docker"

    def available(self) -> str | None:
        """Return why no engine can be used, or ``None``."""
        return reason_against()

    def warning(self) -> str | None:
        """Return nothing: containers isolate as they should."""
        return None

    def prepare(self, files: ImageFiles) -> Image:
        """Return the image built from ``files.dockerfile``, building it when the engine lacks it."""
        tag = f"{files.digest[:12]}-{hashlib.sha256(files.dockerfile.encode()).hexdigest()[:12]}"
        with translated("can't make the build image"), connection() as client:
            reap(client)
            try:
                image = client.images.get(f"{REPOSITORY}:{tag}")
            except ImageNotFound:
                if files.tree is not None:
                    import_base(client, files.tree, files.digest[:12])
                image, _ = client.images.build(
                    fileobj=io.BytesIO(files.dockerfile.encode()), tag=f"{REPOSITORY}:{tag}", rm=True, forcerm=True
                )
            return Image(digest=files.digest, where=str(image.id))

    def open(self, image: Image, work: Path, label: str, *, resumes: bool = False) -> DockerEngine:
        """Return a new place to build in; ``work`` only holds archives on their way."""
        return DockerEngine(image.where, work, label, kept=volume_of(work, label) if resumes else None)

    def forget(self, work: Path, label: str) -> None:
        """Remove the volume of a place that resumes."""
        with translated(f"{label}: can't remove its volume"), connection() as client, contextlib.suppress(NotFound):
            client.api.remove_volume(volume_of(work, label))


class DockerEngine:
    """One place: volumes, and containers over them. The one called ``kept`` is ``/build``, and outlasts the place."""

    def __init__(self, image: str, work: Path, label: str, kept: str | None = None) -> None:
        self._image = image
        self._work = work
        self._label = label
        self._lock = threading.Lock()
        self._running: str | None = None
        self._closed = False
        self._client = docker.from_env(timeout=PATIENCE)
        with translated(f"{label}: can't make a container"):
            volumes = [f"/{name}" for name in DIRECTORIES]
            self._holder = self._create(("true",), volumes=volumes, binds=[f"{kept}:{BUILD}"] if kept else None)

    def put(self, source: Path, inside: PurePosixPath) -> None:
        """Send ``source`` as an archive that is unpacked at ``inside``."""
        volume, rest = split(inside)
        with translated(f"{self._label}: can't put {source.name}"), tempfile.TemporaryFile(dir=self._work) as stream:
            pack(source, rest, stream)
            stream.seek(0)
            self._client.api.put_archive(self._holder, volume, stream)

    def take(self, inside: PurePosixPath, destination: Path) -> None:
        """Receive ``inside`` as an archive and unpack it as ``destination``."""
        split(inside)
        with translated(f"{self._label}: can't take {inside}"):
            try:
                chunks, _ = self._client.api.get_archive(self._holder, str(inside))
            except NotFound:
                raise EngineError(f"{self._label}: there is no {inside} to take") from None
            extract(chunks, destination)

    def run(self, command: Sequence[str], *, env: Mapping[str, str], log: StepLog, cwd: PurePosixPath = BUILD) -> None:
        """Run ``command`` in a container of its own, its output going to ``log`` line by line."""
        supervised = ("/bin/bash", "-c", SUPERVISOR, "supervisor", *exactly(env, command))
        with translated(f"{self._label}: the Docker engine failed", unless=lambda: self._closed):
            code = self._run(supervised, cwd, log)
        if self._closed:
            raise EngineError(f"{self._label}: stopped")
        if code != 0:
            raise CommandFailed(command, code)

    def shell(self, *, env: Mapping[str, str]) -> None:
        """Give this terminal to a bash inside."""
        command = exactly({"TERM": os.environ.get("TERM", "linux"), **env}, ("/bin/bash", "--norc", "-i"))
        with translated(f"{self._label}: the Docker engine failed"):
            container = self._start(command, BUILD, tty=True)
            try:
                with self._attached(container) as channel:
                    self._client.api.start(container)
                    relay(channel, lambda rows, columns: self._client.api.resize(container, rows, columns))
            finally:
                self._remove(container)

    def close(self) -> None:
        """Remove the containers, running or not, and their volumes."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            running = self._running
        if running is not None:
            self._remove(running)
        self._remove(self._holder)
        with contextlib.suppress(*FAULTS):
            if running is None:
                self._client.close()

    def _run(self, command: Sequence[str], cwd: PurePosixPath, log: StepLog) -> int:
        """Run ``command`` to its end and return its exit status."""
        container = self._start(command, cwd, tty=False)
        try:
            with self._attached(container) as channel, Lines(log) as lines:
                self._client.api.start(container)
                for _, data in frames_iter(channel, tty=False):  # type: ignore[no-untyped-call] # the stubs lack it
                    lines.write(data)
            return int(self._client.api.wait(container, timeout=ANSWER)["StatusCode"])
        finally:
            with self._lock:
                self._running = None
            self._remove(container)

    def _start(self, command: Sequence[str], cwd: PurePosixPath, *, tty: bool) -> str:
        """Create, but not start, the container of a command; ``close`` knows of it from here on."""
        with self._lock:
            if self._closed:
                raise EngineError(f"{self._label}: stopped")
            self._running = self._create(command, cwd=cwd, tty=tty, volumes_from=[self._holder])
            return self._running

    def _create(  # noqa: PLR0913 - what has a default goes by name
        self,
        command: Sequence[str],
        *,
        cwd: PurePosixPath = BUILD,
        tty: bool = False,
        volumes: list[str] | None = None,
        binds: list[str] | None = None,
        volumes_from: list[str] | None = None,
    ) -> str:
        """Create a container and return its id."""
        api = self._client.api
        host_config = api.create_host_config(
            binds=binds,
            volumes_from=volumes_from,
            log_config=LogConfig(type="none"),
            network_mode="none",
            read_only=True,
            shm_size="1g",
        )
        created = api.create_container(
            self._image,
            entrypoint=list(command),
            volumes=volumes,
            host_config=host_config,
            working_dir=str(cwd),
            hostname="build",
            user="0:0",
            stdin_open=True,
            tty=tty,
            labels=labels(self._label),
        )
        return str(created["Id"])

    @contextlib.contextmanager
    def _attached(self, container: str) -> Iterator[Any]:
        """Yield the connection to a container's streams. Closing it closes the container's standard input."""
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        channel = self._client.api.attach_socket(container, params=params)
        try:
            yield channel
        finally:
            # What the SDK returns is mostly a view of a socket that belongs to the HTTP response.
            getattr(channel, "_response", channel).close()

    def _remove(self, container: str) -> None:
        """Remove a container with its volumes, if it is still there."""
        with contextlib.suppress(*FAULTS):
            self._client.api.remove_container(container, v=True, force=True)


def exactly(env: Mapping[str, str], command: Sequence[str]) -> list[str]:
    """Return ``command`` such that it gets ``env`` alone (containers always have more), and no ignored signals."""
    return [
        "/usr/bin/env",
        "-i",
        "--default-signal=INT,QUIT",
        *(f"{name}={value}" for name, value in env.items()),
        *command,
    ]


def volume_of(work: Path, label: str) -> str:
    """Return the name of the volume that outlasts the places called ``label`` of one work directory."""
    place = hashlib.sha256(f"{platform.node()}:{work.absolute()}".encode()).hexdigest()
    return f"{LABEL}-{place[:12]}-{label}"


def split(inside: PurePosixPath) -> tuple[str, str]:
    """Return the volume of a path inside, and the path in that volume."""
    parts = inside.parts
    if len(parts) < 2 or parts[0] != "/" or parts[1] not in DIRECTORIES or ".." in parts:
        raise EngineError(f"{inside} is not below one of /{', /'.join(DIRECTORIES)}")
    return f"/{parts[1]}", "/".join(parts[2:]) or "."


@contextlib.contextmanager
def connection() -> Iterator[docker.DockerClient]:
    """Yield a connection to the engine that the environment names."""
    client = docker.from_env(timeout=PATIENCE)
    try:
        yield client
    finally:
        client.close()


@contextlib.contextmanager
def translated(what: str, unless: Any = lambda: False) -> Iterator[None]:
    """Turn the SDK's errors into ``EngineError``, or into nothing while ``unless`` says so."""
    try:
        yield
    except EngineError:
        raise
    except BuildError as error:
        output = [str(line.get("stream", "")).strip() for line in error.build_log]
        raise EngineError(f"{what}: {error.msg}", hint=" | ".join(filter(None, output[-5:])) or None) from error
    except FAULTS as error:
        if not unless():
            detail = error.explanation if isinstance(error, APIError) and error.explanation else error
            raise EngineError(f"{what}: {detail}") from error


@cache
def reason_against() -> str | None:
    """Return why no Docker engine can be used here, or ``None``."""
    address = os.environ.get("DOCKER_HOST") or SOCKET
    try:
        knock(address)
        client = docker.from_env(timeout=ANSWER)
        try:
            system = client.info()["OSType"]
        finally:
            client.close()
    except FAULTS as error:
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        return f"no engine answers at {address} ({cause})"
    return None if system == "linux" else f"the engine runs {system} containers, not Linux"


def knock(address: str) -> None:
    """Connect to a Unix socket and hang up; ``OSError`` when nobody is there. The SDK's reasons are less clear."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as handle:
            handle.settimeout(ANSWER)
            handle.connect(address.removeprefix("unix://"))


def import_base(client: docker.DockerClient, tree: Path, tag: str) -> None:
    """Make the base image out of the unpacked ``tree``, unless the engine has it."""
    try:
        client.images.get(f"{BASE}:{tag}")
    except ImageNotFound:
        with contextlib.closing(chunks_of_tree(tree)) as stream:
            # The tag is part of the name: podman overlooks one that is given apart.
            client.api.import_image_from_stream(stream, repository=f"{BASE}:{tag}")


def labels(name: str) -> dict[str, str]:
    """Return what marks a container as ours, and as this process's."""
    return {LABEL: name, f"{LABEL}.host": platform.node(), f"{LABEL}.driver": driver(os.getpid())}


def driver(process: int) -> str:
    """Return a name that no other process has had on this machine: boot, number, start time."""
    if sys.platform != "linux":
        return str(process)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        started = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
    return f"{boot}:{process}:{started}"


def reap(client: docker.DockerClient) -> None:
    """Remove containers whose driver, on this machine, is gone."""
    if sys.platform != "linux":
        return
    for container in client.containers.list(all=True, filters={"label": f"{LABEL}.host={platform.node()}"}):
        owner = container.labels.get(f"{LABEL}.driver", "")
        process = owner.split(":")[1] if owner.count(":") == 2 else ""
        if process.isdigit() and driver(int(process)) != owner:
            with contextlib.suppress(*FAULTS):
                container.remove(v=True, force=True)
