"""One budget of processors, shared with real make where it speaks the fifo protocol."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pythonbuild.jobserver import JobServer

if TYPE_CHECKING:
    from pathlib import Path


def make_version() -> tuple[int, ...]:
    try:
        text = subprocess.run(["make", "--version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return (0,)
    match = re.search(r"GNU Make ([\d.]+)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else (0,)


def test_no_more_tokens_than_slots(tmp_path: Path) -> None:
    with JobServer(tmp_path / "jobs", 2) as server:
        assert server.acquire(0)
        assert server.acquire(0)
        assert not server.acquire(0.01)
        server.release()
        assert server.acquire(0)
    assert not (tmp_path / "jobs").exists()


def test_a_waiting_job_gets_the_token_that_is_given_back(tmp_path: Path) -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    with JobServer(tmp_path / "jobs", 2) as server:

        def work() -> None:
            nonlocal running, most
            with server.job():
                with lock:
                    running += 1
                    most = max(most, running)
                time.sleep(0.02)
                with lock:
                    running -= 1

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.free() == 2
    assert most == 2


def test_tokens_that_a_killed_make_took_come_back(tmp_path: Path) -> None:
    with JobServer(tmp_path / "jobs", 3) as server:
        with server.job():
            fifo = os.open(server.path, os.O_RDONLY | os.O_NONBLOCK)
            assert os.read(fifo, 2) == b"++"
            os.close(fifo)
            assert server.free() == 0
        assert server.free() == 3


@pytest.mark.skipif(make_version() < (4, 4), reason="needs GNU make 4.4 for --jobserver-auth=fifo:")
def test_two_makes_share_the_budget(tmp_path: Path) -> None:
    check_makes(tmp_path, ["make"])


def check_makes(folder: Path, make: list[str]) -> None:
    """Run two makes with many rules on three slots, and see that never more than three rules ran."""
    rules = "".join(f"r{n}:\n\t@echo + >> log; sleep 0.05; echo - >> log\n" for n in range(12))
    (folder / "Makefile").write_text("all: " + " ".join(f"r{n}" for n in range(12)) + "\n" + rules)
    with JobServer(folder / "jobs", 3) as server:
        environment = {**os.environ, "MAKEFLAGS": server.makeflags(server.path)}
        children = []
        for _ in range(2):
            assert server.acquire(1)
            children.append(subprocess.Popen([*make, "all"], cwd=folder, env=environment))
        assert [child.wait() for child in children] == [0, 0]
        server.release()
        server.release()
        assert server.free() == 3
    running = most = 0
    for sign in (folder / "log").read_text().split():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    assert most in (2, 3)
