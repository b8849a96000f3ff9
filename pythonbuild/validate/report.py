"""``validate``: read one archive, run every check, and return what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pythonbuild.validate.archive import too_much
from pythonbuild.validate.checks import checks_of, name_of, notes, run
from pythonbuild.validate.model import Limits, Report
from pythonbuild.validate.reader import read_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def validate(archive: Path, limits: Limits, *, progress: Callable[[int], object] | None = None) -> Report:
    """Check one archive, by the list of checks of its kind, against the limits of its target.

    ``progress`` is called with the decompressed bytes of each member. Raises ValidationError, one line, when the
    archive can't be read at all; everything else is a finding in the report.
    """
    tree = read_tree(archive, progress=progress)
    try:
        return Report(
            archive=archive,
            checks_run=tuple(name_of(check) for check in checks_of(tree, limits)),
            findings=tuple(run(tree, limits)),
            files=sum(entry.kind == "file" for entry in tree.entries),
            elf_files=len(tree.elf),
            notes=tuple(notes(tree, limits)),
        )
    except (MemoryError, RecursionError) as error:
        raise too_much(archive) from error
