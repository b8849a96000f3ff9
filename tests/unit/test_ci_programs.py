"""The programs in ci/: what they take, and what they say of what they don't."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from pythonbuild.cli import TERMINATED
from pythonbuild.errors import BuildError, ValidationError
from pythonbuild.settings import ROOT
from tests.ci_modules import load_program

TRIPLE = "x86_64-unknown-linux-gnu"
PREFIX = f"cpython-3.14.7+20261127-{TRIPLE}"


def program(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "ci" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_misspelt_option_of_the_tests_starts_nothing() -> None:
    done = subprocess.run([ROOT / "ci" / "check", "--quik"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: ci/check [--quick]\n")


@pytest.mark.parametrize("name", ["results.py", "pyconfig.py"])
def test_an_archive_of_another_kind_is_told_with_what_to_do(name: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no archive")
    done = program(name, path)
    assert done.returncode not in {0, 1}
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_reader_that_is_not_there_is_no_crash() -> None:
    done = program("fuzz.py", "nosuch")
    assert done.returncode == 2
    assert "there is no reader nosuch" in done.stderr


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis").write_text("years")
    done = program("reference_root.py", tmp_path / "work", "python3.13")
    assert "holds something else" in done.stderr
    assert (tmp_path / "work" / "thesis").exists()


def test_sizes_are_those_of_one_release(tmp_path: Path) -> None:
    sizes_beside = load_program("results").sizes_beside
    names = {
        f"{PREFIX}-pgo+lto-full.tar.zst": 5,
        f"{PREFIX}-install_pgo+lto.tar.zst": 4,
        f"{PREFIX}-install_only.tar.gz": 3,
        f"{PREFIX.replace('20261127', '20261126')}-install_pgo+lto.tar.zst": 9,
        f"{PREFIX.replace('20261127', '20261128')}-install_only.tar.gz": 9,
        f"{PREFIX.replace('gnu', 'musl')}-install_only.tar.gz": 9,
        f"{PREFIX}-install_noopt.tar.zst": 9,
    }
    for name, size in names.items():
        (tmp_path / name).write_bytes(bytes(size))
    found = sizes_beside(tmp_path / f"{PREFIX}-pgo+lto-full.tar.zst")
    assert found == {"full": 5, "install": 4, "install_only": 3}
    assert sizes_beside(tmp_path / f"{PREFIX}-noopt-full.tar.zst") == {"install": 9}


def test_a_run_that_is_asked_to_end_tidies_up(tmp_path: Path) -> None:
    """``kill``, ``timeout`` and a CI that cancels send SIGTERM."""
    script = (
        "import pathlib, sys, tempfile, time\n"
        "from pythonbuild import cli, commands\n"
        "def slow(*words):\n"
        "    with tempfile.TemporaryDirectory():\n"
        "        pathlib.Path(sys.argv[1]).touch()\n"
        "        time.sleep(60)\n"
        "commands.doctor = slow\n"
        "cli.main(['doctor'])\n"
    )
    begun, scratch = tmp_path / "begun", tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen([sys.executable, "-c", script, begun], cwd=ROOT, env=environment) as process:
        end = time.monotonic() + 30
        while not begun.exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == TERMINATED
    assert not list(scratch.iterdir())


def test_gates_are_kept_of_the_archives_that_were_tried(tmp_path: Path) -> None:
    """A row of an earlier build of the same distribution says nothing of this one."""
    results = load_program("results")
    archive = tmp_path / f"{PREFIX}-debug-full.tar.zst"
    with zstandard.open(archive, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        content = json.dumps({"target_triple": TRIPLE, "python_version": "3.14.7", "build_options": "debug"})
        info = tarfile.TarInfo("python/PYTHON.json")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content.encode()))
    row = results.Tried(
        target=TRIPLE, python="3.14.7", options="debug", checks=1, findings=0, passed=1, sizes={"full": 1}
    )
    for known in ([], [row]):
        with pytest.raises(BuildError, match="nothing is known of"):
            results.gate_tried(archive, results.arguments_of(["--core", str(archive)]), known)
    same = replace(row, sizes=results.sizes_beside(archive))
    with pytest.raises(ValidationError, match="no interpreter"):
        results.gate_tried(archive, results.arguments_of(["--core", str(archive)]), [same])
