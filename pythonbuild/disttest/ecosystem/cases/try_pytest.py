"""A test run: tests that pass, one with a window of Tk, one that fails with its explanation, and one skipped."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

Path("test_sample.py").write_text(
    """
import tkinter

import pytest

@pytest.fixture
def number(tmp_path):
    (tmp_path / "n").write_text("41")
    return int((tmp_path / "n").read_text())

def test_passes(number):
    assert number + 1 == 42

@pytest.mark.parametrize("value", [1, 2])
def test_fails_once(value):
    assert value == 1

def test_window():
    window = tkinter.Tk()
    assert window.winfo_screenwidth() > 0
    window.destroy()

@pytest.mark.skip(reason="shown")
def test_skipped():
    raise AssertionError
"""
)
command = [sys.executable, "-m", "pytest", "-q", "--junitxml=report.xml", "test_sample.py"]
done = subprocess.run(command, check=False, capture_output=True, text=True)
assert done.returncode == 1, done
assert "assert 2 == 1" in done.stdout, done.stdout
suite = ET.parse("report.xml").getroot().find("testsuite")
assert suite is not None
assert [suite.get(key) for key in ("tests", "failures", "skipped")] == ["5", "1", "1"]
