"""What only the Docker engine has: a daemon that may be away, and containers that may be left over."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pythonbuild.engine import BUILD, EngineFactory, choose, doctor_lines
from pythonbuild.engine import docker as engine_module
from pythonbuild.engine.docker import LABEL, connection, driver, exactly, labels, reap, reason_against, split
from pythonbuild.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.engine import Image

only_docker = pytest.mark.parametrize("factory", [pytest.param("docker", marks=pytest.mark.docker)], indirect=True)


def dead_driver() -> str:
    """Return what names a process that has ended."""
    command = f"from {driver.__module__} import driver; import os; print(driver(os.getpid()))"
    return subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.strip()


@only_docker
def test_leftovers_of_dead_drivers_are_removed(factory: EngineFactory, image: Image, tmp_path: Path) -> None:
    alive = factory.open(image, tmp_path, "alive")
    try:
        with connection() as client:
            marks = {**labels("dead"), f"{LABEL}.driver": dead_driver()}
            left = client.api.create_container(image.where, entrypoint=["true"], labels=marks)["Id"]
            reap(client)
            found = {container.id: container.labels[LABEL] for container in client.containers.list(all=True)}
            assert left not in found
            assert "alive" in found.values()
    finally:
        alive.close()


@only_docker
def test_close_leaves_no_container_and_no_volume(factory: EngineFactory, image: Image, tmp_path: Path) -> None:
    with connection() as client:
        before = {volume.id for volume in client.volumes.list()}
        engine = factory.open(image, tmp_path, "to be closed")
        assert len({volume.id for volume in client.volumes.list()} - before) == 6
        engine.close()
        assert not {volume.id for volume in client.volumes.list()} - before
        assert not client.containers.list(all=True, filters={"label": f"{LABEL}=to be closed"})


def test_no_engine_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    monkeypatch.setattr(engine_module, "reason_against", reason_against.__wrapped__)
    with pytest.raises(EngineError, match="docker: no engine answers at unix:///no/such/socket") as failure:
        choose("docker")
    assert failure.value.exit_code == 4
    assert failure.value.hint == "start a Docker engine, or use --engine namespace"
    assert doctor_lines()[0].startswith("docker: not available: no engine answers")


def test_unknown_engine() -> None:
    with pytest.raises(EngineError, match="unknown engine 'dokcer'"):
        choose("dokcer")


def test_processes_are_told_apart() -> None:
    assert driver(os.getpid()) == driver(os.getpid()) != driver(os.getppid())
    assert driver(2**22 + 1) == ""


def test_command_gets_what_it_is_given() -> None:
    assert exactly({"A": "b c"}, ["x", "-i"])[-3:] == ["A=b c", "x", "-i"]
    assert split(BUILD / "a/b") == ("/build", "a/b")
    assert split(BUILD) == ("/build", ".")
