"""The archives of one distribution: their names, and which files each of them holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pythonbuild.package.tarball import Compression, collect, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pythonbuild.package.model import PythonJson

FORMAT = "1"  # raise it when the same tree would give other bytes
METADATA = "python/PYTHON.json"
# Where the installation alone keeps the licence texts: inside the one top-level directory.
LICENSES = "python/share/licenses"


def full_name(version: str, tag: str, triple: str, options: str) -> str:
    """Return the name of a full archive."""
    return f"cpython-{version}+{tag}-{triple}-{options}-full.tar.zst"


def install_name(version: str, tag: str, triple: str, options: str) -> str:
    """Return the name of an installation archive."""
    return f"cpython-{version}+{tag}-{triple}-install_{options}.tar.zst"


def full_members(tree: Path, metadata: PythonJson) -> dict[str, Path | bytes]:
    """Return what a full archive holds: metadata, installation, objects and libraries, licences."""
    text = json.dumps(metadata.to_json(), indent=4, sort_keys=True) + "\n"
    return {METADATA: text.encode(), **collect(tree / "python", "python")}


def install_members(tree: Path) -> dict[str, Path | bytes]:
    """Return what an installation archive holds: the tree that runs, without debug information.

    The static library and the makefiles for linking it are in the full archive alone.
    """
    files = collect(tree / "python" / "install", "python")
    stripped = {name: path for name, path in collect(tree / "stripped", "python").items() if not path.is_dir()}
    kept = {name: path for name, path in {**files, **stripped}.items() if not name.endswith(".a")}
    return {**kept, LICENSES: tree / "python" / "licenses", **collect(tree / "python" / "licenses", LICENSES)}


def write_all(
    archives: Mapping[Path, Mapping[str, Path | bytes]],
    *,
    epoch: int,
    compression: Compression,
    progress: Callable[[int], object],
) -> None:
    """Write every archive; ``progress`` counts the bytes of the files that went in."""
    for path, members in archives.items():
        write_archive(path, members, first=(METADATA,), epoch=epoch, compression=compression, progress=progress)


def total_size(archives: Mapping[Path, Mapping[str, Path | bytes]]) -> int:
    """Return how many bytes of files go into all of ``archives``."""
    return sum(
        content.stat().st_size
        for members in archives.values()
        for content in members.values()
        if not isinstance(content, bytes) and content.is_file() and not content.is_symlink()
    )
