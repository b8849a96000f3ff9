#!/usr/bin/env python3
"""Unpack Debian packages and all they need as a root filesystem: interpreters to compare ours with.

``ci/reference_root.py DIR --suite forky python3.13 python3.14``. Names are resolved in the suite's signed index;
nothing is installed on this machine. Run it with the project's environment:
``$(./build.py environment) ci/reference_root.py ...``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pythonbuild import rootfs  # noqa: E402
from pythonbuild.cli import report  # noqa: E402
from pythonbuild.errors import BuildError, DataError  # noqa: E402
from pythonbuild.fetch import FetchSettings  # noqa: E402
from pythonbuild.image.lock import Wanted  # noqa: E402


def make(directory: Path, suite: str, packages: list[str], *, check_valid_until: bool) -> None:
    """Make ``directory`` a root filesystem with ``packages`` of ``suite``.

    Raises DataError where something else lies there, and what fetching raises.
    """
    if directory.exists() and any(directory.iterdir()) and not (directory / rootfs.MARKER).exists():
        raise DataError(f"{directory} holds something else", hint="name a new directory, or remove it")
    wanted = Wanted(
        suite=suite,
        components=("main",),
        architecture="amd64",
        packages=("base-files", "libc-bin", "dash", "coreutils", *packages),
        without=(),
        links=(("bin/sh", "dash"),),
        drop=("usr/share/doc/", "usr/share/man/", "usr/share/locale/"),
    )
    settings = rootfs.RootfsSettings(fetch=FetchSettings(), check_valid_until=check_valid_until)
    lock = rootfs.resolve_lock(wanted, settings.mirrors(), settings)
    cache = ROOT / "build" / "reference"
    made = rootfs.ensure_rootfs(lock, cache / "debs", cache, replace(settings, locked=True))
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made.tree, directory)


def main() -> int:
    """Make the root and say which interpreters it has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("packages", nargs="+")
    parser.add_argument("--suite", default="forky")
    parser.add_argument("--any-date", action="store_true", help="accept an index that is past its date (frozen mirror)")
    arguments = parser.parse_args()
    try:
        make(arguments.directory, arguments.suite, arguments.packages, check_valid_until=not arguments.any_date)
    except BuildError as error:
        report(error)
        return error.exit_code
    for path in sorted((arguments.directory / "usr/bin").glob("python3.*")):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
