"""One pass over an archive: everything the checks look at, and nothing else, kept in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pythonbuild.errors import ValidationError
from pythonbuild.package.archives import INSTALL_RECORD, METADATA, RECORD
from pythonbuild.package.model import PythonJson
from pythonbuild.package.record import BuildRecord
from pythonbuild.validate.archive import ArchiveReader, opened, read_json
from pythonbuild.validate.elf import object_format, read_elf
from pythonbuild.validate.model import Elf, Entry, Tree
from pythonbuild.validate.names import name_identity

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HEAD = 18
_LARGEST_ELF = 2 << 30
_LARGEST_TEXT = 8 << 20

# Files that say how and where Python was built, and that users' builds read: the places where build paths leak.
TEXT_FILES = re.compile(
    r"python/(?:install/)?(?:"
    r"bin/[^/]+|lib/pkgconfig/[^/]+\.pc|include/python3[^/]*/pyconfig\.h|"
    r"lib/python3[^/]*/(?:_sysconfigdata_[^/]*\.py|_sysconfig_vars_[^/]*\.json|build-details\.json)|"
    r"lib/python3[^/]*/config-[^/]*/[^/]+)"
)
# Paths of the build in the bytes of a program: a library that looks there for its data will not find it.
_BUILD_PREFIXES = (b"/build/", b"/tools/", b"/sysroot/")
# OpenSSL records the command that compiled it; nothing is looked for there.
_COMPILER_CONFIGURATION = b"/tools/toolchain/"
_PATH = re.compile(rb"[!#-&(-~]{1,200}")
_INSIDE_A_PATH = re.compile(rb"[\w.)/-]")


@dataclass
class _Collector:
    """Facts of the members seen so far."""

    entries: list[Entry] = field(default_factory=list)
    elf: dict[str, Elf] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    leaks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    metadata: PythonJson | None = None
    metadata_error: str = ""
    record: BuildRecord | None = None
    record_error: str = ""
    record_path: str = ""

    def take(self, reader: ArchiveReader, entry: Entry, member: tarfile.TarInfo) -> None:
        """Keep what matters of one member."""
        self.entries.append(entry)
        if entry.kind != "file":
            return
        if entry.path == METADATA:
            self._take_metadata(read_json(reader.path.name, reader, entry, member))
            return
        if entry.path in {RECORD, INSTALL_RECORD}:
            self._take_record(entry, lambda: read_json(reader.path.name, reader, entry, member))
            return
        content = reader.open(member)
        head = content.read(_HEAD)
        kind = object_format(head)
        if kind == "elf":
            self._take_elf(entry, head + content.read())
        elif kind is not None:
            self.objects[entry.path] = kind
        elif TEXT_FILES.fullmatch(entry.path) and entry.size <= _LARGEST_TEXT and b"\0" not in head:
            self.text[entry.path] = (head + content.read()).decode("utf-8", "surrogateescape")

    def _take_metadata(self, data: dict[str, Any]) -> None:
        try:
            self.metadata = PythonJson.from_json(data)
        except ValidationError as error:
            self.metadata_error = error.message

    def _take_record(self, entry: Entry, read: Callable[[], dict[str, Any]]) -> None:
        self.record_path = entry.path
        try:
            self.record = BuildRecord.from_json(read())
        except ValidationError as error:
            self.record_error = error.message

    def _take_elf(self, entry: Entry, data: bytes) -> None:
        if entry.size > _LARGEST_ELF:
            self.broken[entry.path] = f"{entry.size} bytes are no reasonable size"
            return
        try:
            facts = self.elf[entry.path] = read_elf(data)
            if found := set(leaks(data, facts.loaded)):
                self.leaks[entry.path] = tuple(sorted(found))
        except ValidationError as error:
            self.broken[entry.path] = error.message


def leaks(data: bytes, end: int) -> Iterator[str]:
    """Yield every path of the build in the first ``end`` bytes of a program.

    A search for plain bytes takes no time, a regular expression would take seconds.
    """
    for prefix in _BUILD_PREFIXES:
        place = data.find(prefix, 0, end)
        while place >= 0:
            found = _PATH.match(data, place)
            known = data.startswith(_COMPILER_CONFIGURATION, place)
            if found and not known and not _INSIDE_A_PATH.match(data[max(place - 1, 0) : place]):
                yield found[0].decode("ascii")
            place = data.find(prefix, place + len(prefix), end)


def read_tree(archive: Path, *, progress: Callable[[int], object] | None = None) -> Tree:
    """Read a whole archive; ``progress`` gets the decompressed size of each member as it is passed.

    Raises ValidationError when it can't be read to its end.
    """
    seen = _Collector()
    with opened(archive) as reader:
        for entry, member in reader:
            seen.take(reader, entry, member)
            if progress is not None:
                progress(entry.size)
        form = reader.form()
    return Tree(
        name=archive.name,
        form=form,
        entries=tuple(seen.entries),
        elf=seen.elf,
        objects=seen.objects,
        leaks=seen.leaks,
        text=seen.text,
        broken=seen.broken,
        metadata=seen.metadata,
        metadata_error=seen.metadata_error,
        record=seen.record,
        record_error=seen.record_error,
        record_path=seen.record_path,
        options=options_of(archive.name, seen.metadata, seen.record),
    )


def options_of(name: str, metadata: PythonJson | None, record: BuildRecord | None) -> frozenset[str]:
    """Return the words of the flavor that PYTHON.json names, or else the build record, or else the file name."""
    if metadata is not None:
        return frozenset(metadata.build_options.split("+"))
    if record is not None:
        return frozenset(record.options.split("+"))
    named = name_identity(name)
    return named.words if named else frozenset()
