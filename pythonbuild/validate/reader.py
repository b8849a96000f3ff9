"""One pass over an archive: everything the checks look at, and nothing else, kept in memory."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pythonbuild.errors import ValidationError
from pythonbuild.package.archives import INSTALL_RECORD, METADATA, RECORD
from pythonbuild.package.model import PythonJson
from pythonbuild.package.record import BuildRecord
from pythonbuild.package.sbom import INSTALL_PLACES, PLACES, WITHOUT_PROGRAMS
from pythonbuild.validate.archive import ArchiveReader, opened, read_json
from pythonbuild.validate.elf import object_format, object_machine, read_elf
from pythonbuild.validate.macho import macho_format, read_macho
from pythonbuild.validate.model import Elf, Entry, StaticLibrary, Tree
from pythonbuild.validate.names import name_identity
from pythonbuild.validate.pe import is_pe, read_pe
from pythonbuild.validate.staticlib import MAGIC, THIN, read_static_library

if TYPE_CHECKING:
    import io
    import tarfile
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pythonbuild.validate.foreign import MachO, Pe

_HEAD = 64
# Programs and libraries are read whole, and LIEF makes more of them. The largest, of a debug build, has 90 MB.
_LARGEST_PROGRAM = 512 << 20
# The largest text has 250 kB, and all of them 1 MB.
_LARGEST_TEXT = 8 << 20
_MOST_TEXT = 64 << 20

# Files that say how and where Python was built, and that users' builds read: the places where build paths leak.
TEXT_FILES = re.compile(
    r"python/(?:install/)?(?:"
    r"bin/[^/]+|lib/pkgconfig/[^/]+\.pc|include/python3[^/]*/pyconfig\.h|"
    r"lib/python3[^/]*/(?:_sysconfigdata_[^/]*\.py|_sysconfig_vars_[^/]*\.json|build-details\.json)|"
    r"lib/python3[^/]*/config-[^/]*/[^/]+)"
)
# All other text that lies where Python, Tcl or a compiler looks; examples in tests name directories of other machines.
OTHER_TEXT_FILES = re.compile(
    r"python/(?:install/)?(?:lib|include)/(?!(?:.*/)?(?:test|tests|idle_test|__pycache__)/)(?:.*/)?[^/]+"
)
# What the interpreter of the distribution compiled; it begins with four bytes by which others refuse it.
_BYTECODE = re.compile(r"python/(?:install/)?lib/python3[^/]*/(?:[^/]+/){0,40}__pycache__/[^/]+\.pyc")
# The least that such a file must hold to be looked at: few have it, and most of them mean another thing.
_SUSPICIOUS = (b"/build/", b"/tools/", b"/sysroot/", b"/install/", b'/install"', b"/install\n")
_BILLS = frozenset({*PLACES.values(), *INSTALL_PLACES.values()})
# Paths of the build in the bytes of a program: a library that looks there for its data will not find it.
_BUILD_PREFIXES = (b"/build/", b"/tools/", b"/sysroot/")
# OpenSSL records the command that compiled it; nothing is looked for there.
_COMPILER_CONFIGURATION = b"/tools/toolchain/"
_PROGRAMS = frozenset({"elf", "static", "macho", "pe"})
# Functions that code calls which is compiled with hardening: names in the string table of an object file.
_MARKS = {
    "stack-protector": re.compile(rb"\0__stack_(?:chk_fail|smash_handler)"),
    "fortify": re.compile(rb"\0__\w{2,60}_chk\0"),
}
_LARGEST_OBJECT = 256 << 20
# Programs of the target; the wheel of pip has some of Windows.
_BILLED = frozenset({"elf", "static"})
_PATH = re.compile(rb"[!#-&(-~]{1,200}")
_INSIDE_A_PATH = re.compile(rb"[\w.)/-]")


@dataclass
class _Collector:
    """Facts of the members seen so far."""

    entries: list[Entry] = field(default_factory=list)
    elf: dict[str, Elf] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    object_machines: dict[str, str] = field(default_factory=dict)
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    static: dict[str, StaticLibrary] = field(default_factory=dict)
    macho: dict[str, tuple[MachO, ...]] = field(default_factory=dict)
    pe: dict[str, Pe] = field(default_factory=dict)
    leaks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bytecode: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    text_size: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    metadata: PythonJson | None = None
    metadata_error: str = ""
    record: BuildRecord | None = None
    record_error: str = ""
    record_path: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    bills: dict[str, dict[str, Any] | str] = field(default_factory=dict)

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
        if entry.path in _BILLS:
            self._take_bill(entry, lambda: read_json(reader.path.name, reader, entry, member))
            return
        content = reader.open(member)
        head = content.peek(_HEAD)[:_HEAD]
        kind = _format(entry, head)
        if kind in _PROGRAMS:
            self._take_program(entry, kind, content.read)
        elif entry.path.endswith(WITHOUT_PROGRAMS):
            self.digests[entry.path] = hashlib.file_digest(content, "sha256").hexdigest()
        elif kind is not None:
            self._take_object(entry, kind, head, content.read)
        elif _BYTECODE.fullmatch(entry.path):
            self.bytecode.setdefault(head[:4].hex(), entry.path)
        elif is_text(entry.path, head):
            self._take_text(entry, content)

    def _take_text(self, entry: Entry, content: io.BufferedReader) -> None:
        """Keep a text that checks look at. One that is too large is not looked into, and told."""
        if entry.size > _LARGEST_TEXT:
            self.broken[entry.path] = f"{entry.size} bytes of text are more than any distribution has there"
            return
        data = content.read()
        if not is_read(entry.path, data):
            return
        self.text_size += entry.size
        if self.text_size > _MOST_TEXT:
            self.broken[entry.path] = f"{self.text_size} bytes of text are more than any distribution has there"
            return
        self.text[entry.path] = data.decode("utf-8", "surrogateescape")

    def _take_object(self, entry: Entry, kind: str, head: bytes, read: Callable[[], bytes]) -> None:
        """Keep what an object file is for, and how its code was compiled."""
        self.objects[entry.path] = kind
        if kind == "elf-object":
            self.object_machines[entry.path] = object_machine(head)
            if entry.size <= _LARGEST_OBJECT:
                self.marks[entry.path] = marks(read())

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

    def _take_bill(self, entry: Entry, read: Callable[[], dict[str, Any]]) -> None:
        try:
            self.bills[entry.path] = read()
        except ValidationError as error:
            self.bills[entry.path] = error.message

    def _take_program(self, entry: Entry, kind: str, read: Callable[[], bytes]) -> None:
        """Read the facts of a program or a library, or why it has none."""
        if entry.size > _LARGEST_PROGRAM:
            self.broken[entry.path] = f"{entry.size} bytes are no reasonable size"
            return
        data = read()
        if kind in _BILLED:
            self.digests[entry.path] = hashlib.sha256(data).hexdigest()
        try:
            if kind == "elf":
                facts = self.elf[entry.path] = read_elf(data)
                parts = (data[start:end] for start, end in ((0, facts.loaded), *facts.notes))
                if found := {path for part in parts for path in leaks(part)}:
                    self.leaks[entry.path] = tuple(sorted(found))
            elif kind == "static":
                self.static[entry.path] = read_static_library(data)
                self.marks[entry.path] = marks(data)
            elif kind == "macho":
                self.macho[entry.path] = read_macho(data)
            elif is_pe(data):
                self.pe[entry.path] = read_pe(data)
        except ValidationError as error:
            self.broken[entry.path] = error.message


def is_text(path: str, head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is text of a kind that may name paths of the build."""
    known = TEXT_FILES.fullmatch(path) or OTHER_TEXT_FILES.fullmatch(path)
    return known is not None and b"\0" not in head


def is_read(path: str, data: bytes) -> bool:
    """Return whether checks look at such a text: at those that builds read, and where a path of the build may be."""
    return TEXT_FILES.fullmatch(path) is not None or any(word in data for word in _SUSPICIOUS)


def _format(entry: Entry, head: bytes) -> str | None:
    """Name what a file is by its first bytes; what is called a static library is one, or broken."""
    if head.startswith((MAGIC, THIN)) or entry.path.endswith(".a"):
        return "static"
    return object_format(head) or macho_format(head) or ("pe" if head.startswith(b"MZ") else None)


def marks(data: bytes) -> frozenset[str]:
    """Return the kinds of hardening that the code of an object file, or of a static library, was compiled with."""
    return frozenset(name for name, pattern in _MARKS.items() if pattern.search(data))


def leaks(data: bytes) -> Iterator[str]:
    """Yield every path of the build in a part of a program.

    A search for plain bytes takes no time, a regular expression would take seconds.
    """
    for prefix in _BUILD_PREFIXES:
        place = data.find(prefix)
        while place >= 0:
            found = _PATH.match(data, place)
            known = data.startswith(_COMPILER_CONFIGURATION, place)
            if found and not known and not _INSIDE_A_PATH.match(data[max(place - 1, 0) : place]):
                yield found[0].decode("ascii")
            place = data.find(prefix, place + len(prefix))


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
        object_machines=seen.object_machines,
        marks=seen.marks,
        static=seen.static,
        macho=seen.macho,
        pe=seen.pe,
        leaks=seen.leaks,
        bytecode=seen.bytecode,
        text=seen.text,
        broken=seen.broken,
        metadata=seen.metadata,
        metadata_error=seen.metadata_error,
        record=seen.record,
        record_error=seen.record_error,
        record_path=seen.record_path,
        options=options_of(archive.name, seen.metadata, seen.record),
        digests=seen.digests,
        bills=seen.bills,
    )


def options_of(name: str, metadata: PythonJson | None, record: BuildRecord | None) -> frozenset[str]:
    """Return the words of the flavor that PYTHON.json names, or else the build record, or else the file name."""
    if metadata is not None:
        return frozenset(metadata.build_options.split("+"))
    if record is not None:
        return frozenset(record.options.split("+"))
    named = name_identity(name)
    return named.words if named else frozenset()
