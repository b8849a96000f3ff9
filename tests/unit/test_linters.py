"""Static checks are tests: ruff, mypy, and shellcheck over scripts as they lie and as they are rendered."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pythonbuild.decide import Checkout, Selection, distributions
from pythonbuild.settings import ROOT
from pythonbuild.show import script_text

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
    """Return the scripts of all builds of the matrix; of those that differ in values of variables alone, one."""
    checkout = Checkout.read(ROOT)
    found: dict[str, tuple[str, str]] = {}
    for words in distributions(checkout.matrix, Selection()):
        prepared = checkout.prepare(*words, image="0")
        for job in prepared.plan.jobs:
            text = script_text(prepared, job)
            shape = re.sub(r"^(#|export \w+=|\w+=\().*", r"\1", text, flags=re.MULTILINE)
            found.setdefault(shape, (f"{job.title} {words[1]} {words[0].triple}", text))
    return dict(found.values())


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    return rendered_scripts()


def test_shellcheck_rendered(scripts: dict[str, str], tmp_path: Path) -> None:
    assert len(scripts) > 20
    files = []
    for number, text in enumerate(scripts.values()):
        files.append(str(tmp_path / f"{number}.sh"))
        Path(files[-1]).write_text(text)
    # The first line of each says what it builds.
    passes(tool("shellcheck"), "--shell=bash", "--format=tty", RENDERED, *files)


def test_rendered_scripts_decide_nothing(scripts: dict[str, str]) -> None:
    for name, text in scripts.items():
        for line in text.splitlines():
            word = line.strip()
            decides = word.startswith(("if ", "case ")) and any(v in word for v in ("$TARGET", "$PYTHON_", "$FLAVOR"))
            assert not decides, f"{name}: {line}"
