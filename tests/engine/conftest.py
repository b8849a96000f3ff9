"""Engines for the contract test: each with the real build image, skipped with a reason where there is none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pythonbuild.engine import ImageFiles
from pythonbuild.engine.docker import DockerFactory
from pythonbuild.engine.namespace import NamespaceFactory
from pythonbuild.image.dockerfile import render_dockerfile
from pythonbuild.image.lock import PackageLock, load_lock
from pythonbuild.rootfs import Rootfs, ensure_rootfs
from pythonbuild.settings import ROOT, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pythonbuild.engine import Engine, EngineFactory, Image

FOLDER = ROOT / "cpython-unix" / "images"
FACTORIES: dict[str, Callable[[], EngineFactory]] = {"docker": DockerFactory, "namespace": NamespaceFactory}
PARAMETERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in FACTORIES]


@pytest.fixture(scope="session")
def lock() -> PackageLock:
    return load_lock(FOLDER)


@pytest.fixture(scope="session")
def rootfs(lock: PackageLock) -> Rootfs:
    build = os.environ.get("PYTHONBUILD_BUILD_DIR")
    settings = Settings(build=ROOT.__class__(build)) if build else Settings()
    return ensure_rootfs(lock, settings.downloads / "debs", settings.images)


@pytest.fixture(scope="session", params=PARAMETERS)
def factory(request: pytest.FixtureRequest) -> EngineFactory:
    made = FACTORIES[request.param]()
    reason = made.available()
    if reason is not None:
        if os.environ.get("PYTHONBUILD_REQUIRE_ENGINES") == "1":
            pytest.fail(f"{made.name} is required: {reason}")
        pytest.skip(f"{made.name}: {reason}")
    return made


@pytest.fixture(scope="session")
def image(factory: EngineFactory, lock: PackageLock, rootfs: Rootfs) -> Image:
    dockerfile = render_dockerfile(FOLDER, PackageLock(wanted=lock.wanted, packages=rootfs.used.packages))
    return factory.prepare(ImageFiles(digest=rootfs.used.digest, tree=rootfs.tree, dockerfile=dockerfile))


@pytest.fixture
def engine(factory: EngineFactory, image: Image, tmp_path: Path) -> Iterator[Engine]:
    work = tmp_path / "work"
    work.mkdir()
    opened = factory.open(image, work, "contract")
    yield opened
    opened.close()
