"""The Dockerfile of the build image, rendered from a package lock."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import jinja2

from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.image.lock import PackageLock

TEMPLATE = "Dockerfile.j2"
PINNED = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
DIRECTORIES = ("build", "in", "out", "sysroot", "tmp", "tools")


def local_base(digest: str) -> str:
    """Return the name of the image that is imported from the unpacked tree with ``digest``."""
    return f"localhost/pythonbuild/base:{digest[:12]}"


def render_dockerfile(folder: Path, lock: PackageLock, base: str | None = None) -> str:
    """Return the Dockerfile text from the template in ``folder``.

    ``base`` is an image of a registry, pinned by digest (``name:tag@sha256:...``), on which the locked
    packages are installed by apt; without it, the base is the image imported from the unpacked tree,
    which holds them already. ``DataError`` when ``base`` is not pinned.
    """
    if base is not None and not PINNED.fullmatch(base):
        raise DataError(f"the base image {base} is not pinned", hint="write it as name:tag@sha256:<64 digits>")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML
    )
    environment.filters["quote"] = shlex.quote
    return environment.get_template(TEMPLATE).render(
        base=base or local_base(lock.digest),
        install=base is not None,
        digest=lock.digest,
        suite=lock.wanted.suite,
        packages=lock.packages,
        links=lock.wanted.links,
        directories=DIRECTORIES,
    )
