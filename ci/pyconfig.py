#!/usr/bin/env python3
"""Write down what configure found out about targets, with the project's environment.

    $(./build.py environment) ci/pyconfig.py FULL_ARCHIVE...

The answers of x86_64-unknown-linux-gnu, which ran every question, go into tests/data/pyconfig/ as they are; those of
other targets as the differences from them. tests/data/test_pyconfig.py wants a reason for each difference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pythonbuild import pyconfig  # noqa: E402
from pythonbuild.cli import report  # noqa: E402
from pythonbuild.errors import BuildError  # noqa: E402
from pythonbuild.validate.archive import opened, read_identity  # noqa: E402

PLACE = ROOT / "tests" / "data" / "pyconfig"
REFERENCE = "x86_64-unknown-linux-gnu"


def header_in(archive: Path) -> str:
    """Return ``pyconfig.h`` of a full archive."""
    with opened(archive) as reader:
        for entry, member in reader:
            if entry.path.startswith("python/install/include/") and entry.path.endswith("/pyconfig.h"):
                return reader.open(member).read().decode()
    raise BuildError(f"{archive.name} has no pyconfig.h", hint="give a full archive: *-full.tar.zst")


def write(triple: str, answers: dict[str, str]) -> None:
    """Write the answers of one target."""
    (PLACE / f"{triple}.json").write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


def main(words: list[str]) -> int:
    """Write the answers in every archive."""
    try:
        found = {read_identity(Path(word)).triple: pyconfig.answers(header_in(Path(word))) for word in words}
    except BuildError as error:
        report(error)
        return error.exit_code
    if REFERENCE in found:
        write(REFERENCE, found.pop(REFERENCE))
    reference = json.loads((PLACE / f"{REFERENCE}.json").read_text())
    for triple, answers in found.items():
        write(triple, pyconfig.differences(reference, answers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
