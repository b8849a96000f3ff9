"""Advisories in the OSV format (https://ossf.github.io/osv-schema), read strictly.

What has another shape than the format's is refused: passed over, it would say that nothing is wrong. Of fields that
nothing here looks at, any shape is taken; null stands for nothing, as the format's own schema lets many lists be.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = ("introduced", "fixed", "last_affected", "limit")


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """One advisory: its ids, its own first; what it is about in a line; the rows of ``affected``.

    Of each row, ``package`` (an object of texts), ``versions`` and ``ranges`` are there, empty where it has none.
    """

    ids: tuple[str, ...]
    summary: str
    affected: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Part:
    """A value in a ``file``, and the ``place`` where it stands in its advisory: ``affected[0].versions``.

    Every method raises ``DataError``, which names both, where the value has another shape than it asks for.
    """

    value: Any
    file: str
    place: str = ""

    def error(self, reason: str) -> DataError:
        """Return the complaint that this part ``reason``: what it is or lacks."""
        message = f"{self.file}: is no advisory in the OSV format: {self.place or 'it'} {reason}"
        return DataError(message, hint="an advisory has `id` and `affected`: https://ossf.github.io/osv-schema")

    def get(self, key: str) -> Part:
        """Return what an object has under a key; a part without a value where it has none."""
        if not isinstance(self.value, dict):
            raise self.error("is not an object")
        return Part(self.value.get(key), self.file, f"{self.place}.{key}".removeprefix("."))

    def items(self) -> list[Part]:
        """Return the parts of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.error("is not a list")
        return [Part(value, self.file, f"{self.place}[{number}]") for number, value in enumerate(self.value)]

    def text(self, default: str | None = None) -> str:
        """Return a text, or ``default`` where there is none."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str):
            raise self.error("is missing" if self.value is None else "is not a text")
        return self.value

    def texts(self) -> list[str]:
        """Return a list of texts."""
        return [part.text() for part in self.items()]


def load_advisories(path: Path) -> tuple[Advisory, ...]:
    """Return the advisories in a file, or in all ``*.json`` below a directory.

    ``DataError`` names a file that is none, and a directory without any.
    """
    if not path.exists():
        raise DataError(f"there are no advisories {path}", hint="a JSON file in the OSV format, or a directory of them")
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: holds no advisories: no *.json", hint=hint_for(path))
    return tuple(advisory for file in files for advisory in read_advisories(file))


def hint_for(directory: Path) -> str:
    """Return what to do with a directory that has no advisories: unpack what it holds, or look at its files."""
    names = sorted(path.name for path in directory.iterdir())
    packed = [name for name in names if name.endswith(".zip")]
    if packed:
        return f"unzip {', '.join(packed[:3])} first"
    held = f"holds {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}" if names else "is empty"
    return f"advisories are files *.json in the OSV format; the directory {held}"


def read_advisories(file: Path) -> Iterator[Advisory]:
    """Yield the advisories of one file: an advisory, a list of them, or an answer of the OSV interface (``vulns``)."""
    if zipfile.is_zipfile(file):
        raise DataError(f"{file}: is a zip file, not JSON", hint="unzip it, and name the directory")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file}: is not JSON: {error}") from None
    if isinstance(data, dict) and "vulns" in data:
        data = data["vulns"]
    for row in data if isinstance(data, list) else [data]:
        advisory = Part(row, str(file))
        if not advisory.get("withdrawn").text(""):
            yield parse_advisory(advisory)


def parse_advisory(advisory: Part) -> Advisory:
    """Return one advisory; ``DataError`` for what is none."""
    summary = advisory.get("summary").text("") or advisory.get("details").text("") or "no summary"
    ids = (advisory.get("id").text(), *advisory.get("aliases").texts(), *advisory.get("upstream").texts())
    return Advisory(
        ids=tuple(map(printable, ids)),
        summary=printable(summary.splitlines()[0][:120]),
        affected=tuple(map(parse_affected, advisory.get("affected").items())),
    )


def printable(text: str) -> str:
    """Return a text with a question mark for what a terminal can't print or would take for a command."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def parse_affected(row: Part) -> dict[str, Any]:
    """Return a row of ``affected``."""
    package, names = row.get("package"), dict[str, str]()
    if package.value is not None:
        names = {"ecosystem": package.get("ecosystem").text(), "name": package.get("name").text()}
        names["purl"] = package.get("purl").text("")
    ranges = list(map(parse_range, row.get("ranges").items()))
    return {"package": names, "versions": row.get("versions").texts(), "ranges": ranges}


def parse_range(part: Part) -> dict[str, Any]:
    """Return a range with ``type``, ``repo`` and ``events``, of which one says where it begins."""
    kind = part.get("type").text()
    repository = part.get("repo").text(None if kind == "GIT" else "")
    events = [event for each in part.get("events").items() for event in parse_event(each)]
    if not any("introduced" in event for event in events):
        raise part.get("events").error("has no `introduced`")
    return {"type": kind, "repo": repository, "events": events}


def parse_event(part: Part) -> Iterator[dict[str, str]]:
    """Yield the events of an object, which should be one; another word than the format's is none."""
    known = [name for name in EVENTS if part.get(name).value is not None]
    if not known:
        raise part.error(f"has none of {', '.join(EVENTS)}")
    for name in known:
        yield {name: part.get(name).text()}
