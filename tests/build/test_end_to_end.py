"""The main job for real: one build from nothing, its archives validated and used, a second run that does nothing."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SELECTION = ("--target", "x86_64-unknown-linux-gnu", "--python", "cpython-3.14", "--options", "noopt")
SECOND_RUN_SECONDS = 5  # 2 on an idle machine
KINDS = ("full", "install", "debuginfo")
PLAN_SECONDS = 3  # 1 on an idle machine

pytestmark = [pytest.mark.slow, pytest.mark.network]


def build(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the driver and return what it printed; progress goes to the test's own output."""
    return subprocess.run([ROOT / "build.py", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=check)


@pytest.fixture(scope="module")
def archives() -> dict[str, Path]:
    """Build the distribution, or find it built, and return its archives by kind."""
    paths = [Path(line) for line in build(*SELECTION, "--engine", "namespace", "--tag", "20200101").stdout.splitlines()]
    return {kind: path for path in paths for kind in KINDS if f"-{kind}" in path.name}


def test_archives_have_their_names(archives: dict[str, Path]) -> None:
    stem = "cpython-3.14.7+20200101-x86_64-unknown-linux-gnu"
    assert archives["full"].name == f"{stem}-noopt-full.tar.zst"
    assert archives["install"].name == f"{stem}-install_noopt.tar.zst"
    assert archives["debuginfo"].name == f"{stem}-noopt-debuginfo.tar.zst"


@pytest.mark.parametrize("kind", KINDS)
def test_archives_are_valid(archives: dict[str, Path], kind: str) -> None:
    done = build("validate", str(archives[kind]), check=False)
    assert done.returncode == 0, done.stdout


def test_distribution_works(archives: dict[str, Path]) -> None:
    done = build("test", str(archives["install"]), check=False)
    assert done.returncode == 0, done.stdout


def test_second_run_does_nothing(archives: dict[str, Path]) -> None:
    before = {path: path.stat().st_mtime_ns for path in archives.values()}
    started = time.monotonic()
    build(*SELECTION, "--engine", "namespace", "--tag", "20200101")
    assert time.monotonic() - started < SECOND_RUN_SECONDS
    assert {path: path.stat().st_mtime_ns for path in archives.values()} == before


def test_plan_is_quick_and_knows_what_is_stored(archives: dict[str, Path]) -> None:
    assert archives
    started = time.monotonic()
    plan = json.loads(build("plan", "--json", *SELECTION).stdout)
    assert time.monotonic() - started < PLAN_SECONDS
    assert all(job["stored"] for job in plan["jobs"])
    other = json.loads(build("plan", "--json", *SELECTION[:-1], "debug").stdout)
    assert [job["id"] for job in other["jobs"] if not job["stored"]] == ["cpython"]


def test_packaging_again_gives_the_same_bytes(archives: dict[str, Path], tmp_path: Path) -> None:
    words = (*SELECTION, "--tag", "20200101", "--dist-dir", str(tmp_path), "--skip-validation", "--jobs", "1")
    again = [Path(line) for line in build(*words, "--engine", "namespace").stdout.splitlines()]
    for path in again:
        original = next(known for known in archives.values() if known.name == path.name)
        assert path.read_bytes() == original.read_bytes(), path.name


def test_killed_build_leaves_nothing_running(archives: dict[str, Path], tmp_path: Path) -> None:
    assert archives
    environment = {**os.environ, "PYTHONBUILD_BUILD_DIR": str(tmp_path / "build")}
    (tmp_path / "build").mkdir()
    for name in ("image", "downloads"):
        (tmp_path / "build" / name).symlink_to(ROOT / "build" / name)
    words: list[str] = [str(ROOT / "build.py"), *SELECTION, "--engine", "namespace", "--skip-validation"]
    with subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "start " in line)
        time.sleep(2)
        process.kill()
    time.sleep(1)
    running = subprocess.run(["ps", "axww", "-o", "args"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert str(tmp_path) not in running
