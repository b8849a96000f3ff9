"""What a run of CPython's own tests found, kept in a file: an interrupted run goes on, and data is judged anew."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from pythonbuild.disttest.regrtest import Event, Report
from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """Reports of earlier runs of one archive by their file of tests, each with its seconds; later ones go to ``path``.

    With ``path`` None nothing is kept.
    """

    path: Path | None = None
    reports: dict[str, tuple[Report, float]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[Report, float] | None:
        """Return the last report of a file of tests, as regrtest names it."""
        return self.reports.get(name)

    def add(self, name: str, report: Report, seconds: float) -> None:
        """Write down one more report."""
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, asdict(report), round(seconds, 1)]) + "\n")


def kept_of(archive: Path, directory: Path | None) -> Kept:
    """Return what is kept of ``archive`` in ``directory``, which is made; nothing where it is None.

    The last line does not count where it has no end: it was being written when the run was ended. Raises DataError for
    a file that is of another archive of that name, or that was not written here.
    """
    if directory is None:
        return Kept()
    if directory.exists() and not directory.is_dir():
        raise DataError(f"{directory} is no directory, and reports are kept in one", hint="name another")
    path = directory / f"{archive.name}.reports"
    with archive.open("rb") as stream:
        head = json.dumps({"archive": archive.name, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()})
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{head}\n", encoding="utf-8")
        return Kept(path)
    try:
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        first, *lines = whole.splitlines() or [head if head.startswith(text) else ""]
        if first != head:
            raise DataError(f"{path} holds reports of another {archive.name}", hint="delete the file")
        kept = Kept(path, dict(map(_read, lines)))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} can't be read: {error}", hint="delete the file") from error
    if whole != text or not whole:
        path.write_text(whole or f"{head}\n", encoding="utf-8")
    return kept


def _read(line: str) -> tuple[str, tuple[Report, float]]:
    """Return one line of the file: a name, a report and its seconds."""
    name, fields, seconds = json.loads(line)
    events = {kind: tuple(Event(**each) for each in fields[kind]) for kind in ("failures", "skips")}
    return name, (Report(fields["file"], fields["tests"], **events), float(seconds))
