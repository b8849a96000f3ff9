"""Damaged input for everything that reads an archive: small real files, and random changes of them.

``ci/fuzz.py`` tries many, the unit tests a few of these.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from pythonbuild.errors import ValidationError
from pythonbuild.package.sbom import INSTALL_PLACES
from pythonbuild.validate import Limits, read_identity, unpack, validate
from pythonbuild.validate.checks import run
from pythonbuild.validate.elf import object_format, object_machine, read_elf
from pythonbuild.validate.macho import macho_format, read_macho
from pythonbuild.validate.model import Form, Tree
from pythonbuild.validate.pe import read_pe
from pythonbuild.validate.staticlib import read_static_library
from pythonbuild.validate.texts import sysconfig_data
from tests.unit.bills import bill, documents
from tests.unit.binaries import ARM64, LAUNCHERS, X86_64, elf_object, macho, static_library, universal
from tests.unit.records import RECORD
from tests.unit.test_validate_checks import (
    ANY_MACHINE,
    DETAILS,
    HEADER,
    MAKEFILE,
    PC,
    VARS,
    details,
    good,
    makefile,
    metadata,
    pkg_config,
    with_text,
)
from tests.unit.test_validate_checks import LIMITS as CHECKED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TRIPLE = "x86_64-unknown-linux-gnu"
LIMITS = Limits(triple=TRIPLE, machine="X86_64", allowed_needed=frozenset(), max_glibc="2.17")
FULL = f"cpython-3.14.7+20261123-{TRIPLE}-noopt-full.tar.zst"
INSTALL = f"cpython-3.14.7+20261123-{TRIPLE}-install_only.tar.gz"
PLACE = "python/share/pythonbuild/build-record.json"
LARGEST_SEED = 60_000
# What damage is made of: numbers at the edges of their types, and words that mean something to one of the readers.
WORDS = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", bytes(8), b"\xff" * 8,
    b"\1\0\0\0", b"\0\0\0\1", b"\x10\0\0\0", b"[", b"{", b'"', b"]", b"}", b",", b":", b"null", b"NaN", b"1e999", b"-1",
    b"9" * 40, b'"\\ud800"', b"true", b"\\", b"\n", b"../", b"/", b"!<arch>\n", b"#1/9", b"`\n", b"\x7fELF", b"0" * 12,
    b"7" * 12, b"\x80" + b"\xff" * 11, b"L", b"x", b"g", b"K", b"S", b"2", b"30 size=-1\n", b"30 path=\xff\xfe\n",
    b"[]", b"{[]}", b"()", b"0x" + b"f" * 4000, b"1" * 5000,
)  # fmt: skip
# What JSON may hold in any place.
ODD: tuple[Any, ...] = (
    None, True, 0, 5, -1, 1.5, 10**4000, "", "x", "..", "/x", "\ud800", "a\nb", [], {}, [[]], [5], [None],
    {"": 1}, {"x": []},
)  # fmt: skip
MOST_LINKS = 400
LONGEST_FINDING = 1000
JSON = frozenset({"PYTHON.json", "build-record.json", "sbom", "build-details", "sysconfig-vars"})
# How many inputs Hypothesis's one number stands for: choosing each part of each would take longer than reading it.
RUN = 20


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` after one to four random edits. Half of the places are at the front, where headers are."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        space = min(len(found), chance.choice((2048, len(found))))
        place, length = chance.randint(0, space), chance.randint(1, 64)
        word = chance.choice(WORDS) if chance.random() < 0.6 else chance.randbytes(chance.randint(1, 8))
        what = chance.choice(("set", "put", "repeat", "cut", "end", "copy"))
        if what == "set":
            found[place : place + len(word)] = word
        elif what in {"put", "repeat"}:
            found[place:place] = word * (length if what == "repeat" else 1)
        elif what == "copy":
            found[place:place] = found[place : place + length]
        elif what == "cut" or chance.random() < 0.2:
            del found[place : place + (length if what == "cut" else len(found))]
    return bytes(found)


def odd(value: Any, chance: random.Random) -> Any:
    """Return ``value`` with one part of it, at any depth, replaced by something else, or without it."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(ODD)
    found = dict(value) if isinstance(value, dict) else list(value)
    key = chance.choice(list(found)) if isinstance(found, dict) else chance.randrange(len(found))
    if chance.random() < 0.05:
        del found[key]
    else:
        found[key] = odd(found[key], chance)
    return found


def damaged(name: str, data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with random damage; most of that of JSON leaves it JSON, so that more than its form is read."""
    if name not in JSON or chance.random() < 0.3:
        return changed(data, chance)
    found = json.loads(data)
    for _ in range(chance.randint(1, 4)):
        found = odd(found, chance)
    return json.dumps(found).encode()


def tarred(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.14"
        archive.addfile(link)
    return file.getvalue()


def small_elf_files() -> tuple[bytes, ...]:
    """Return small extension modules of the Python that runs this: always there, on any machine."""
    places = sorted(
        (path.stat().st_size, str(path)) for folder in sys.path for path in Path(folder or ".").glob("lib-dynload/*.so")
    ) or sorted((path.stat().st_size, str(path)) for folder in sys.path for path in Path(folder or ".").glob("*/*.so"))
    return tuple(Path(name).read_bytes() for size, name in places[:4] if size <= LARGEST_SEED)


def launchers() -> tuple[bytes, ...]:
    """Return the programs for Windows that pip carries, without their larger half."""
    return tuple(path.read_bytes()[:LARGEST_SEED] for path in sorted(LAUNCHERS.glob("*.exe")))


def attempted(name: str, data: bytes) -> None:
    """Write an archive, and do with it all that the validator does with archives; raise the last refusal."""
    refusal: ValidationError | None = None
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path, place = Path(folder, name), Path(folder, "to")
        path.write_bytes(data)
        place.mkdir()
        for attempt in (
            lambda: read_identity(path),
            lambda: validate(path, LIMITS).text(),
            lambda: unpack(path, place),
        ):
            try:
                attempt()
            except ValidationError as error:
                refusal = error
        outside = [link for link in place.rglob("*") if not Path(os.path.realpath(link)).is_relative_to(place)]
        if outside or {one.name for one in Path(folder).iterdir()} != {name, "to"}:
            raise AssertionError(f"it leads out of the place where it was unpacked: {outside}")
    if refusal is not None:
        raise refusal


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(data)


def formats(data: bytes) -> None:
    """Ask what the first bytes of a file are."""
    object_format(data[:64])
    macho_format(data[:64])
    object_machine(data[:64])


def linked(data: bytes) -> bytes:
    """Return a tar of links, files and directories: each four bytes of ``data`` say what one is and where."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for kind, place, target, more in zip(*[iter(data[:MOST_LINKS])] * 4, strict=False):
            info = tarfile.TarInfo("/".join(("python", *_parts(place, "abc"))))
            info.type = (tarfile.SYMTYPE, tarfile.SYMTYPE, tarfile.REGTYPE, tarfile.DIRTYPE)[kind % 4]
            info.linkname = "/".join((*_parts(target, ("..", "a", "b", ".")), *_parts(more, ("..", "c", "b", "a"))))
            archive.addfile(info)
    return file.getvalue()


def _parts(number: int, names: Sequence[str]) -> list[str]:
    """Return up to three names, that ``number`` chooses."""
    return [names[(number >> shift) % len(names)] for shift in (2, 4, 6)[: number % 4]]


def bills_of_materials(data: bytes) -> None:
    """Read both bills of materials of an archive; where ``data`` is none of two, each is all of it."""
    try:
        both = json.loads(data)
        members = {place: json.dumps(both[name]).encode() for name, place in INSTALL_PLACES.items()}
    except (ValueError, KeyError, TypeError, RecursionError):
        members = dict.fromkeys(INSTALL_PLACES.values(), data)
    attempted(INSTALL, packed(tarred({PLACE: RECORDED, **members})))


def constants(data: bytes) -> None:
    """Read sysconfig data."""
    text = {"python/lib/_sysconfigdata_.py": data.decode("utf-8", "surrogateescape")}
    list(sysconfig_data(Tree(name=FULL, form=Form(compression="zstd"), entries=(), text=text), LIMITS))


def configuration(place: str, data: bytes) -> None:
    """Run every check on a tree whose text in one place is ``data``; each has to say in one line what is wrong."""
    tree = with_text(place, data.decode("utf-8", "surrogateescape"))(good())
    for finding in run(tree, CHECKED):
        if "\n" in finding.message or len(finding.message) > LONGEST_FINDING:
            raise AssertionError(f"no short line: {finding.message[:2000]!r}")


FACTS, RECORDED = json.dumps(metadata()).encode(), json.dumps(RECORD.to_json()).encode()
INSTALLED = tarred({PLACE: RECORDED, "python/a": b"x"})
# What reads, by name: a function of small undamaged files, and the reader.
READERS: dict[str, tuple[Callable[[], tuple[bytes, ...]], Callable[[bytes], object]]] = {
    "elf": (small_elf_files, read_elf),
    "macho": (lambda: (macho(), universal((ARM64, macho()), (X86_64, macho(machine=X86_64)))), read_macho),
    "pe": (launchers, read_pe),
    "static-library": (
        lambda: (static_library(("a.o", elf_object()), ("a-long-name-of-a-member.o", elf_object())),),
        read_static_library,
    ),
    "first-bytes": (lambda: (elf_object(), macho()[:64]), formats),
    "tar": (
        lambda: (tarred({"python/PYTHON.json": FACTS, f"python/{'x' * 120}": b"x" * 700, "python/lib/y.a": b"y"}),),
        lambda data: attempted(FULL, packed(data)),
    ),
    "zstd": (lambda: (packed(INSTALLED),), lambda data: attempted(FULL, data)),
    "gzip": (lambda: (gzip.compress(INSTALLED),), lambda data: attempted(INSTALL, data)),
    "PYTHON.json": (
        lambda: (FACTS,),
        lambda data: attempted(FULL, packed(tarred({"python/PYTHON.json": data, "python/install/a": b""}))),
    ),
    "build-record.json": (
        lambda: (RECORDED,),
        lambda data: attempted(INSTALL, packed(tarred({PLACE: data, "python/a": b""}))),
    ),
    "sbom": (lambda: (json.dumps(documents(bill())).encode(),), bills_of_materials),
    "links": (
        lambda: (bytes(range(0, 200, 7)), bytes(range(255, 0, -11))),
        lambda data: attempted(FULL, packed(linked(data))),
    ),
    "build-details": (lambda: (details().encode(),), lambda data: configuration(DETAILS, data)),
    "sysconfig-vars": (lambda: (json.dumps(ANY_MACHINE).encode(),), lambda data: configuration(VARS, data)),
    "makefile": (lambda: (makefile().encode(),), lambda data: configuration(MAKEFILE, data)),
    "pkg-config": (lambda: (pkg_config().encode(),), lambda data: configuration(PC, data)),
    "sysconfig-data": (lambda: (f"{HEADER}build_time_vars = {{'CC': 'cc', 'X': 4}}\n".encode(),), constants),
}


def fuzz(name: str, inputs: int, seed: int, seen: Callable[[bytes], object] = lambda _data: None) -> int:
    """Give a reader that many damaged files; return how many of them it refused.

    ``seen`` gets each before it is read. Whatever is no ValidationError ends this.
    """
    make, read = READERS[name]
    seeds = make()
    refused = 0

    @seeded(seed)
    @settings(
        max_examples=-(-inputs // RUN),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, (1 << 64) - 1))
    def attempt(number: int) -> None:
        nonlocal refused
        chance = random.Random(number)
        for _ in range(RUN):
            data = damaged(name, chance.choice(seeds), chance)
            seen(data)
            try:
                read(data)
            except ValidationError as error:
                if "\n" in error.message:
                    raise AssertionError(f"more than one line: {error.message!r}") from error
                refused += 1

    attempt()
    return refused


def readers() -> list[str]:
    """Return the names of readers that have something to begin with on this machine."""
    return [name for name, (make, _) in READERS.items() if make()]
