"""The build image: a Debian root file system from a package lock, made without root and without dpkg."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pythonbuild.errors import BuildError, FetchError
from pythonbuild.fetch import FetchSettings, fetch_all
from pythonbuild.image.lock import LockedPackage, PackageLock, Wanted, parse_packages
from pythonbuild.locks import locked as file_lock
from pythonbuild.log import progress, warn
from pythonbuild.source import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MARKER = "pythonbuild-image.json"
MOUNT_POINTS = ("build", "dev", "in", "out", "proc", "run", "sys", "sysroot", "tmp", "tools", "root", "var/tmp")
MERGED = ("bin", "sbin", "lib", "lib64")  # Debian 13 has these only as links into /usr
PASSWD_MASTERS = {"passwd": "usr/share/base-passwd/passwd.master", "group": "usr/share/base-passwd/group.master"}
HOSTS = "127.0.0.1\tlocalhost build\n::1\tlocalhost\n"


@dataclass(frozen=True, kw_only=True)
class RootfsSettings:
    """How to get packages. ``locked``: stop when a package of the lock can't be had."""

    fetch: FetchSettings = field(default_factory=FetchSettings)
    locked: bool = False
    check_valid_until: bool = True
    workers: int = 2
    report: Callable[[str], None] = warn

    def mirrors(self) -> list[str]:
        """Return the base addresses of Debian mirrors."""
        return self.fetch.mirrors(self.fetch.debian_mirror)


@dataclass(frozen=True, kw_only=True)
class Rootfs:
    """An unpacked tree and what it was really made from."""

    tree: Path
    used: PackageLock


def resolve_lock(wanted: Wanted, mirrors: Sequence[str], settings: RootfsSettings) -> PackageLock:
    """Return what ``wanted`` resolves to today in the suite's signed index.

    ``FetchError`` when no mirror has a good index, ``DataError`` when something wanted is not in it.
    """
    from pythonbuild.image.index import fetch_index  # noqa: PLC0415 - only needed to make a lock
    from pythonbuild.image.resolve import resolve  # noqa: PLC0415

    index = fetch_index(wanted, mirrors, check_valid_until=settings.check_valid_until, report=settings.report)
    return PackageLock(wanted=wanted, packages=resolve(index, wanted))


def find_rootfs(lock: PackageLock, dest: Path) -> Rootfs | None:
    """Return the tree for ``lock`` below ``dest`` if it is there, complete."""
    tree = dest / lock.digest[:16]
    try:
        marker = json.loads((tree / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    packages = parse_packages(marker["used"], str(tree / MARKER))
    used = PackageLock(wanted=lock.wanted, packages=packages)
    return Rootfs(tree=tree, used=lock if used.digest == lock.digest else used)  # a newer lock may say more


def digest_in_use(lock: PackageLock, dest: Path) -> str:
    """Return the digest of what the tree for ``lock`` was made from; of ``lock`` itself while there is none."""
    found = find_rootfs(lock, dest)
    return found.used.digest if found else lock.digest


def ensure_rootfs(lock: PackageLock, cache: Path, dest: Path, settings: RootfsSettings | None = None) -> Rootfs:
    """Return the tree for ``lock`` below ``dest``, made if it is not there; packages are kept in ``cache``.

    When a locked package can't be had any more, the same names are resolved anew, which is reported and
    recorded in the tree; or, with ``settings.locked``, a ``FetchError`` says so.
    """
    settings = settings or RootfsSettings()
    found = find_rootfs(lock, dest)
    if found is not None:
        return found
    tree = dest / lock.digest[:16]
    with file_lock(dest / f"{tree.name}.lock"):
        found = find_rootfs(lock, dest)  # another run may have made it meanwhile
        if found is not None:
            return found
        used, paths = packages_of(lock, cache, settings)
        make_tree(used, paths, tree, lock, settings)
    return Rootfs(tree=tree, used=used)


def fetch_packages(lock: PackageLock, cache: Path, settings: RootfsSettings) -> dict[str, Path]:
    """Return the path in ``cache`` of every package of ``lock``, fetched and verified, by name."""
    mirrors = [] if settings.fetch.offline else settings.mirrors()
    sources = [package_source(package, mirrors) for package in lock.packages]
    return fetch_all(sources, cache, settings=settings.fetch)


def package_source(package: LockedPackage, mirrors: Sequence[str]) -> Source:
    """Return ``package`` as a source: the same file on every mirror."""
    file = package.file.rpartition("/")[2]
    origins = tuple(
        Origin(kind="url", where=f"{mirror}/{package.file}", size=package.size, sha256=package.sha256, file=file)
        for mirror in mirrors or ("",)
    )
    return Source(
        name=package.name,
        version=package.version,
        licenses=(),
        license_files=(),
        public_domain=False,
        cpe=None,
        origins=origins,
    )


def packages_of(lock: PackageLock, cache: Path, settings: RootfsSettings) -> tuple[PackageLock, dict[str, Path]]:
    """Return the lock that can be had, ``lock`` itself if possible, and the paths of its packages."""
    try:
        return lock, fetch_packages(lock, cache, settings)
    except FetchError as error:
        if settings.locked:
            raise FetchError(
                f"the build image is locked, and {error.message}",
                hint="name a mirror that still has this version with --debian-mirror, refresh the lock with "
                "./build.py lock, or build without --locked",
            ) from None
        if settings.fetch.offline:
            raise
        settings.report(error.message)
    used = resolve_lock(lock.wanted, settings.mirrors(), settings)
    for line in differences(lock, used):
        settings.report(line)
    return used, fetch_packages(used, cache, settings)


def differences(lock: PackageLock, used: PackageLock) -> list[str]:
    """Return in words how ``used`` differs from ``lock``."""
    before = {package.name: package.version for package in lock.packages}
    after = {package.name: package.version for package in used.packages}
    lines = [
        f"  {name}: {before.get(name, 'not there')} -> {after.get(name, 'not there')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    return [f"THE BUILD IMAGE DIFFERS FROM ITS LOCK in {len(lines)} packages:", *lines] if lines else []


def make_tree(
    used: PackageLock, paths: dict[str, Path], tree: Path, lock: PackageLock, settings: RootfsSettings
) -> None:
    """Unpack everything below a temporary name, add what maintainer scripts would have, rename to ``tree``."""
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(tree, ignore_errors=True)
    try:
        prepare_directories(partial)
        unpack_all(list(paths.values()), partial, used.wanted.drop, settings.workers)
        finish(partial, used.wanted)
    except OSError as error:
        raise BuildError(f"can't make the build image in {partial}: {error.strerror or error}") from error
    marker = {"wanted": lock.digest, "digest": used.digest, "used": used.text()}
    (partial / MARKER).write_text(json.dumps(marker, indent=1), encoding="utf-8")
    partial.rename(tree)


def prepare_directories(root: Path) -> None:
    """Make the links of the merged /usr before anything is unpacked through them, and the mount points."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in MOUNT_POINTS:
        (root / name).mkdir(parents=True, exist_ok=True)


def unpack_all(packages: Sequence[Path], root: Path, drop: Sequence[str], workers: int) -> None:
    """Unpack ``packages`` into ``root``, the largest first, several at once (decompression runs in parallel)."""
    from pythonbuild.image.unpack import unpack  # noqa: PLC0415 - a second run needs none of it

    order = sorted(packages, key=lambda path: -path.stat().st_size)
    with (
        progress("unpack the build image", len(order), "packages") as counter,
        ThreadPoolExecutor(workers, thread_name_prefix="unpack") as pool,
    ):
        for _ in pool.map(lambda path: unpack(path, root, drop), order):
            counter.update(1)


def finish(root: Path, wanted: Wanted) -> None:
    """Do what the packages' maintainer scripts would have done, as far as a build needs it."""
    for name, master in PASSWD_MASTERS.items():
        if (root / master).exists():
            shutil.copyfile(root / master, root / "etc" / name)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/hosts").write_text(HOSTS, encoding="utf-8")
    (root / "etc/resolv.conf").write_text("", encoding="utf-8")
    for name, target in wanted.links:
        link = root / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(link):
            link.symlink_to(target)
