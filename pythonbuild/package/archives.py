"""The archives of one distribution: their names, and which files each of them holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pythonbuild.package.tarball import Compression, collect, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pythonbuild.package.model import PythonJson
    from pythonbuild.package.record import BuildRecord

METADATA = "python/PYTHON.json"
RECORD = "python/build-record.json"
# In archives without PYTHON.json: where nothing looks for something else.
INSTALL_RECORD = "python/share/pythonbuild/build-record.json"
FIRST = (METADATA, INSTALL_RECORD)
# The layout of a debug file directory (gdb: debug-file-directory), which debuginfod servers read as well.
DEBUG = "python/lib/debug"
# Where the installation alone keeps the licence texts: inside the one top-level directory.
LICENSES = "python/share/licenses"


def full_name(version: str, tag: str, triple: str, options: str) -> str:
    """Return the name of a full archive."""
    return f"cpython-{version}+{tag}-{triple}-{options}-full.tar.zst"


def install_name(version: str, tag: str, triple: str, options: str) -> str:
    """Return the name of an installation archive."""
    return f"cpython-{version}+{tag}-{triple}-install_{options}.tar.zst"


def install_only_name(version: str, tag: str, triple: str, options: str, *, stripped: bool) -> str:
    """Return the name of the archive that is made of the fastest flavor alone, as installers look for it."""
    variant = "freethreaded-" if "freethreaded" in options.split("+") else ""
    kind = "install_only_stripped" if stripped else "install_only"
    return f"cpython-{version}+{tag}-{triple}-{variant}{kind}.tar.gz"


def debug_name(version: str, tag: str, triple: str, options: str) -> str:
    """Return the name of the archive with the debug information that the others lack."""
    return f"cpython-{version}+{tag}-{triple}-{options}-debuginfo.tar.zst"


def full_members(tree: Path, metadata: PythonJson, record: BuildRecord) -> dict[str, Path | bytes]:
    """Return what a full archive holds: metadata, installation, objects and libraries, licences."""
    files = collect(tree / "python", "python")
    return {METADATA: json_text(metadata.to_json()), RECORD: json_text(record.to_json()), **files}


def install_members(tree: Path, record: BuildRecord, *, stripped: bool = True) -> dict[str, Path | bytes]:
    """Return what an installation archive holds: the tree that runs, ``stripped`` of debug information or not.

    The static library is in the full archive alone.
    """
    files = collect(tree / "python" / "install", "python")
    if stripped:
        files.update((name, path) for name, path in collect(tree / "stripped", "python").items() if not path.is_dir())
    kept = {name: path for name, path in files.items() if not name.endswith(".a")}
    return {**kept, **details_without_static(kept), **beside(tree, record)}


def details_without_static(files: Mapping[str, Path | bytes]) -> dict[str, bytes]:
    """Return ``build-details.json`` among ``files`` anew, without the static library, which is not among them.

    A key of what is not there is left out: https://packaging.python.org/en/latest/specifications/build-details/.
    """
    found = {name: content for name, content in files.items() if name.endswith("/build-details.json")}
    written = {}
    for name, content in found.items():
        details = json.loads(content if isinstance(content, bytes) else content.read_bytes())
        if details.get("libpython", {}).pop("static", None):
            written[name] = (json.dumps(details, indent=2) + "\n").encode()
    return written


def smallest_members(tree: Path, record: BuildRecord, metadata: PythonJson) -> dict[str, Path | bytes]:
    """Return what ``install_only_stripped`` holds: what runs, without debug information, tests and byte code."""
    library = metadata.python_paths["stdlib"].removeprefix("install/")
    tests = tuple(f"python/{library}/{name.replace('.', '/')}/" for name in metadata.python_stdlib_test_packages)
    return {
        name: content
        for name, content in install_members(tree, record).items()
        if not f"{name}/".startswith(tests) and "__pycache__" not in name.split("/")
    }


def debug_members(tree: Path, record: BuildRecord) -> dict[str, Path | bytes]:
    """Return what a debug information archive holds: a file for each ELF file, named by its build-id."""
    return {
        "python/lib": tree / "debug",
        DEBUG: tree / "debug",
        **collect(tree / "debug", DEBUG),
        **beside(tree, record),
    }


def beside(tree: Path, record: BuildRecord) -> dict[str, Path | bytes]:
    """Return what every archive without PYTHON.json holds besides its files: licences, and how it was built."""
    licenses = tree / "python" / "licenses"
    share = {"python/share": licenses, "python/share/pythonbuild": licenses, LICENSES: licenses}
    return {**share, **collect(licenses, LICENSES), INSTALL_RECORD: json_text(record.to_json())}


def json_text(data: dict[str, Any]) -> bytes:
    """Return ``data`` as the bytes of a file."""
    return (json.dumps(data, indent=4, sort_keys=True) + "\n").encode()


def write_all(
    archives: Mapping[Path, Mapping[str, Path | bytes]],
    *,
    epoch: int,
    compression: Compression,
    progress: Callable[[int], object],
) -> None:
    """Write every archive; ``progress`` counts the bytes of the files that went in.

    What an archive says of itself comes first, so that a reader need not go through all of it to know.
    """
    for path, members in archives.items():
        write_archive(path, members, first=FIRST, epoch=epoch, compression=compression, progress=progress)


def total_size(archives: Mapping[Path, Mapping[str, Path | bytes]]) -> int:
    """Return how many bytes of files go into all of ``archives``."""
    return sum(
        content.stat().st_size
        for members in archives.values()
        for content in members.values()
        if not isinstance(content, bytes) and content.is_file() and not content.is_symlink()
    )
