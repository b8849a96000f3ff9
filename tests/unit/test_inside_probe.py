"""What an interpreter says of itself, here the one that runs the tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pythonbuild.inside import probe


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/out/python/install", "/install"),
        ("'--prefix=/out/python/install' -L/out/python/install/lib", "'--prefix=/install' -L/install/lib"),
        ("/out/python/installer", "/out/python/installer"),
        ("/root/.local", "~/.local"),
        ("/rooted", "/rooted"),
        (3, "3"),
    ],
)
def test_neutral(value: object, expected: str) -> None:
    assert probe.neutral(value, "/out/python/install", "/root") == expected


def test_paths_are_relative_to_the_distribution() -> None:
    assert probe.in_distribution("/x/install/lib", "/x/install") == "install/lib"
    assert probe.in_distribution("/x/install", "/x/install") == "install"


def test_test_packages(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "idlelib" / "idle_test").mkdir(parents=True)
    assert probe.test_packages(tmp_path) == ["idlelib.idle_test", "test"]


def test_tcl_paths(tmp_path: Path) -> None:
    (tmp_path / "lib" / "tcl9.0").mkdir(parents=True)
    assert probe.tcl_paths(tmp_path) == {}
    (tmp_path / "lib" / "tcl9.0" / "init.tcl").touch()
    assert probe.tcl_paths(tmp_path) == {"tcl_library_path": "install/lib", "tcl_library_paths": ["tcl9.0"]}


def test_facts_of_this_interpreter(tmp_path: Path) -> None:
    output = tmp_path / "facts.json"
    assert probe.main([str(output)]) == 0
    facts = json.loads(output.read_text())
    major, minor = sys.version_info[:2]
    assert facts["python_major_minor_version"] == f"{major}.{minor}"
    assert facts["python_tag"] == f"cp{major}{minor}"
    assert facts["python_implementation_name"] == "cpython"
    assert all(isinstance(value, str) for value in facts["python_config_vars"].values())
    assert facts["python_config_vars"]["installed_base"] == "/install"
    assert facts["python_suffixes"]["source"] == [".py"]
    assert len(facts["python_bytecode_magic_number"]) == 8
