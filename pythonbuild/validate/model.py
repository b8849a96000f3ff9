"""What the validator knows: facts of files, limits of a target, findings and the report. No opinions here."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pythonbuild.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

    from pythonbuild.package.model import PythonJson
    from pythonbuild.package.record import BuildRecord
    from pythonbuild.validate.foreign import MachLimits, MachO, Pe, PeLimits

# Symbols of the libraries that are linked in. An exported one would be found by the dynamic linker before the
# one of another copy (PyQt's, the system's), and be called with the other copy's data. A name that ends in `*`
# is a prefix.
HIDDEN_SYMBOLS = (
    "SSL_*", "CRYPTO_*", "OPENSSL_*", "EVP_*", "BIO_*", "X509_*",
    "sqlite3_*",
    "inflate", "inflateInit*", "inflateEnd", "deflate", "deflateInit*", "deflateEnd", "adler32", "crc32",
    "ffi_*",
    "XML_*",
    "BZ2_*", "lzma_*", "ZSTD_*",
    "XFlush", "XOpenDisplay", "XCreateWindow", "xcb_*", "Xau*", "XRender*", "Xft*", "FT_*", "Fc*",
    "mpd_*",
    "uuid_generate*", "uuid_parse", "db_create", "dbm_open",
    "initscr", "newterm", "setupterm", "tgetent", "el_init", "readline", "rl_*",
)  # fmt: skip

# Directories of the build. A user's machine has none of them, so a path below one in a text file is a mistake.
BUILD_DIRECTORIES = ("build", "tools", "sysroot", "work", "home", "root", "in", "out")

# Symbols that a portable binary must not import: pthread_yield left the headers with glibc 2.34.
BANNED_SYMBOLS = frozenset({"pthread_yield"})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one target allows; filled from targets.yml.

    ``machine`` is the ELF machine as LIEF names it (``X86_64``); ``max_glibc`` is None for another libc;
    ``interpreter_type`` (``EXEC`` or ``DYN``) and ``program_interpreter`` are not checked when None; an empty
    ``program_interpreter`` is none. ``static`` means that nothing is loaded at run time. ``abi`` is as in ``Elf``, and
    not checked when empty, as is ``platform_tag``. ``modules`` says of each extension module how it is built
    (``bootstrap``, ``static``, ``shared``, ``test``, ``disabled``); where it is None, any may be there. ``hardening``
    names what CPython's own code is compiled with (``stack-protector``, ``fortify``), ``library_hardening`` that of the
    libraries.
    A target of macOS or Windows has ``macho`` or ``pe`` limits, and those of ELF files mean nothing for it.
    """

    triple: str
    machine: str
    allowed_needed: frozenset[str]
    max_glibc: str | None = None
    page_align: int = 4096
    interpreter_type: str | None = None
    program_interpreter: str | None = None
    static: bool = False
    bits: int = 64
    little_endian: bool = True
    abi: str = ""
    platform_tag: str = ""
    modules: Mapping[str, str] | None = None
    hardening: frozenset[str] = frozenset()
    library_hardening: frozenset[str] = frozenset()
    banned_symbols: frozenset[str] = BANNED_SYMBOLS
    hidden_symbols: tuple[str, ...] = HIDDEN_SYMBOLS
    build_directories: tuple[str, ...] = BUILD_DIRECTORIES
    macho: MachLimits | None = None
    pe: PeLimits | None = None

    @property
    def architecture(self) -> str:
        """The processor with the size of its addresses and its byte order, as ``Elf.architecture``."""
        return architecture(self.machine, self.bits, little_endian=self.little_endian)


def architecture(machine: str, bits: int, *, little_endian: bool) -> str:
    """Return what tells programs of two targets apart, besides their ABI.

    >>> architecture("PPC64", 64, little_endian=True)
    'PPC64 (64 bits, little-endian)'
    """
    return f"{machine.upper()} ({bits} bits, {'little' if little_endian else 'big'}-endian)"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One program header: ``flags`` is a subset of ``RWX`` in that order.

    ``start`` and ``end`` are where its bytes lie in the file, ``address`` is where they go in memory.
    """

    kind: str
    flags: str
    align: int
    start: int = 0
    end: int = 0
    address: int = 0


@dataclass(frozen=True, kw_only=True)
class Elf:
    """Facts of one ELF program or shared library. Nothing in it depends on the library that read it.

    ``build_id`` is in hexadecimal, ``debuglink`` the name of the file that debuggers look for; both may be empty.
    ``sections`` are the names of all sections, ``features`` what the whole file says it can do (``IBT``, ``SHSTK``,
    ``BTI``, ``PAC``). ``dynamic`` says whether the dynamic linker has to do with it, ``abi`` how functions are called
    (``hard``, ``soft``, ``ELFv2`` ...) where a processor has several ways. ``notes`` are where notes lie in the
    file, from the first byte of each to the one behind its last.
    """

    machine: str
    bits: int
    little_endian: bool
    kind: str
    interpreter: str | None = None
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    exported: frozenset[str] = frozenset()
    segments: tuple[Segment, ...] = ()
    copy_relocations: tuple[str, ...] = ()
    textrel: bool = False
    bind_now: bool = False
    build_id: str = ""
    debuglink: str = ""
    sections: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    dynamic: bool = True
    abi: str = ""
    notes: tuple[tuple[int, int], ...] = ()

    @property
    def architecture(self) -> str:
        """The processor with the size of its addresses and its byte order, as ``Limits.architecture``."""
        return architecture(self.machine, self.bits, little_endian=self.little_endian)

    @property
    def code(self) -> int:
        """Bytes of the file that are executed."""
        return sum(part.end - part.start for part in self.segments if part.kind == "LOAD" and "X" in part.flags)

    @property
    def stack(self) -> str | None:
        """Flags of PT_GNU_STACK, or None where the header is missing (the kernel then gives an executable one)."""
        return next((segment.flags for segment in self.segments if segment.kind == "GNU_STACK"), None)

    @property
    def loaded(self) -> int:
        """How much of the file can be in memory: the rest is symbols and debug information."""
        return max((segment.end for segment in self.segments if segment.kind == "LOAD"), default=0)


@dataclass(frozen=True, kw_only=True)
class StaticLibrary:
    """Facts of one ``.a`` file: how many members there are of each kind and, of ELF objects, for each machine.

    ``odd`` names the members that are no ELF objects; ``indexed`` says whether linkers find a table of symbols.
    """

    kinds: Mapping[str, int]
    machines: Mapping[str, int]
    odd: tuple[str, ...] = ()
    indexed: bool = True


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One member of an archive: ``kind`` is file, dir, symlink, hardlink or other; ``target`` is a link's."""

    path: str
    kind: str
    size: int = 0
    mode: int = 0o644
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an archive says that it is, from PYTHON.json, its build record or, without these, from its file name.

    ``kind`` is one of full, install, install_only, install_only_stripped and debuginfo. The name of an
    ``install_only`` archive doesn't say its ``options``, but for the ``variant`` freethreaded.
    """

    version: str
    triple: str
    options: str
    kind: str
    variant: str = ""

    @property
    def words(self) -> frozenset[str]:
        """The option words that are known, with that of the variant."""
        return frozenset({*self.options.split("+"), self.variant} - {""})

    @property
    def minor(self) -> str:
        """``3.14`` of ``3.14.7`` and of ``3.15.0rc1``."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, kw_only=True)
class Form:
    """How the archive is encoded: what a strict reader refuses before it sees a file."""

    compression: str
    window: int = 0
    single_frame: bool = True


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A whole archive as facts: what the checks get.

    ``objects`` names the format of object files, ``object_machines`` the processor of those that are ELF, ``static``
    describes static libraries; ``macho`` (an entry for each architecture) and ``pe`` are programs and libraries of
    macOS and Windows. ``broken`` says why a file that begins like a program or a library can't be read; ``leaks`` are
    paths of the build inside programs and libraries; ``bytecode`` names a compiled file for each magic number that they
    begin with, in hexadecimal; ``text`` is the content of the files that say how Python was
    built. ``metadata`` is PYTHON.json, and ``metadata_error`` why it is not one; ``record`` the build record,
    ``record_error`` why it is not one, and ``record_path`` where it lies. ``options`` are the words of the flavor.
    ``marks`` says which object files and static libraries have code with a kind of hardening (``stack-protector``,
    ``fortify``). ``digests`` are the sha256 of programs, libraries of either kind and wheels; ``bills`` the bills of
    materials by their place, as data, or in words why one is none.
    """

    name: str
    form: Form
    entries: tuple[Entry, ...]
    elf: Mapping[str, Elf] = field(default_factory=lambda: MappingProxyType({}))
    objects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    object_machines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    marks: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    static: Mapping[str, StaticLibrary] = field(default_factory=lambda: MappingProxyType({}))
    macho: Mapping[str, tuple[MachO, ...]] = field(default_factory=lambda: MappingProxyType({}))
    pe: Mapping[str, Pe] = field(default_factory=lambda: MappingProxyType({}))
    leaks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    bytecode: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    text: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    broken: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metadata: PythonJson | None = None
    metadata_error: str = ""
    record: BuildRecord | None = None
    record_error: str = ""
    record_path: str = ""
    options: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    bills: Mapping[str, dict[str, Any] | str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def full(self) -> bool:
        """True for a full archive (with PYTHON.json, objects and licences), false for an installation."""
        return self.metadata is not None or bool(self.metadata_error)

    @property
    def prefix(self) -> str:
        """The directory of the installation inside the archive, with a slash at its end."""
        return "python/install/" if self.full else "python/"

    @property
    def interpreter(self) -> str | None:
        """The path of the interpreter: ``bin/python3.14`` or a variant such as ``python3.14t``."""
        pattern = re.compile(re.escape(self.prefix) + r"bin/python3\.\d+t?d?")
        return next((path for path in self.elf if pattern.fullmatch(path)), None)

    @property
    def libpython(self) -> str | None:
        """The path of the shared library of the interpreter, if there is one."""
        pattern = re.compile(re.escape(self.prefix) + r"lib/libpython3\.\d+t?d?\.so(\.1\.0)?")
        return next((path for path in self.elf if pattern.fullmatch(path)), None)

    @cached_property
    def directories(self) -> frozenset[str]:
        """Every path that a member lies below."""
        found: set[str] = set()
        for entry in self.entries:
            found.update(new_parents(entry.path, found))
        return frozenset(found)

    @cached_property
    def _paths(self) -> frozenset[str]:
        return self.directories | {entry.path for entry in self.entries}

    def core(self) -> Iterator[tuple[str, Elf]]:
        """Yield the files that hold CPython's own code and are linked to a libc: not those of a static build."""
        for path in (self.interpreter, self.libpython):
            elf = self.elf.get(path or "")
            if elf is not None and elf.dynamic and "PyList_New" in elf.exported:
                yield path or "", elf

    def paths(self) -> frozenset[str]:
        """Every path that exists, with the directories that only their members prove."""
        return self._paths

    def links(self) -> dict[str, str]:
        """Return the place that each symbolic link points at, one step of the way; it may be absolute or nowhere."""
        return {
            entry.path: posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), entry.target))
            for entry in self.entries
            if entry.kind == "symlink"
        }


def new_parents(path: str, known: Container[str]) -> Iterator[str]:
    """Yield the directories above ``path``, the nearest first, up to one that is known: so are all above it.

    What a hostile archive makes of this grows with the directories it has, not with their number times their depth.
    """
    place = path.rfind("/")
    while place > 0 and path[:place] not in known:
        yield path[:place]
        place = path.rfind("/", 0, place)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: which check found it, in which file of the archive, and what it is."""

    check: str
    path: str
    message: str

    def __str__(self) -> str:
        return printable(f"{self.check}: {self.path}: {self.message}")


def printable(text: str) -> str:
    """Return one line that any terminal can show: names in an archive may hold anything."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a validation: what is wrong (``findings``), and what is worth knowing (``notes``)."""

    archive: Path
    checks_run: tuple[str, ...]
    findings: tuple[Finding, ...]
    files: int
    elf_files: int
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def summary(self) -> str:
        """Return counts: ``23 checks, 3411 files (80 ELF), 0 findings``."""
        return (
            f"{len(self.checks_run)} checks, {self.files} files ({self.elf_files} ELF), {len(self.findings)} findings"
        )

    def text(self) -> str:
        """Return one line per finding and per note, and the summary."""
        notes = (f"note: {note}" for note in self.notes)
        return "\n".join([*map(str, self.findings), *notes, f"{self.archive.name}: {self.summary()}"])

    def require(self) -> None:
        """Raise ValidationError when something was found; its message holds the findings."""
        if not self.ok:
            raise ValidationError(self.text(), hint="every line above names the check, the file and the fact")
