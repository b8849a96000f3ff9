from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import tarfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import zstandard

from pythonbuild import rootfs
from pythonbuild.errors import BuildError, FetchError
from pythonbuild.fetch import FetchSettings, Patience
from pythonbuild.image.lock import LockedPackage, PackageLock, Wanted
from pythonbuild.image.unpack import unpack
from pythonbuild.rootfs import MARKER, RootfsSettings, differences, digest_in_use, ensure_rootfs, find_rootfs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Content = dict[str, str | bytes]

WANTED = Wanted(
    suite="test",
    components=("main",),
    architecture="amd64",
    packages=("app",),
    without=(),
    links=(("usr/bin/alias", "app"), ("usr/bin/app", "never")),
    drop=("usr/share/doc/", "usr/share/man/"),
)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
TIME = 1_500_000_000


def tar(content: Content) -> bytes:
    """Make a tar archive; a text is the target of a link (hard if it starts with =), bytes are a file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, value in content.items():
            member = tarfile.TarInfo(f"./{name}")
            member.mtime, member.uid = TIME, 1234
            if isinstance(value, bytes):
                member.size, member.mode = len(value), 0o4755 if "bin/" in name else 0o600
                archive.addfile(member, io.BytesIO(value))
            elif name.endswith("/"):
                member.type, member.mode = tarfile.DIRTYPE, 0o700
                archive.addfile(member)
            else:
                member.type = tarfile.LNKTYPE if value.startswith("=") else tarfile.SYMTYPE
                member.linkname = value.removeprefix("=")
                archive.addfile(member)
    return stream.getvalue()


def deb(content: Content, suffix: str = ".xz") -> bytes:
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", f"data.tar{suffix}": COMPRESS[suffix](tar(content))}
    parts = [b"!<arch>\n"]
    for name, data in members.items():
        parts += [f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode(), data, b"\n" * (len(data) % 2)]
    return b"".join(parts)


APP: Content = {
    "usr/": "",
    "usr/bin/": "",
    "usr/bin/app": b"#!/bin/sh\n",
    "usr/bin/link": "app",
    "usr/bin/hard": "=./usr/bin/app",
    "usr/share/doc/app/copyright": b"free",
    "usr/share/doc/app/changelog": b"long",
    "usr/share/man/man1/app.1": b"page",
    "etc/conf": b"setting",
    "lib/old": b"through the link",
}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_unpack(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "app.deb").write_bytes(deb(APP, suffix))
    root = tmp_path / "root"
    root.mkdir()
    unpack(tmp_path / "app.deb", root, WANTED.drop)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())
    assert files == [
        "etc/conf",
        "lib/old",
        "usr/bin/app",
        "usr/bin/hard",
        "usr/bin/link",
        "usr/share/doc/app/copyright",
    ]
    status = (root / "usr/bin/app").stat()
    assert (oct(status.st_mode), status.st_mtime, status.st_uid) == ("0o100755", TIME, os.geteuid())
    assert oct((root / "etc/conf").stat().st_mode) == "0o100644"
    assert (root / "usr/bin/hard").samefile(root / "usr/bin/app")
    assert str((root / "usr/bin/link").readlink()) == "app"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a Debian package"),
        (b"!<arch>\n", "holds no data.tar"),
        (deb({"../out": b""}), "holds the path"),
        (deb(APP)[:-40], "can't unpack app.deb"),
        (deb(APP, "").replace(b"data.tar ", b"data.tar.Z"[:9]), "unknown compression"),
    ],
    ids=["empty", "nothing", "escape", "cut", "compression"],
)
def test_broken_package(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "app.deb").write_bytes(data)
    (tmp_path / "root").mkdir()
    with pytest.raises(BuildError, match=message):
        unpack(tmp_path / "app.deb", tmp_path / "root")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class Archive:
    """A small Debian archive, served on this machine."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.reports: list[str] = []
        self.settings = RootfsSettings(
            fetch=FetchSettings(mirrors=lambda _: [address], patience=Patience(retries=0)), report=self.reports.append
        )

    def add(self, name: str, version: str, content: Content) -> LockedPackage:
        data = deb(content)
        file = f"pool/{name}_{version}.deb"
        (self.folder / file).parent.mkdir(exist_ok=True)
        (self.folder / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        return LockedPackage(name=name, version=version, size=len(data), sha256=digest, file=file)

    def lock(self, *packages: LockedPackage) -> PackageLock:
        return PackageLock(wanted=WANTED, packages=packages)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Archive(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_rootfs(archive: Archive, tmp_path: Path) -> None:
    passwd: Content = {"usr/share/base-passwd/passwd.master": b"root:*:0:0", "usr/share/base-passwd/group.master": b"g"}
    lock = archive.lock(archive.add("app", "1", APP), archive.add("base-passwd", "2", passwd))
    made = ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings)
    assert made.used == lock
    assert made.tree == tmp_path / "image" / lock.digest[:16]
    assert (made.tree / "usr/lib/old").read_bytes() == b"through the link"
    assert (made.tree / "etc/passwd").read_text() == "root:*:0:0"
    assert str((made.tree / "usr/bin/alias").readlink()) == "app"
    assert not (made.tree / "usr/bin/app").is_symlink()
    for name in ("build", "in", "out", "tools", "sysroot", "tmp", "proc", "dev"):
        assert (made.tree / name).is_dir()
    assert sorted(path.name for path in (tmp_path / "image").iterdir()) == [made.tree.name]
    assert archive.reports == []


def test_second_time_nothing_is_done(archive: Archive, tmp_path: Path) -> None:
    lock = archive.lock(archive.add("app", "1", APP))
    first = ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings)
    offline = replace(archive.settings, fetch=FetchSettings(offline=True))
    assert ensure_rootfs(lock, tmp_path / "nothing", tmp_path / "image", offline) == first
    assert find_rootfs(lock, tmp_path / "image") == first
    more = replace(lock, packages=tuple(replace(package, source_version="0") for package in lock.packages))
    found = find_rootfs(more, tmp_path / "image")
    assert found is not None
    assert found.used == more


def test_offline_after_fetching(archive: Archive, tmp_path: Path) -> None:
    lock = archive.lock(archive.add("app", "1", APP))
    offline = replace(archive.settings, fetch=FetchSettings(offline=True))
    with pytest.raises(FetchError, match="offline"):
        ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", offline)
    rootfs.fetch_packages(lock, tmp_path / "cache", archive.settings)
    assert ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", offline).used == lock


def test_half_made_tree_is_made_again(archive: Archive, tmp_path: Path) -> None:
    lock = archive.lock(archive.add("app", "1", APP))
    name = lock.digest[:16]
    for folder in (name, f"{name}.partial"):
        (tmp_path / "image" / folder / "stale").mkdir(parents=True)
    assert find_rootfs(lock, tmp_path / "image") is None
    made = ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings)
    assert not (made.tree / "stale").exists()
    assert (made.tree / MARKER).exists()


def test_vanished_version_stops_a_locked_build(archive: Archive, tmp_path: Path) -> None:
    gone = replace(archive.add("app", "1", APP), file="pool/app_0.deb", version="0")
    settings = replace(archive.settings, locked=True)
    with pytest.raises(FetchError, match=r"the build image is locked, and app 0 could not be fetched") as failure:
        ensure_rootfs(archive.lock(gone), tmp_path / "cache", tmp_path / "image", settings)
    assert "without --locked" in str(failure.value.hint)
    assert not list((tmp_path / "image").iterdir())


def test_vanished_version_is_resolved_anew_loudly(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = archive.add("app", "1", APP)
    lock = archive.lock(replace(there, file="pool/app_0.deb", version="0"))
    monkeypatch.setattr(rootfs, "resolve_lock", lambda *_: archive.lock(there))
    made = ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings)
    assert made.used.packages == (there,)
    assert any("DIFFERS FROM ITS LOCK in 1 packages" in report for report in archive.reports)
    assert "  app: 0 -> 1" in archive.reports
    marker = json.loads((made.tree / MARKER).read_text())
    assert (marker["wanted"], marker["digest"]) == (lock.digest, made.used.digest)
    assert digest_in_use(lock, tmp_path / "image") == made.used.digest != lock.digest
    assert ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings) == made


def test_changed_package_is_refused(archive: Archive, tmp_path: Path) -> None:
    lock = archive.lock(replace(archive.add("app", "1", APP), sha256="0" * 64))
    settings = replace(archive.settings, locked=True)
    with pytest.raises(FetchError, match="wrong checksum"):
        ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", settings)


def test_unwritable_place_is_one_clear_error(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "image").write_text("a file")
    lock = archive.lock(archive.add("app", "1", APP))
    with pytest.raises((BuildError, OSError)):
        ensure_rootfs(lock, tmp_path / "cache", tmp_path / "image", archive.settings)


def test_differences_are_told() -> None:
    def lock(**versions: str) -> PackageLock:
        packages = [LockedPackage(name=n, version=v, size=1, sha256="0" * 64, file="x") for n, v in versions.items()]
        return PackageLock(wanted=WANTED, packages=tuple(packages))

    assert differences(lock(a="1", b="1"), lock(a="1", b="2", c="3"))[1:] == ["  b: 1 -> 2", "  c: not there -> 3"]
    assert differences(lock(a="1"), lock(a="1")) == []
