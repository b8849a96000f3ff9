"""A source tree in place of a release: what is in its archive, and that content alone decides its pins."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from pythonbuild.errors import DataError
from pythonbuild.tree import pack, read_tree

if TYPE_CHECKING:
    from pathlib import Path


def make_tree(path: Path) -> Path:
    (path / "Include").mkdir(parents=True)
    (path / "Include" / "patchlevel.h").write_text('#define PY_VERSION      "3.16.0a1+"\n')
    (path / "configure").write_text("#!/bin/sh\n")
    (path / "configure").chmod(0o755)
    (path / "link").symlink_to("configure")
    (path / "Lib" / "__pycache__").mkdir(parents=True)
    (path / "Lib" / "__pycache__" / "x.pyc").touch()
    return path


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    stream = io.BytesIO()
    pack(path, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        return {member.name: member for member in archive}


def test_the_version_is_read_from_the_tree(tmp_path: Path) -> None:
    tree = read_tree(make_tree(tmp_path / "a"))
    assert (tree.version, tree.minor) == ("3.16.0a1+", "3.16")


def test_the_archive_holds_files_links_and_modes_and_no_byte_code(tmp_path: Path) -> None:
    found = members(make_tree(tmp_path / "a"))
    assert sorted(found) == ["cpython/Include/patchlevel.h", "cpython/configure", "cpython/link"]
    assert found["cpython/configure"].mode == 0o755
    assert found["cpython/link"].linkname == "configure"


def test_content_decides_the_pins(tmp_path: Path) -> None:
    first = read_tree(make_tree(tmp_path / "a"))
    other = make_tree(tmp_path / "b")
    os.utime(other / "configure", (1, 1))
    assert (first.size, first.sha256) == ((second := read_tree(other)).size, second.sha256)
    (other / "configure").write_text("#!/bin/sh\n:\n")
    assert read_tree(other).sha256 != first.sha256


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_checkout_is_what_git_tracks_with_its_changes(tmp_path: Path) -> None:
    path = make_tree(tmp_path / "a")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "add", "Include", "configure"], check=True)
    (path / "stray").touch()
    (path / "configure").write_text("changed\n")
    found = members(path)
    assert sorted(found) == ["cpython/Include/patchlevel.h", "cpython/configure"]
    assert found["cpython/configure"].size == len("changed\n")


def test_a_directory_that_is_no_cpython_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no source tree of CPython"):
        read_tree(tmp_path)
    (tmp_path / "Include").mkdir()
    (tmp_path / "Include" / "patchlevel.h").write_text("#define OTHER 1\n")
    with pytest.raises(DataError, match="names no PY_VERSION"):
        read_tree(tmp_path)
