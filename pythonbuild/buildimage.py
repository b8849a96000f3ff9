"""The build image of this checkout: its lock, its digest, making it ready for an engine."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from pythonbuild import rootfs
from pythonbuild.engine import EngineFactory, Image, ImageFiles
from pythonbuild.fetch import FetchSettings
from pythonbuild.image.dockerfile import render_dockerfile
from pythonbuild.image.lock import load_lock, load_wanted

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.image.lock import PackageLock
    from pythonbuild.log import Console
    from pythonbuild.settings import Settings


def folder(settings: Settings) -> Path:
    """Return where the image's package list, lock and Dockerfile template lie."""
    return settings.root / "cpython-unix" / "images"


def fetch_settings(settings: Settings) -> FetchSettings:
    """Return how this run fetches."""
    return FetchSettings(debian_mirror=settings.debian_mirror, offline=settings.offline)


def digest_in_use(settings: Settings) -> str:
    """Return the digest of the package set that the image is, or will be, made from."""
    lock = load_lock(folder(settings))
    if settings.base_image:
        return digest_over_base(lock, settings.base_image)
    return rootfs.digest_in_use(lock, settings.images)


def digest_over_base(lock: PackageLock, base: str) -> str:
    """Return the digest of an image that has the packages of ``lock`` on top of the registry's image ``base``."""
    return hashlib.sha256(f"{lock.digest}\n{base}\n".encode()).hexdigest()


def dockerfile(settings: Settings) -> str:
    """Return the Dockerfile of the Docker engine's image."""
    return render_dockerfile(folder(settings), load_lock(folder(settings)), settings.base_image)


def ready(settings: Settings, console: Console, factory: EngineFactory, fetching: FetchSettings) -> Image:
    """Return the image for ``factory``, made from the lock if it is not there yet."""
    lock = load_lock(folder(settings))
    if settings.base_image:
        return ready_over_base(settings, factory, digest_over_base(lock, settings.base_image))
    made = rootfs.find_rootfs(lock, settings.images)
    if made is None:
        with console.step(f"build image: {len(lock.packages)} packages"):
            made = rootfs.ensure_rootfs(lock, packages(settings), settings.images, image_settings(settings, fetching))
    text = render_dockerfile(folder(settings), made.used)
    return factory.prepare(ImageFiles(digest=made.used.digest, tree=made.tree, dockerfile=text))


def ready_over_base(settings: Settings, factory: EngineFactory, digest: str) -> Image:
    """Return the image that the engine builds itself, by apt, on an image of a registry.

    ``EngineError`` from an engine that has no images of its own.
    """
    return factory.prepare(ImageFiles(digest=digest, tree=None, dockerfile=dockerfile(settings)))


def lock_in_use(settings: Settings) -> PackageLock:
    """Return what the build image in use holds: its lock, or that of the image that was made where it could not be."""
    lock = load_lock(folder(settings))
    made = rootfs.find_rootfs(lock, settings.images)
    return made.used if made else lock


def packages(settings: Settings) -> Path:
    """Return where the image's packages are kept."""
    return settings.downloads / "debs"


def image_settings(settings: Settings, fetching: FetchSettings) -> rootfs.RootfsSettings:
    """Return how the image is made in this run."""
    return rootfs.RootfsSettings(fetch=fetching, locked=settings.locked)


def fetch_packages(settings: Settings, fetching: FetchSettings) -> int:
    """Fetch every package of the image and return how many there are."""
    lock = load_lock(folder(settings))
    return len(rootfs.fetch_packages(lock, packages(settings), image_settings(settings, fetching)))


def refresh(settings: Settings, *, check: bool) -> int:
    """Resolve the package list anew; write the lock, or with ``check`` only say what would change.

    Returns 0, or with ``check`` 1 if the lock is behind.
    """
    old = load_lock(folder(settings), complete=False)
    resolving = image_settings(settings, fetch_settings(settings))
    new = rootfs.resolve_lock(load_wanted(folder(settings) / "packages.yml"), resolving.mirrors(), resolving)
    lines = rootfs.differences(old, new)
    sys.stdout.write("".join(f"{line}\n" for line in lines) or "the lock is up to date\n")
    if not check:
        (folder(settings) / "packages.lock").write_text(new.text(), encoding="utf-8")
    return 1 if check and lines else 0
