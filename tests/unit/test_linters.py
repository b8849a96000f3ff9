"""Static checks are tests: ruff, mypy, and shellcheck over scripts as they lie and as they are rendered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pythonbuild.decide import Selection, prepare
from pythonbuild.settings import ROOT
from pythonbuild.show import script_text
from pythonbuild.target import Matrix

# SC1091: files that a script reads in are shown behind it. SC2034, SC2154: variables of the prelude are there for
# every script, and used by some. SC2164: the prelude says set -e. SC2016: words for make, which expands them itself.
RENDERED = "--exclude=SC1091,SC2016,SC2034,SC2154,SC2164"
PARTS = "--exclude=SC2154,SC2164"


def passes(*command: str, text: str | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_ruff() -> None:
    passes(tool("ruff"), "check", "--no-cache", ".")


def test_ruff_format() -> None:
    passes(tool("ruff"), "format", "--no-cache", "--check", ".")


def test_mypy() -> None:
    passes(sys.executable, "-m", "mypy")


def test_shellcheck() -> None:
    folders = ("cpython-unix", "ci")
    scripts = sorted(str(path) for folder in folders for path in (ROOT / folder).rglob("*.sh"))
    assert scripts
    passes(tool("shellcheck"), "--exclude=SC1091", "ci/check", ".ci/run")
    passes(tool("shellcheck"), "--shell=bash", PARTS, *scripts)


def rendered_scripts() -> dict[str, str]:
    """Return every script that some build of the matrix runs, each text once."""
    matrix = Matrix.load(ROOT / "targets.yml")
    found: dict[str, str] = {}
    for target in matrix.targets.values():
        for flavor in target.flavors:
            for minor in target.pythons:
                wanted = Selection(target=target.triple, python=minor, options=str(flavor))
                prepared = prepare(ROOT, wanted, image="0")
                for job in prepared.plan.jobs:
                    found.setdefault(script_text(prepared, job), f"{job.title} {flavor} {target.triple}")
    return {name: text for text, name in found.items()}


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    return rendered_scripts()


def test_shellcheck_rendered(scripts: dict[str, str]) -> None:
    assert len(scripts) > 20
    for name, text in scripts.items():
        done = subprocess.run(
            [tool("shellcheck"), "--shell=bash", RENDERED, "-"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stdout}"


def test_rendered_scripts_decide_nothing(scripts: dict[str, str]) -> None:
    for name, text in scripts.items():
        for line in text.splitlines():
            word = line.strip()
            decides = word.startswith(("if ", "case ")) and any(v in word for v in ("$TARGET", "$PYTHON_", "$FLAVOR"))
            assert not decides, f"{name}: {line}"
