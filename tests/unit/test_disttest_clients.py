"""Installers as tests: what their index files say of an archive, and that a failure is told as one."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pythonbuild.disttest.clients import tried
from pythonbuild.disttest.clients.entries import (
    UPSTREAM,
    Release,
    pbs_index,
    pbs_module,
    tag_of,
    uv_index,
    uv_key,
    uv_platform,
)
from pythonbuild.disttest.clients.kit import Kit, ask
from pythonbuild.disttest.clients.server import serving
from pythonbuild.disttest.clients.tools import CLIENTS, pdm
from pythonbuild.disttest.model import CaseFailed, CaseSkipped
from pythonbuild.disttest.subject import Subject
from pythonbuild.errors import DataError
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix
from pythonbuild.validate.names import name_identity

if TYPE_CHECKING:
    from pathlib import Path

NAME = "cpython-3.14.7+20260131-x86_64-unknown-linux-gnu-install_only.tar.gz"
# Families that uv 0.13.9 was seen to accept.
FAMILIES = {"x86_64", "aarch64", "armv7", "i686", "powerpc64le", "riscv64", "s390x", "loongarch64", "mipsel"}


def release(name: str = NAME) -> Release:
    identity = name_identity(name)
    assert identity is not None
    return Release(name=name, tag=tag_of(name), sha256="ab" * 32, identity=identity)


def kit(place: Path, **changes: str) -> Kit:
    python = place / "python"
    python.write_text('#!/bin/sh\ncat "$(dirname "$0")/answer"\n')
    python.chmod(0o755)
    (place / "include").mkdir()
    told = {
        "version": "3.14.7", "prefix": str(place), "base": str(place), "LIBDIR": str(place),
        "INCLUDEPY": str(place / "include"), "CC": "cc -pthread", "LDSHARED": "cc -shared", "AR": "ar", **changes,
    }  # fmt: skip
    (place / "answer").write_text(str(told).replace("'", '"'))
    subject = Subject(prefix=place, python=python, work=place, environment={"PATH": "/usr/bin:/bin"})
    return Kit(subject=subject, release=release(), files=place, web="http://127.0.0.1:1", way={})


def test_the_entry_of_uv_has_exactly_its_fields() -> None:
    assert uv_index(release(), "file:///a") == {
        "cpython-3.14.7-linux-x86_64-gnu": {
            "name": "cpython",
            "arch": {"family": "x86_64", "variant": None},
            "os": "linux",
            "libc": "gnu",
            "major": 3,
            "minor": 14,
            "patch": 7,
            "prerelease": "",
            "url": "file:///a",
            "sha256": "ab" * 32,
            "variant": None,
            "build": "20260131",
        }
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (NAME.replace("gnu-", "gnu-freethreaded-"), "cpython-3.14.7+freethreaded-linux-x86_64-gnu"),
        (NAME.replace("3.14.7", "3.15.0rc1"), "cpython-3.15.0rc1-linux-x86_64-gnu"),
        (NAME.replace("x86_64", "x86_64_v3").replace("gnu", "musl"), "cpython-3.14.7-linux-x86_64_v3-musl"),
        (NAME.replace("install_only.tar.gz", "freethreaded+debug-full.tar.zst"),
         "cpython-3.14.7+freethreaded+debug-linux-x86_64-gnu"),
    ],
)  # fmt: skip
def test_names_of_uv(name: str, key: str) -> None:
    assert uv_key(release(name)) == key


def test_every_target_is_of_a_family_that_uv_knows() -> None:
    for target in Matrix.load(ROOT / "targets.yml").targets.values():
        family, variant, libc = uv_platform(target.triple)
        assert family in FAMILIES, target.triple
        assert variant in {None, "v2", "v3", "v4"}
        # uv has no musleabihf: it was not seen to take such an entry.
        assert libc in {"gnu", "musl", "gnueabi", "gnueabihf", "musleabihf"}


def test_a_plus_in_a_name_is_escaped() -> None:
    assert UPSTREAM + release().path == (
        "https://github.com/astral-sh/python-build-standalone/releases/download/20260131/"
        "cpython-3.14.7%2B20260131-x86_64-unknown-linux-gnu-install_only.tar.gz"
    )


def test_both_forms_of_pbs_installers_list() -> None:
    (entry,) = pbs_index(release(), "http://u", arch="x86_64")
    assert entry["python_version"]["micro"] == 7
    assert entry["files"][0]["sha256"] == "ab" * 32
    text = pbs_module(release(), "http://u", arch="x86_64")
    assert "PythonVersion(\"cpython\", 3, 14, 7, False): {(\"linux\", 'x86_64', True): ('http://u'," in text
    with pytest.raises(CaseSkipped, match="no pre-releases"):
        pbs_index(release(NAME.replace("3.14.7", "3.15.0a1")), "http://u", arch="x86_64")


def test_a_name_without_a_date_is_refused() -> None:
    with pytest.raises(DataError, match="has no date"):
        tag_of("python.tar.gz")


def test_both_spellings_of_a_plus_are_served(tmp_path: Path) -> None:
    (tmp_path / "a+b").write_bytes(b"x")
    with serving(tmp_path) as url:
        for name in ("a+b", "a%2Bb"):
            with urllib.request.urlopen(f"{url}/{name}") as answer:  # noqa: S310 - the loopback interface
                assert answer.read() == b"x"


def test_what_an_installed_python_says_is_checked(tmp_path: Path) -> None:
    assert ask(kit(tmp_path), tmp_path / "python")["CC"] == "cc -pthread"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": "3.11.2"}, "is Python 3.11.2, not 3.14.7"),
        ({"LIBDIR": "/install/lib"}, "LIBDIR=/install/lib, which is not below"),
        ({"INCLUDEPY": "/usr/include"}, "INCLUDEPY=/usr/include, which is not below"),
        ({"CC": "/tools/bin/clang"}, "a path of the build"),
    ],
)
def test_an_installed_python_that_is_wrong(tmp_path: Path, changes: dict[str, str], complaint: str) -> None:
    with pytest.raises(CaseFailed, match=complaint):
        ask(kit(tmp_path, **changes), tmp_path / "python")


def test_outcomes(tmp_path: Path) -> None:
    def fails(_: Kit) -> None:
        raise CaseFailed("seen")

    tools = kit(tmp_path)
    assert tried(tools, "clients.x", lambda _: None).status == "passed"
    assert (tried(tools, "clients.x", fails).status, tried(tools, "clients.x", fails).message) == ("failed", "seen")
    full = replace(tools, release=release(NAME.replace("install_only.tar.gz", "pgo+lto-full.tar.zst")))
    assert tried(full, "clients.pdm.http", pdm).status == "skipped"


def test_every_client_has_a_lock() -> None:
    for name in {name.partition(".")[0] for name, _ in CLIENTS}:
        lock = (ROOT / f"pythonbuild/disttest/clients/{name}.lock").read_text()
        assert f"\n{name}==" in lock
        assert "index-url" not in lock
        assert "find-links" not in lock
