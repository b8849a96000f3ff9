"""build.py: makes its environment once, whatever happened before, and says what is wrong in one line."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
HOSTS = re.compile(r"https?://|\.org\b|\.com\b|\.io\b|--index-url|--find-links|file:|^/", re.MULTILINE)

CLI = """
import sys
def main():
    print(sys.prefix, *sys.argv[1:])
    sys.exit(7 if "seven" in sys.argv else 0)
"""


class Sandbox:
    """A copy of build.py with a small package beside it, and commands that record how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.calls.touch()
        (folder / "build.py").write_text((ROOT / "build.py").read_text())
        (folder / "requirements.lock").write_text("x==1 --hash=sha256:0\n")
        (folder / "requirements-dev.lock").write_text("y==1 --hash=sha256:0\n")
        package = folder / "pythonbuild"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "cli.py").write_text(CLI)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.command("uv", "exit 1")

    def command(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.calls}"\n{text}\n')
        path.chmod(0o755)

    def uv_works(self) -> None:
        """Let uv make a bare environment: a link to this Python and a configuration."""
        self.command(
            "uv",
            'if [ "$1" = venv ]; then for last; do :; done; mkdir -p "$last/bin"; '
            f'ln -s {BASE} "$last/bin/python"; echo "home = {BASE.parent}" > "$last/pyvenv.cfg"; fi',
        )

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
        clean |= {"PATH": f"{self.bin}:/usr/bin:/bin", **environment}
        return subprocess.run(
            [BASE, "build.py", *words], cwd=self.folder, env=clean, capture_output=True, text=True, check=False
        )

    def environments(self) -> list[Path]:
        return sorted(path for path in (self.folder / "build").glob("env-*") if path.is_dir())

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_the_environment_is_made_once_and_takes_over(sandbox: Sandbox) -> None:
    sandbox.uv_works()
    first = sandbox.run("plan", "--options", "a b")
    assert first.returncode == 0, first.stderr
    (environment,) = sandbox.environments()
    assert first.stdout == f"{environment} plan --options a b\n"
    assert first.stderr.count("making a Python environment") == 1
    calls = sandbox.called()
    assert len(calls) == 2
    assert "--require-hashes" in calls[1]
    second = sandbox.run("seven")
    assert (second.returncode, second.stdout, second.stderr) == (7, f"{environment} seven\n", "")
    assert sandbox.called() == calls


def test_another_lock_makes_another_environment(sandbox: Sandbox) -> None:
    sandbox.uv_works()
    sandbox.run("plan")
    (sandbox.folder / "requirements.lock").write_text("x==2 --hash=sha256:0\n")
    sandbox.run("plan")
    assert len(sandbox.environments()) == 2


def test_environment_prints_an_interpreter(sandbox: Sandbox) -> None:
    sandbox.uv_works()
    normal, dev = sandbox.run("environment").stdout, sandbox.run("environment", "--dev").stdout
    assert normal != dev
    assert all(Path(text.strip()).name == "python" for text in (normal, dev))
    assert [call.rpartition("/")[2] for call in sandbox.called() if "install" in call] == [
        "requirements.lock",
        "requirements-dev.lock",
    ]


def test_an_interrupted_or_moved_environment_is_made_anew(sandbox: Sandbox) -> None:
    sandbox.uv_works()
    sandbox.run("plan")
    (environment,) = sandbox.environments()
    (environment / ".complete").unlink()
    (environment / "half").touch()
    assert sandbox.run("plan").returncode == 0
    assert not (environment / "half").exists()
    (environment / ".complete").write_text("/elsewhere")
    assert "making a Python environment" in sandbox.run("plan").stderr
    (environment / "bin" / "python").unlink()
    assert "making a Python environment" in sandbox.run("plan").stderr


def test_two_at_once_make_it_once(sandbox: Sandbox) -> None:
    sandbox.uv_works()
    clean = {"PATH": f"{sandbox.bin}:/usr/bin:/bin"}
    children = [
        subprocess.Popen(
            [BASE, "build.py", "plan"], cwd=sandbox.folder, env=clean, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(3)
    ]
    assert [child.communicate()[0].split()[-1] for child in children] == [b"plan"] * 3
    assert len(sandbox.called()) == 2


@pytest.fixture
def build_py(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The functions of build.py, in this process."""
    monkeypatch.chdir(sandbox.folder)
    return runpy.run_path(str(sandbox.folder / "build.py"), run_name="build")


def test_without_uv_or_if_it_fails_venv_and_pip_make_it(sandbox: Sandbox) -> None:
    done = sandbox.run("plan", PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert "uv could not make it; trying venv and pip" in done.stderr
    assert lines[-2].startswith("error: ")
    assert lines[-1].startswith("  hint   ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "output",
    [
        "WARNING: Retrying ... NewConnectionError(...)\nERROR: Could not find a version\n",
        "ERROR: No matching distribution found for docker==7\n",
    ],
)
def test_no_network_is_one_clear_message(build_py: dict[str, object], tmp_path: Path, output: str) -> None:
    log = tmp_path / "pip.log"
    log.write_text(output)
    failure = build_py["install_failure"](log)  # type: ignore[operator]
    assert "no package index can be reached" in str(failure)
    assert str(log) in failure.hint


def test_another_failure_of_pip_is_quoted(build_py: dict[str, object], tmp_path: Path) -> None:
    log = tmp_path / "pip.log"
    log.write_text("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n  more\n")
    assert "DO NOT MATCH" in str(build_py["install_failure"](log))  # type: ignore[operator]


def test_a_missing_venv_module_names_the_package(sandbox: Sandbox) -> None:
    script = sandbox.folder / "try.py"
    script.write_text(
        "import importlib.util, os, runpy, sys\n"
        "importlib.util.find_spec = lambda name: None\n"
        "os.geteuid = lambda: int(sys.argv.pop(1))\n"
        "sys.exit(runpy.run_path('build.py', run_name='__main__'))\n"
    )
    sandbox.command("apt-get", "echo 'E: Unable to locate package'; exit 100")

    def attempt(uid: str) -> str:
        clean = {"PATH": f"{sandbox.bin}:/usr/bin:/bin"}
        done = subprocess.run(
            [BASE, script, uid, "plan"], cwd=sandbox.folder, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    package = f"python3.{sys.version_info.minor}-venv"
    assert f"has no venv module\n  hint   sudo apt-get install {package}" in attempt("1000")
    assert not [call for call in sandbox.called() if call.startswith("apt-get")]
    assert f"installing {package}" in attempt("0")
    assert [call.split()[1] for call in sandbox.called() if call.startswith("apt-get")] == ["install", "update"]


def test_an_unwritable_place_is_one_message(sandbox: Sandbox) -> None:
    (sandbox.folder / "build").write_text("not a directory")
    done = sandbox.run("plan")
    assert done.returncode == 1
    assert done.stderr.startswith("error: can't make the Python environment: ")
    assert "PYTHONBUILD_ENV_DIR" in done.stderr


def test_an_old_python_is_told(sandbox: Sandbox) -> None:
    text = (sandbox.folder / "build.py").read_text().replace("(3, 11)", "(9, 0)")
    (sandbox.folder / "build.py").write_text(text)
    done = sandbox.run("plan")
    assert done.returncode == 1
    assert re.match(r"error: build.py needs Python 3\.11 or later, and this is 3\.\d+", done.stderr)


def test_help_is_quick() -> None:
    command = [str(BASE), str(ROOT / "build.py"), "--help"]
    subprocess.run(command, capture_output=True, check=True)  # makes the environment where there is none
    best = min(timed(command) for _ in range(5))
    assert best < 0.3


def timed(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    return time.monotonic() - started


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_requirement_is_locked_with_its_files(name: str) -> None:
    lock = (ROOT / f"{name}.lock").read_text()
    assert not HOSTS.search(lock)
    locked = {}
    for block in re.split(r"\n(?=\S)", lock):
        found = re.match(r"([A-Za-z0-9_.-]+)==[0-9][^ ]*", block)
        if found:
            locked[found[1].lower()] = block.count("--hash=sha256:")
    assert locked
    assert min(locked.values()) >= 1
    wanted = [line for line in (ROOT / f"{name}.in").read_text().splitlines() if line and line[0] not in "#-"]
    assert {line.partition("[")[0] for line in wanted} <= set(locked)


def test_the_development_lock_holds_the_same_versions() -> None:
    pins = [
        set(re.findall(r"^\S+==[^ ]+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0] <= pins[1]
