"""Wheels through pip, which is played by a stand-in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pythonbuild.errors import BuildError, FetchError
from pythonbuild.fetching_http import Refused
from pythonbuild.fetching_pip import complaint, tag_options
from tests.unit.loopback import BODY, Bench, bench, origin

__all__ = ["bench"]

WHEEL = "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl"
ANY = "--implementation py --abi none"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            WHEEL,
            f"{ANY} --platform manylinux_2_12_x86_64 --platform manylinux2010_x86_64",
        ),
        ("pip-26.3-py3-none-any.whl", f"{ANY} --platform any"),
        ("x-1-py2.py3-none-any.whl", f"{ANY} --platform any"),
        ("x-1-cp311-cp311-win32.whl", "--implementation cp --abi cp311 --python-version 3.11 --platform win32"),
    ],
)
def test_pip_is_told_the_tags_of_the_wheel(file: str, words: str) -> None:
    assert tag_options(file) == words.split()


def test_source_distributions_are_refused() -> None:
    with pytest.raises(Refused, match="not the name of a wheel"):
        tag_options("x-1.tar.gz")


def fake_pip(bench: Bench, monkeypatch: pytest.MonkeyPatch, body: bytes | None, stderr: str = "") -> list[list[str]]:
    commands = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if body is not None:
            Path(command[command.index("--dest") + 1], WHEEL).write_bytes(body)
        return subprocess.CompletedProcess(command, int(body is None), "", stderr)

    monkeypatch.setattr("pythonbuild.fetching_pip.subprocess.run", run)
    return commands


def test_a_wheel_comes_through_pip(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = fake_pip(bench, monkeypatch, BODY)
    path = bench.fetch(origin("ziglang==0.17.1", "pypi", file=WHEEL))
    assert path.read_bytes() == BODY
    assert bench.left() == [path.name]
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--require-hashes"} <= set(commands[0])
    assert bench.counted == len(BODY)


def test_another_wheel_than_pinned_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(bench, monkeypatch, b"x" * len(BODY))
    with pytest.raises(FetchError, match=r"pypi ziglang==0.17.1: wrong checksum: expected sha256"):
        bench.fetch(origin("ziglang==0.17.1", "pypi", file=WHEEL))
    assert bench.left() == []
    assert bench.counted == 0


def test_the_reason_of_pip_is_given(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(bench, monkeypatch, None, "WARNING: x\nERROR: No matching distribution found for ziglang==0.17.1\n")
    with pytest.raises(FetchError, match="pip: No matching distribution found"):
        bench.fetch(origin("ziglang==0.17.1", "pypi", file=WHEEL))


def test_the_checksum_that_pip_got_is_named() -> None:
    text = f"ERROR: THESE PACKAGES DO NOT MATCH\n    Expected sha256 {'a' * 64}\n     Got        {'b' * 64}\n"
    assert complaint(text) == f"wrong checksum: sha256 {'b' * 64}"
    assert complaint("") == "no output"


def test_a_full_disk_under_pip_is_told_as_such(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(bench, monkeypatch, None, "ERROR: Could not install: [Errno 28] No space left on device\n")
    with pytest.raises(BuildError, match="no space left in"):
        bench.fetch(origin("ziglang==0.17.1", "pypi", file=WHEEL))
