"""Which of two versions is newer: Debian's rules for Debian's versions, PEP 440 for all others that follow it."""

from __future__ import annotations

import re

from debian.debian_support import Version as DebianVersion
from packaging.version import Version

REPACKED = re.compile(r"[.+~](?:dfsg|ds|repack|debian)\d*(?:\.\d+)*$")
REALLY = "+really"
# A fix in the first Debian revision of a version came from upstream; in a later one it is a patch of Debian's. A new
# version for a stable release is `-1~deb13u1`, or `-0+deb13u1` where no other release has it; `-1+deb13u1` is a patch.
FIRST_REVISION = re.compile(r"-(?:(?:0|0\.1|1)(?:~deb\d+u\d+)?|0\+deb\d+u\d+)$")


def newer(one: str, other: str, *, debian: bool = False) -> bool:
    """Return whether the version ``one`` is newer than ``other``."""
    if not debian:
        try:
            return Version(one.removeprefix("v")) > Version(other.removeprefix("v"))
        except ValueError:
            pass  # none of PEP 440, or with an endless number: compared by Debian's rules, which take nearly anything
    try:
        return bool(DebianVersion(one) > DebianVersion(other))
    except ValueError:
        return one > other


def without_epoch(version: str) -> str:
    """Return a Debian version without what its archive added in front."""
    return version.partition(":")[2] or version


def of_source(version: str) -> str:
    """Return a Debian version as an upstream source can be compared with it, which has no epoch and no revision."""
    return FIRST_REVISION.sub("", without_epoch(version))


def upstream(version: str) -> str:
    """Return the upstream version in that of a Debian package: ``1.3.2`` of ``1:1.3.dfsg+really1.3.2-3``."""
    whole = without_epoch(version)
    return plain(whole.rpartition("-")[0] or whole)


def plain(version: str) -> str:
    """Return the version in that of a source in Debian's archive, without what says that files were left out."""
    return REPACKED.sub("", version.rpartition(REALLY)[2])
