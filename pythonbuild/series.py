"""An ordered patch series: which patches apply to which build, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.condition import Condition, Facts, in_range, is_range, parse_condition
from pythonbuild.load import Fields, Node

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One entry of a series. ``files`` maps a range of Python minors to a file; an empty range is any."""

    name: str
    why: str
    when: Condition
    files: tuple[tuple[str, str], ...]

    def asks(self) -> frozenset[str]:
        """Return what the choice of the file depends on, as keys of conditions."""
        return self.when.asks() | {"python" for versions, _ in self.files if versions}

    def file_for(self, facts: Facts) -> str | None:
        """Return the file that applies under ``facts``, or None."""
        if not self.when.holds(facts):
            return None
        for versions, file in self.files:
            if not versions or (facts.python is not None and in_range(facts.python, versions)):
                return file
        return None


def parse_patch(node: Node) -> Patch:
    """Return one entry of a series. ``why`` is always needed: the list is the documentation."""
    fields = Fields(node)
    file = fields.need("file")
    if isinstance(file.value, str):
        files: tuple[tuple[str, str], ...] = (("", file.value),)
    else:
        for versions, value in file.mapping().items():
            if not is_range(versions):
                raise value.error(f"{versions!r} is not a Python minor or a range of them")
        files = tuple((versions, value.text()) for versions, value in file.mapping().items())
    patch = Patch(
        name=fields.text("name") or Path(files[0][1]).stem,
        why=fields.need("why").text(),
        when=parse_condition(fields.take("when")),
        files=files,
    )
    fields.done()
    return patch


def select(series: Iterable[Patch], facts: Facts, folder: Path) -> tuple[Path, ...]:
    """Return the files below ``folder`` that apply under ``facts``, in the order of the series."""
    chosen = (patch.file_for(facts) for patch in series)
    return tuple(below(folder, file) for file in chosen if file is not None)


@lru_cache(maxsize=1024)
def below(folder: Path, file: str) -> Path:
    """Return ``folder / file``, made once."""
    return folder / file
