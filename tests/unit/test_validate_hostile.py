"""Archives made to hurt: each gets one clear line, also from the command, and never a traceback or all the memory."""

from __future__ import annotations

import copy
import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pythonbuild.errors import ValidationError
from pythonbuild.package.sbom import CYCLONEDX, INSTALL_PLACES, SPDX
from pythonbuild.settings import ROOT
from pythonbuild.validate import Limits, archive, read_identity, reader, staticlib, unpack, validate
from pythonbuild.validate.reader import read_tree
from tests.unit.bills import bill, documents
from tests.unit.binaries import elf_object, member, static_library
from tests.unit.test_validate_archive import FULL, LIMITS, TRIPLE, packed, special, write
from tests.unit.test_validate_checks import HEADER

INSTALL_ONLY = f"cpython-3.14.7+20261123-{TRIPLE}-install_only.tar.gz"
JSON = "python/PYTHON.json"
ARCHITECTURE = "X86_64 (64 bits, little-endian)"


def refusal(path: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(ValidationError) as caught:
        validate(path, limits)
    assert "\n" not in caught.value.message
    return caught.value.message


def zeros(count: int) -> bytes:
    """Return a tar of one file of zeros: a thousandth and less of it, once it is compressed."""
    return packed({"python/a": bytes(count)})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything above four megabytes suspicious, so that a bomb needn't be a large one."""
    monkeypatch.setattr(archive, "_UNSUSPICIOUS", 4 << 20)


@pytest.mark.usefixtures("small")
def test_a_bomb_is_not_let_off(tmp_path: Path) -> None:
    path = write(tmp_path, zeros(64 << 20))
    assert "more than 4194304 bytes come out of it" in refusal(path)
    path = tmp_path / INSTALL_ONLY
    path.write_bytes(gzip.compress(zeros(64 << 20)))
    assert "come out of it" in refusal(path)
    (tmp_path / "to").mkdir()
    with pytest.raises(ValidationError, match="come out of it"):
        unpack(path, tmp_path / "to")


@pytest.mark.usefixtures("small")
def test_what_compresses_well_is_no_bomb(tmp_path: Path) -> None:
    assert validate(write(tmp_path, zeros(3 << 20)), LIMITS).files == 1


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, packed({f"python/{number}": b"" for number in range(12)}))
    assert validate(path, LIMITS).files == 12
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 11)
    assert "more than 11 members" in refusal(path)


def test_a_window_that_no_reader_gives(tmp_path: Path) -> None:
    # A frame header (RFC 8878): magic, descriptor without anything, and a window of 2^(10 + 20) bytes.
    path = tmp_path / FULL
    path.write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([20 << 3]) + bytes(20))
    assert "wants a window of" in refusal(path)


def test_sparse_files(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("python/a")
        info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 60)}
        tar.addfile(info, io.BytesIO())
    assert "sparse" in refusal(write(tmp_path, file.getvalue()))


def test_a_truncated_gzip_stream(tmp_path: Path) -> None:
    path = tmp_path / INSTALL_ONLY
    path.write_bytes(gzip.compress(packed({"python/a": bytes(range(256)) * 99}))[:-12])
    assert "cut off" in refusal(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"version": NaN}', "NaN is no number"),
        (b'{"version": -Infinity}', "-Infinity is no number"),
        (b'{"version": "8", "version": "7"}', "key 'version' occurs twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "is not JSON"),
        (b'"python"', "not a JSON object"),
        (b"", "is not JSON"),
    ],
)
def test_json_that_is_none(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(write(tmp_path, packed({JSON: content})))


def test_json_that_is_a_link(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"1": special(JSON, tarfile.SYMTYPE, "/etc/passwd")}))
    assert any(one.message.startswith("leads outside") for one in validate(path, LIMITS).findings)


@pytest.mark.parametrize(
    ("members", "check", "message"),
    [
        ({"1": special("python/a", tarfile.LNKTYPE, "python/later"), "python/later": b"x"}, "members", "hardlink"),
        ({"1": special("python/a", tarfile.BLKTYPE)}, "members", "is a other"),
        ({"1": special("python/a", tarfile.SYMTYPE, "../../../etc")}, "members", "leads outside"),
        ({"python/\udcff\udcfe": b""}, "members", "not UTF-8"),
        ({"python/a\nb": b""}, "members", "control characters"),
        ({"python/a": b"1", "x": special("python/a", tarfile.REGTYPE)}, "members", "occurs twice"),
        ({"python/libx.a": b"!<arch>\nshort"}, "readable-elf", "no member header"),
        ({"python/libx.a": b"!<thin>\n"}, "readable-elf", "not a static library"),
        ({"python/libx.a": static_library(("a.o", b"BC\xc0\xde"))}, "static-libraries", "llvm-bitcode"),
        ({"python/libx.a": static_library(("a.o", elf_object(183)))}, "static-libraries", "for AARCH64"),
        ({"python/libx.a": b"!<arch>\n" + member("a.o/", elf_object())[:-4]}, "readable-elf", "is cut off"),
        ({"python/a.o": elf_object(22, big_endian=True)}, "object-files", "is for S390"),
        ({"python/a.o": elf_object(60000)}, "object-files", "is for 60000"),
    ],
)  # fmt: skip
def test_hostile_members_are_findings(
    tmp_path: Path, members: dict[str, bytes | tarfile.TarInfo], check: str, message: str
) -> None:
    found = [one for one in validate(write(tmp_path, packed(members)), LIMITS).findings if one.check == check]
    assert any(message in one.message for one in found), found
    assert all("\n" not in str(one) for one in found)


# Two links that each stay in the tree by their names alone; the second goes through the first, and out.
WINDING = {
    "1": special("python/a/s", tarfile.SYMTYPE, ".."),
    "2": special("python/a/t", tarfile.SYMTYPE, "s/../../outside"),
    "python/outside": b"decoy",
}
# A link with a member below it: `t` lies in python/, one level higher than its name says.
BELOW = {"1": special("python/a/l", tarfile.SYMTYPE, ".."), "2": special("python/a/l/t", tarfile.SYMTYPE, "../../x")}
LOOP = {
    "1": special("python/a", tarfile.SYMTYPE, "b"),
    "2": special("python/b", tarfile.SYMTYPE, "a"),
    "python/a/x": b"x",
}


@pytest.mark.parametrize(
    ("members", "path", "message"),
    [
        (WINDING, "python/a/t", "leads outside the archive (s/../../outside)"),
        (BELOW, "python/a/l", "is a link that other members lie below"),
        (LOOP, "python/a", "is a link that other members lie below"),
        ({"1": special("python", tarfile.SYMTYPE, "x")}, "python", "leads outside"),
        ({"python//a": b""}, "python//a", "another way to write python/a"),
    ],
)
def test_links_that_lead_elsewhere_than_they_say(
    tmp_path: Path, members: dict[str, bytes | tarfile.TarInfo], path: str, message: str
) -> None:
    found = validate(write(tmp_path, packed(members)), LIMITS).findings
    assert any((one.check, one.path) == ("members", path) and message in one.message for one in found), found


@pytest.mark.parametrize("members", [WINDING, BELOW, LOOP])
def test_links_that_lead_elsewhere_are_not_unpacked(
    tmp_path: Path, members: dict[str, bytes | tarfile.TarInfo]
) -> None:
    place = tmp_path / "inner" / "deep"
    place.mkdir(parents=True)
    with pytest.raises(ValidationError, match=r"refusing to unpack|can't unpack"):
        unpack(write(tmp_path, packed(members)), place)
    assert all(Path(os.path.realpath(link)).is_relative_to(place) for link in place.rglob("*"))


def test_links_inside_the_tree_are_good(tmp_path: Path) -> None:
    members: dict[str, bytes | tarfile.TarInfo] = {
        "python/share/x/a": b"x",
        "1": special("python/bin/a", tarfile.SYMTYPE, "../share/x/a"),
        "2": special("python/share/b", tarfile.SYMTYPE, "./x/a"),
        "3": special("python/share/c", tarfile.SYMTYPE, "b"),
    }
    path = write(tmp_path, packed(members))
    assert [one for one in validate(path, LIMITS).findings if one.check in {"members", "symlinks"}] == []
    (tmp_path / "to").mkdir()
    unpack(path, tmp_path / "to")
    assert (tmp_path / "to/python/share/c").read_bytes() == b"x"
    assert (tmp_path / "to/python/bin/a").read_bytes() == b"x"


def test_hardening_is_seen_in_object_files(tmp_path: Path) -> None:
    protected = elf_object() + b"\0__stack_chk_fail\0"
    library = static_library(("a.o", elf_object()), ("b.o", elf_object() + b"\0__memcpy_chk\0"))
    files = {"python/a.o": elf_object() + b"\0stack_chk\0", "python/b.o": protected, "python/libx.a": library}
    tree = read_tree(write(tmp_path, packed(files)))
    assert {path: set(found) for path, found in tree.marks.items()} == {
        "python/a.o": set(), "python/b.o": {"stack-protector"}, "python/libx.a": {"fortify"},
    }  # fmt: skip
    assert set(tree.object_machines.values()) == {ARCHITECTURE}


def test_static_libraries_are_read(tmp_path: Path) -> None:
    data = static_library(("a.o", elf_object()), ("a-name-that-is-long.o", elf_object()))
    bsd = b"!<arch>\n" + member("#1/4", b"b.o\0" + elf_object())
    tree = read_tree(write(tmp_path, packed({"python/libx.a": data, "python/liby.a": bsd})))
    assert (tree.static["python/libx.a"].machines, tree.static["python/libx.a"].indexed) == ({ARCHITECTURE: 2}, True)
    assert (tree.static["python/liby.a"].machines, tree.static["python/liby.a"].indexed) == ({ARCHITECTURE: 1}, False)
    assert tree.static["python/libx.a"].odd == ()


def test_the_command_says_one_line(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, packed({JSON: b'{"version": NaN}'})),
        write(tmp_path, packed({"python/a": b"x" * 999})[:700], FULL.replace("pgo+lto", "noopt")),
        write(tmp_path, packed({JSON: b"[]"}), FULL.replace("pgo+lto", "lto")),
    ]
    paths[1].write_bytes(zstandard.compress(bytes(range(256)) * 99)[:-30])
    for path in paths:
        done = subprocess.run(
            [sys.executable, "-m", "pythonbuild", "validate", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (ValidationError.exit_code, ""), done
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert path.name in done.stderr


DATA = "python/install/lib/python3.14/_sysconfigdata__linux_x86_64-linux-gnu.py"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{[]: 1}", "is not one dictionary of constants: unhashable type"),
        ("{'A': {[]}}", "is not one dictionary of constants: unhashable type"),
        (f"{{'A': 0x{'f' * 4000}}}", "has 'A': a value of the type int"),
        (f"{{0x{'f' * 4000}: 1}}", "has a key of the type int"),
        (f"{{'A': (0x{'f' * 4000},)}}", "has 'A': a value of the type tuple"),
        (f"{{'CC': 0x{'f' * 4000}}}", "has 'CC': a value of the type int"),
        ("{'A': " + "[" * 5000, "is not one dictionary of constants"),
        ("{'A': 1\0}", "is not one dictionary of constants"),
    ],
)
def test_sysconfig_data_that_python_can_not_print(tmp_path: Path, value: str, message: str) -> None:
    text = f"{HEADER}build_time_vars = {value}\n"
    path = write(tmp_path, packed({JSON: b"{}", DATA: text.encode()}))
    found = [one.message for one in validate(path, LIMITS).findings if one.check == "sysconfig-data"]
    assert any(message in one for one in found), found
    assert all(len(one) < 300 for one in found)


def spdx_package(key: str, value: object) -> dict[str, object]:
    """Return a bill of materials in which one word of the last component is something else than text."""
    found: dict[str, dict[str, Any]] = copy.deepcopy(documents(bill()))
    found[SPDX]["packages"][-1][key] = value
    return dict(found)


def spdx_file(key: str, value: object) -> dict[str, object]:
    found: dict[str, dict[str, Any]] = copy.deepcopy(documents(bill()))
    found[SPDX]["files"][0][key] = value
    return dict(found)


def cyclonedx(key: str, value: object, kind: str = "library") -> dict[str, object]:
    found: dict[str, dict[str, Any]] = copy.deepcopy(documents(bill()))
    next(one for one in found[CYCLONEDX]["components"] if one["type"] == kind)[key] = value
    return dict(found)


@pytest.mark.parametrize(
    ("data", "what", "kind"),
    [
        (spdx_package("name", 5), "name of a component", "int"),
        (spdx_package("versionInfo", None), "version of a component", "NoneType"),
        (
            spdx_package("checksums", [{"algorithm": "SHA256", "checksumValue": 5}]),
            "digest",
            "int",
        ),
        (spdx_file("fileName", int("9" * 4000)), "name of a file", "int"),
        (
            spdx_file("checksums", [{"algorithm": "SHA256", "checksumValue": None}]),
            "digest",
            "NoneType",
        ),
        (cyclonedx("name", 5), "name of a component", "int"),
        (cyclonedx("version", []), "version of a component", "list"),
        (cyclonedx("hashes", [{"alg": "SHA-256", "content": 5}]), "digest", "int"),
        (cyclonedx("name", None, "file"), "name of a file", "NoneType"),
        (
            cyclonedx("hashes", [{"alg": "SHA-256", "content": {}}], "file"),
            "digest",
            "dict",
        ),
    ],
)
def test_bills_of_materials_of_something_else_than_text(
    tmp_path: Path, data: dict[str, object], what: str, kind: str
) -> None:
    members: dict[str, bytes | tarfile.TarInfo] = {"python/a": b""}
    members |= {INSTALL_PLACES[name]: json.dumps(one).encode() for name, one in data.items()}
    path = write(tmp_path, packed(members), INSTALL_ONLY)
    found = [one.message for one in validate(path, LIMITS).findings if one.check == "bills-of-materials"]
    assert any(f"the {what} is no text but of the type {kind}" in one for one in found), found


def test_a_document_of_one_very_long_word_is_told_in_a_short_line(tmp_path: Path) -> None:
    word = json.dumps({"spdxVersion": "x" * 100_000, "bomFormat": "y" * 100_000, "specVersion": "1.6"}).encode()
    members: dict[str, bytes | tarfile.TarInfo] = dict.fromkeys(INSTALL_PLACES.values(), word)
    found = validate(write(tmp_path, packed({"python/a": b"", **members}), INSTALL_ONLY), LIMITS).findings
    assert all(len(str(one)) < 500 for one in found)


def extended(kind: bytes, content: bytes) -> bytes:
    """Return a header of a kind that says something of the next member, and its content."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = kind, len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def record(key: str, value: str) -> bytes:
    """Return a record of a pax header: its length, digits included, the key and the value."""
    rest = f" {key}={value}\n"
    length = next(n for n in range(len(rest), len(rest) + 9) if len(str(n)) + len(rest) == n)
    return f"{length}{rest}".encode()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (extended(tarfile.XHDTYPE, b"1" * 40_000), "an extended header of 40000 bytes"),
        (extended(tarfile.SOLARIS_XHDTYPE, b"1" * 16_000), "a number of more than 40 digits"),
        (extended(tarfile.XHDTYPE, record("comment", "1" * 41)), "a number of more than 40 digits"),
        (extended(tarfile.XHDTYPE, record("comment", "x" * 20_000)), "an extended header of 20015 bytes"),
        (extended(tarfile.XHDTYPE, record("GNU.sparse.major", "1")), "a sparse file"),
        (extended(tarfile.GNUTYPE_LONGNAME, b"x" * 20_000), "an extended header of 20000 bytes"),
        (extended(tarfile.GNUTYPE_LONGLINK, b"x" * 20_000), "an extended header of 20000 bytes"),
        (extended(tarfile.XGLTYPE, record("comment", "x")), "a header for all members"),
        (extended(tarfile.GNUTYPE_SPARSE, b""), "a sparse file"),
        (extended(tarfile.XHDTYPE, record("comment", "x")) * 900, "with 4 extended headers or more"),
        (extended(tarfile.GNUTYPE_LONGNAME, b"x\0") * 4, "with 4 extended headers or more"),
        (extended(tarfile.GNUTYPE_LONGNAME, b"x\0") + extended(tarfile.XHDTYPE, b"1" * 99), "more than 40 digits"),
    ],
)
def test_headers_that_take_all_memory_or_time(tmp_path: Path, header: bytes, message: str) -> None:
    path = write(tmp_path, header + packed({"python/a": b"x"}))
    assert message in refusal(path)
    with pytest.raises(ValidationError, match=message):
        read_identity(path)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_links_are_read(tmp_path: Path, form: int) -> None:
    file = io.BytesIO()
    name = f"python/{'é/' * 60}{'1' * 40}"
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        tar.addfile(special(name, tarfile.SYMTYPE, f"{'../' * 60}{'x' * 120}"))
    entry = read_tree(write(tmp_path, file.getvalue())).entries[0]
    assert (entry.path, entry.target) == (name, f"{'../' * 60}{'x' * 120}")


@pytest.mark.parametrize(
    "content",
    [
        {f"python/{'a/' * 600}x": b""},
        {"1": special("python/a", tarfile.SYMTYPE, "a/" * 600)},
    ],
)
def test_names_that_are_too_long(tmp_path: Path, content: dict[str, bytes | tarfile.TarInfo]) -> None:
    assert "more than 1024 letters" in refusal(write(tmp_path, packed(content)))


def test_a_very_deep_tree(tmp_path: Path) -> None:
    path = write(tmp_path, packed({f"python/{'a/' * 60_000}x": b""}))
    assert path.stat().st_size < 300
    assert "an extended header of 1200" in refusal(path)


def test_too_many_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, packed({f"python/{name}{'/b' * 9}": b"" for name in "xyz"}))
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 31)
    assert validate(path, LIMITS).files == 3
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 30)
    assert "more than 30 members and directories" in refusal(path)


def test_wheels_are_never_whole_in_memory(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(24 << 20)
    path = write(tmp_path, packed({"python/a.whl": content}))
    tracemalloc.start()
    try:
        tree = read_tree(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert tree.digests == {"python/a.whl": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
@pytest.mark.parametrize("place", ["pythonbuild.validate.reader.read_elf", "pythonbuild.validate.report.run"])
def test_no_more_memory_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, error: type[Exception]
) -> None:
    def fail(*_words: object) -> None:
        raise error

    monkeypatch.setattr(place, fail)
    path = write(tmp_path, packed({"python/a.so": b"\x7fELF" + bytes(60)}))
    assert refusal(path) == f"{path.name}: reading it takes more memory than there is, or it is nested too deeply"


def test_a_key_that_occurs_twice_among_very_many_is_found_at_once(tmp_path: Path) -> None:
    keys = ", ".join(f'"{number}": 0' for number in [*range(80_000), 79_999])
    assert "key '79999' occurs twice" in refusal(write(tmp_path, packed({JSON: f"{{{keys}}}".encode()})))


def test_programs_libraries_and_texts_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_LARGEST_PROGRAM", 63)
    monkeypatch.setattr(reader, "_LARGEST_TEXT", 50)
    monkeypatch.setattr(reader, "_MOST_TEXT", 90)
    members = {"python/a.so": b"\x7fELF" + bytes(60), "python/bin/a": b"a" * 51}
    tree = read_tree(write(tmp_path, packed({**members, "python/bin/b": b"b" * 50, "python/bin/c": b"c" * 41})))
    assert (set(tree.text), set(tree.broken)) == ({"python/bin/b"}, {"python/a.so", "python/bin/a", "python/bin/c"})


def test_a_static_library_of_very_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staticlib, "_MOST_MEMBERS", 3)
    assert staticlib.read_static_library(static_library(*[("a.o", elf_object())] * 2)).machines == {ARCHITECTURE: 2}
    with pytest.raises(ValidationError, match="more than 3 members"):
        staticlib.read_static_library(static_library(*[("a.o", elf_object())] * 3))
