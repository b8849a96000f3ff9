from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from debian.deb822 import Packages, Release

from pythonbuild.buildimage import digest_over_base
from pythonbuild.errors import DataError, FetchError
from pythonbuild.image import index as index_module
from pythonbuild.image.dockerfile import render_dockerfile
from pythonbuild.image.index import fetch_index, read_index, refuse_expired, signed_content
from pythonbuild.image.lock import LockedPackage, PackageLock, Wanted, load_lock, load_wanted, parse_packages
from pythonbuild.image.resolve import resolve, source_version
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "cpython-unix" / "images"
WANTED = Wanted(
    suite="test", components=("main",), architecture="amd64", packages=("app",), without=("heavy",), links=(), drop=()
)


def stanza(name: str, version: str = "1", **fields: str) -> str:
    lines = [f"Package: {name}", f"Version: {version}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in fields.items()]
    lines += [f"Filename: pool/main/{name}_{version}_amd64.deb", "Size: 7", f"SHA256: {name.encode().hex():0>64}"]
    return "\n".join(lines)


BASE = [stanza("base-files", Essential="yes"), stanza("base-passwd")]


def names(*stanzas: str, wanted: Wanted = WANTED) -> list[str]:
    packages = resolve(read_index(["\n\n".join([*BASE, *stanzas])]), wanted)
    return [package.name for package in packages if not package.name.startswith("base-")]


def test_dependencies_are_followed() -> None:
    app = stanza("app", Depends="lib (>= 1), tool:any", Pre_Depends="early")
    assert names(app, stanza("lib", "1.2", Depends="deep"), stanza("tool"), stanza("early"), stanza("deep")) == [
        "app",
        "deep",
        "early",
        "lib",
        "tool",
    ]


def test_first_alternative_that_can_be_had() -> None:
    app = stanza("app", Depends="missing | second | third")
    assert names(app, stanza("third"), stanza("second")) == ["app", "second"]


def test_alternative_that_is_there_already() -> None:
    wanted = replace(WANTED, packages=("app", "third"))
    assert names(stanza("app", Depends="second | third"), stanza("second"), stanza("third"), wanted=wanted) == [
        "app",
        "third",
    ]


def test_virtual_packages() -> None:
    app = stanza("app", Depends="virtual, versioned (>= 2)")
    old = stanza("old", Provides="versioned (= 1)")
    good = stanza("good", Provides="virtual, versioned (= 2.1)")
    assert names(app, old, good) == ["app", "good"]


def test_wanted_names_are_preferred_as_providers() -> None:
    wanted = replace(WANTED, packages=("app", "mawk"))
    gawk, mawk = stanza("gawk", Provides="awk"), stanza("mawk", Provides="awk")
    assert names(stanza("app", Depends="awk"), gawk, mawk, wanted=wanted) == ["app", "mawk"]


def test_names_taken_as_installed() -> None:
    assert names(stanza("app", Depends="heavy (>= 9) | other"), stanza("heavy", Depends="more"), stanza("other")) == [
        "app"
    ]


def test_newest_of_several_versions() -> None:
    packages = resolve(read_index(["\n\n".join([*BASE, stanza("app", "1.9"), stanza("app", "1.10")])]), WANTED)
    assert [package.version for package in packages if package.name == "app"] == ["1.10"]


@pytest.mark.parametrize(
    ("stanzas", "message"),
    [
        ([], "package app, needed by packages.yml"),
        ([stanza("app", Depends="a | b")], r"app depends on a \| b"),
        ([stanza("app", Depends="lib (>> 1)"), stanza("lib", "1")], "app depends on lib"),
    ],
)
def test_what_can_not_be_had(stanzas: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        names(*stanzas)


def test_committed_lock_is_complete() -> None:
    lock = load_lock(FOLDER)
    assert {"clang-22", "lld-22", "llvm-22", "bolt-22", "make", "bash", "libc6"} <= {p.name for p in lock.packages}
    assert not {package.name for package in lock.packages} & set(lock.wanted.without)
    assert "://" not in lock.text()
    assert (FOLDER / "packages.lock").read_text() == lock.text()


def test_digest_says_what_the_image_holds() -> None:
    lock = load_lock(FOLDER)
    first = lock.packages[0]
    moved = (replace(first, file="elsewhere.deb"), *lock.packages[1:])
    changed = (replace(first, sha256="0" * 64), *lock.packages[1:])
    assert PackageLock(wanted=lock.wanted, packages=moved).digest == lock.digest
    assert PackageLock(wanted=lock.wanted, packages=changed).digest != lock.digest
    assert PackageLock(wanted=replace(lock.wanted, links=()), packages=lock.packages).digest != lock.digest


def test_text_and_back() -> None:
    package = LockedPackage(name="a", version="1:2-3+b1", size=5, sha256="f" * 64, file="pool/a.deb")
    packages = (package, replace(package, name="b", source_version="2-3"))
    assert parse_packages(PackageLock(wanted=WANTED, packages=packages).text(), "x") == packages


@pytest.mark.parametrize(
    ("version", "source", "expected"),
    [
        ("2-3", "", ""),
        ("2-3", "a", ""),
        ("2-3+b1", "a (2-3)", ""),
        ("2-3+b1", "", "2-3+b1"),
        ("1:2-3", "a (2-3)", "2-3"),
    ],
)
def test_versions_of_sources(version: str, source: str, expected: str) -> None:
    package = Packages({"Package": "b", "Version": version, **({"Source": source} if source else {})})
    assert source_version(package) == expected


def test_broken_line_is_named() -> None:
    with pytest.raises(DataError, match=r"packages\.lock:2: not 'name version"):
        parse_packages("# x\na 1 many f pool/a\n", "packages.lock")


def test_lock_that_lacks_something_wanted(tmp_path: Path) -> None:
    (tmp_path / "packages.yml").write_text((FOLDER / "packages.yml").read_text())
    (tmp_path / "packages.lock").write_text("")
    with pytest.raises(DataError, match="lacks autoconf, ") as failure:
        load_lock(tmp_path)
    assert failure.value.hint == "./build.py lock"
    assert load_lock(tmp_path, complete=False).packages == ()


@pytest.mark.parametrize("text", ["[", "- a", "suite: x", "{suite: x, unknown: 1}"])
def test_broken_package_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "packages.yml").write_text(text)
    with pytest.raises(DataError, match=r"packages\.yml"):
        load_wanted(tmp_path / "packages.yml")


def test_index_too_old() -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(days=1))
    future = format_datetime(datetime.now(UTC) + timedelta(days=1))
    refuse_expired(Release(f"Valid-Until: {future}\n"))
    refuse_expired(Release("Suite: x\n"))
    with pytest.raises(ValueError, match="valid until"):
        refuse_expired(Release(f"Valid-Until: {past}\n"))


DOCUMENT = b"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Suite: x
-----BEGIN PGP SIGNATURE-----
aaaa
-----END PGP SIGNATURE-----
"""


def test_bad_signature_is_refused() -> None:
    if not any(path.exists() for path in index_module.KEYRINGS):
        pytest.skip("Debian's keys are not installed")
    with pytest.raises(ValueError, match="no valid signature"):
        signed_content(DOCUMENT, print)


def test_unverified_index_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[str] = []
    monkeypatch.setattr(index_module, "KEYRINGS", ())
    assert signed_content(DOCUMENT, reports.append) == "Suite: x"
    assert "NOT verified" in reports[0]


def test_no_mirror_has_the_index() -> None:
    with pytest.raises(FetchError, match="no index of Debian test can be had: ftp://x: "):
        fetch_index(WANTED, ["ftp://x"], check_valid_until=True, report=print)


def test_dockerfile_over_the_imported_tree() -> None:
    lock = load_lock(FOLDER)
    text = render_dockerfile(FOLDER, lock)
    assert f"FROM localhost/pythonbuild/base:{lock.digest[:12]}\n" in text
    assert "apt-get" not in text
    assert lock.digest in text


def test_dockerfile_over_a_pinned_image() -> None:
    lock = load_lock(FOLDER)
    base = "debian:trixie-slim@sha256:" + "a" * 64
    text = render_dockerfile(FOLDER, lock, base)
    assert f"FROM {base}\n" in text
    assert all(f" {package.name}={package.version} " in text for package in lock.packages)
    assert "ln -sf mawk /usr/bin/awk" in text


def test_dockerfile_base_must_be_pinned() -> None:
    with pytest.raises(DataError, match="not pinned"):
        render_dockerfile(FOLDER, load_lock(FOLDER), "debian:trixie-slim")


def test_a_base_of_a_registry_is_part_of_the_digest() -> None:
    lock = load_lock(FOLDER)
    digests = {digest_over_base(lock, f"debian@sha256:{digit * 64}") for digit in "ab"}
    assert len(digests | {lock.digest}) == 3
