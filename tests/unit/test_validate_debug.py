"""An archive of debug information has a list of checks of its own, each with something that passes and that fails."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from pythonbuild.package.archives import INSTALL_RECORD
from pythonbuild.validate import Limits, validate
from pythonbuild.validate.checks import CHECKS, DEBUG_CHECKS, name_of, run
from pythonbuild.validate.elf import read_elf
from pythonbuild.validate.model import Elf, Entry, Form, Tree
from tests.unit.bills import bills_for
from tests.unit.records import DIGEST, RECORD, TRIPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = f"cpython-3.14.7+20261123-{TRIPLE}-noopt-debuginfo.tar.zst"
LIMITS = Limits(triple=TRIPLE, machine="X86_64", allowed_needed=frozenset())
PROGRAM = "python/lib/debug/.build-id/ab/cdef01.debug"
LIBRARY = "python/lib/debug/.build-id/12/345678.debug"
LICENCES = tuple(f"python/share/licenses/LICENSE.{name}.txt" for name in ("cpython", "zlib"))
CC, OBJCOPY = shutil.which("gcc") or shutil.which("cc"), shutil.which("objcopy") or shutil.which("llvm-objcopy")
DIGESTS = dict.fromkeys((PROGRAM, LIBRARY), DIGEST)
BILLS = bills_for(DIGESTS, full=False)


def good() -> Tree:
    program = Elf(
        machine="X86_64",
        bits=64,
        little_endian=True,
        kind="EXEC",
        build_id="abcdef01",
        sections=frozenset({".interp", ".symtab", ".debug_info"}),
    )
    library = replace(program, kind="DYN", build_id="12345678", sections=frozenset({".symtab"}))
    return Tree(
        name=NAME,
        form=Form(compression="zstd", window=1 << 27),
        entries=tuple(Entry(path=path, kind="file") for path in (INSTALL_RECORD, PROGRAM, LIBRARY, *LICENCES)),
        elf={PROGRAM: program, LIBRARY: library},
        record=RECORD,
        record_path=INSTALL_RECORD,
        options=frozenset({"noopt"}),
        digests=DIGESTS,
        bills=BILLS,
    )


def with_elf(path: str, **changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, elf={**tree.elf, path: replace(tree.elf[path], **changes)})


def with_entry(path: str, kind: str = "file", target: str = "") -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, entries=(*tree.entries, Entry(path=path, kind=kind, target=target)))


def without(*paths: str) -> Callable[[Tree], Tree]:
    return lambda tree: replace(
        tree,
        entries=tuple(entry for entry in tree.entries if entry.path not in paths),
        elf={name: elf for name, elf in tree.elf.items() if name not in paths},
        digests={name: digest for name, digest in tree.digests.items() if name not in paths},
    )


WRITABLE = Entry(path="python/a", kind="file", mode=0o666)
FAILING: list[tuple[str, str, Callable[[Tree], Tree]]] = [
    ("encoding", "more data", lambda tree: replace(tree, form=Form(compression="zstd", single_frame=False))),
    ("members", "outside the one", with_entry("README.md")),
    ("file-name", "is gzip data", lambda tree: replace(tree, form=Form(compression="gzip", window=1 << 15))),
    ("members", "hardlink", with_entry("python/a", "hardlink", PROGRAM)),
    ("modes", "others may change", lambda tree: replace(tree, entries=(*tree.entries, WRITABLE))),
    ("symlinks", "not there", with_entry("python/a", "symlink", "b")),
    ("readable-elf", "broken", lambda tree: replace(tree, broken={LIBRARY: "broken"})),
    ("machine", "AARCH64", with_elf(LIBRARY, machine="AARCH64")),
    ("identity", "not a name", lambda tree: replace(tree, name="cpython-x-debuginfo.tar.zst")),
    ("identity", "checked as", lambda tree: replace(tree, name=NAME.replace("x86_64", "aarch64"))),
    ("licences", "no licence texts", without(*LICENCES)),
    ("build-record", "is missing", lambda tree: replace(tree, record=None)),
    ("build-record", "the file name says 'debug'", lambda tree: replace(tree, name=NAME.replace("noopt", "debug"))),
    ("debug-files", "is of the build-id abcdef02", with_elf(PROGRAM, build_id="abcdef02")),
    ("debug-files", "is of the build-id none", with_elf(PROGRAM, build_id="")),
    ("debug-files", "of a program", with_elf(PROGRAM, sections=frozenset({".interp", ".symtab"}))),
    ("debug-files", "neither", with_elf(LIBRARY, sections=frozenset())),
    ("debug-files", "not an ELF file", with_entry("python/lib/debug/.build-id/ab/0000.debug")),
    ("debug-files", "is not a file", with_entry("python/lib/debug/.build-id//.debug")),
    ("debug-files", "is not a file", with_entry("python/bin/python3")),
    ("debug-files", "holds no debug information", without(PROGRAM)),
    ("bills-of-materials", "is missing", lambda tree: replace(tree, bills={})),
    ("bills-of-materials", "it has abc", lambda tree: replace(tree, digests={**DIGESTS, LIBRARY: "abc"})),
]


def test_good_archive_passes() -> None:
    assert list(run(good(), LIMITS)) == []


@pytest.mark.parametrize(("check", "message", "change"), FAILING)
def test_each_defect_is_found(check: str, message: str, change: Callable[[Tree], Tree]) -> None:
    found = [finding for finding in run(change(good()), LIMITS) if finding.check == check]
    assert any(message in finding.message for finding in found), found


def test_every_check_can_fail() -> None:
    assert {name_of(check) for check in DEBUG_CHECKS} == {name for name, _, _ in FAILING}
    assert [name_of(check) for check in DEBUG_CHECKS if check not in CHECKS] == ["debug-files"]


@pytest.mark.skipif(not CC or not OBJCOPY, reason="no C compiler or no objcopy")
def test_real_file(tmp_path: Path) -> None:
    program, debug = tmp_path / "a", tmp_path / "a.debug"
    (tmp_path / "a.c").write_text("int main(void) { return 0; }")
    subprocess.run([CC or "", "-g", "-Wl,--build-id", "-o", program, tmp_path / "a.c"], check=True)
    subprocess.run([OBJCOPY or "", "--only-keep-debug", program, debug], check=True)
    facts = read_elf(debug.read_bytes())
    limits = replace(LIMITS, machine=facts.machine)
    place = f"python/lib/debug/.build-id/{facts.build_id[:2]}/{facts.build_id[2:]}.debug"
    bills = bills_for({place: hashlib.sha256(debug.read_bytes()).hexdigest()}, full=False)
    files = {
        INSTALL_RECORD: json.dumps(RECORD.to_json()).encode(),
        place: debug.read_bytes(),
        **dict.fromkeys(LICENCES, b"free"),
        **{name: json.dumps(data).encode() for name, data in bills.items()},
    }
    report = validate(packed(tmp_path / NAME, files), limits)
    assert report.findings == ()
    assert (report.elf_files, len(report.checks_run)) == (1, len(DEBUG_CHECKS))


def packed(path: Path, files: dict[str, bytes]) -> Path:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(zstandard.compress(plain.getvalue()))
    return path
