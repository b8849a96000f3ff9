"""Archives made to hurt: each gets one clear line, also from the command, and never a traceback or all the memory."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from pythonbuild.errors import ValidationError
from pythonbuild.settings import ROOT
from pythonbuild.validate import Limits, archive, unpack, validate
from pythonbuild.validate.reader import read_tree
from tests.unit.binaries import elf_object, member, static_library
from tests.unit.test_validate_archive import FULL, LIMITS, TRIPLE, packed, special, write

if TYPE_CHECKING:
    from pathlib import Path

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
