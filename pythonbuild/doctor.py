"""What this machine can build with, in lines for a person."""

from __future__ import annotations

import platform
import shutil
from typing import TYPE_CHECKING

from pythonbuild.buildimage import folder
from pythonbuild.engine import doctor_lines
from pythonbuild.errors import BuildError
from pythonbuild.image.lock import load_lock
from pythonbuild.mirror import debian_mirrors
from pythonbuild.rootfs import find_rootfs

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.settings import Settings

WANTED_SPACE = 8 << 30  # bytes: the image, the sources, every library and one CPython with objects


def lines(settings: Settings) -> list[str]:
    """Return one line for each thing that a build needs: what there is, or why it can't be used."""
    return [
        f"python: {platform.python_version()} on {platform.platform()}",
        *doctor_lines(),
        mirror_line(settings),
        image_line(settings),
        space_line(settings.build),
    ]


def mirror_line(settings: Settings) -> str:
    """Say where Debian packages come from."""
    try:
        found = debian_mirrors(settings.debian_mirror)
    except BuildError as error:
        return f"debian mirror: none: {error.message}" + (f" ({error.hint})" if error.hint else "")
    return f"debian mirror: {len(found)} known from this machine's configuration, the first is {found[0]}"


def image_line(settings: Settings) -> str:
    """Say whether the build image is there."""
    lock = load_lock(folder(settings))
    made = find_rootfs(lock, settings.images)
    if made is None:
        return f"build image: not made yet ({len(lock.packages)} packages)"
    state = "as locked" if made.used.digest == lock.digest else "DIFFERS FROM ITS LOCK"
    return f"build image: {made.tree}, {state}"


def space_line(build: Path) -> str:
    """Say how much room there is below ``build``."""
    place = build
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    note = "" if free >= WANTED_SPACE else f", less than the {WANTED_SPACE >> 30} GiB that a build may take"
    return f"disk: {free >> 30} GiB free for {build}{note}"
