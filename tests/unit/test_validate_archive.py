"""Archives: a small good one from end to end, and hostile or damaged ones, each with one line of complaint."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from pythonbuild.errors import ValidationError
from pythonbuild.validate import Limits, read_identity, unpack, validate
from pythonbuild.validate.names import name_identity
from pythonbuild.validate.reader import leaks, read_tree
from tests.unit.records import RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping

TRIPLE = "x86_64-unknown-linux-gnu"
FULL = f"cpython-3.14.7+20261123-{TRIPLE}-pgo+lto-full.tar.zst"
LIMITS = Limits(triple=TRIPLE, machine="X86_64", allowed_needed=frozenset())
NO_VERSIONS = (
    "main",
    "abc",
    "a.b",
    "3..",
    "0x3.1",
    "3.14",
    "3.14.7.1",
    "3.14.7rc",
    "3.14.7-rc1",
    "٣.14.7",
    "3.14.7\n",
    "",
)


def packed(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def write(place: Path, data: bytes, name: str = FULL) -> Path:
    path = place / name
    path.write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(data))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ValidationError) as caught:
        validate(path, LIMITS)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_readable_archive_is_reported_on(tmp_path: Path) -> None:
    path = write(
        tmp_path, packed({"python/PYTHON.json": b"{}", "python/install/bin/python3.14": b"\x7fELF" + bytes(40)})
    )
    seen: list[int] = []
    report = validate(path, LIMITS, progress=seen.append)
    assert not report.ok
    assert seen == [2, 44]
    assert report.files == 2
    lines = report.text().splitlines()
    assert lines[-1] == f"{FULL}: {report.summary()}"
    assert len(lines) == len(report.findings) + 1
    with pytest.raises(ValidationError, match="metadata-schema"):
        report.require()


def test_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / FULL
    path.write_bytes(b"not an archive, but text")
    assert "not a distribution archive" in refusal(path)
    path.write_bytes(b"")
    assert "not a distribution archive" in refusal(path)


def test_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.tar.zst")
    assert "directory" in refusal(tmp_path)


def test_truncated(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"python/a": bytes(range(256)) * 999}))
    path.write_bytes(path.read_bytes()[:-40])
    assert "cut off" in refusal(path)


def test_bits_flipped(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"python/a": bytes(range(256)) * 99}))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert refusal(path)


def test_no_tar_inside(tmp_path: Path) -> None:
    assert "tar" in refusal(write(tmp_path, b"x" * 4096))


def test_tar_damaged_in_the_middle(tmp_path: Path) -> None:
    data = bytearray(packed({"python/a": b"x" * 600, "python/b": b"y" * 600}))
    data[1536 + 148 : 1536 + 156] = b"77777777"
    assert "damaged" in refusal(write(tmp_path, bytes(data)))


def test_tar_cut_off_inside_a_good_frame(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, packed({"python/a": b"x" * 6000})[:2048]))


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_bad_json(tmp_path: Path, content: bytes) -> None:
    assert "PYTHON.json" in refusal(write(tmp_path, packed({"python/PYTHON.json": content})))


def test_two_frames_are_a_finding(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"python/a": b"x"}))
    path.write_bytes(path.read_bytes() + zstandard.compress(b"more"))
    report = validate(path, LIMITS)
    assert any(finding.check == "encoding" for finding in report.findings)


def test_large_window_is_a_finding(tmp_path: Path) -> None:
    data = packed({"python/a": b"x"})
    parameters = zstandard.ZstdCompressionParameters(window_log=28, write_content_size=False)
    path = tmp_path / FULL
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path.write_bytes(compressor.compress(data) + compressor.flush())
    report = validate(path, LIMITS)
    assert any("window" in finding.message for finding in report.findings)


def test_gzip_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / f"cpython-3.14.7+20261123-{TRIPLE}-install_noopt.tar.gz"
    path.write_bytes(gzip.compress(packed({"python/a": b"x"})))
    report = validate(path, LIMITS)
    assert report.files == 1
    assert not any(finding.check == "encoding" for finding in report.findings)


HOSTILE: list[dict[str, bytes | tarfile.TarInfo]] = [
    {"../escape": b"x"},
    {"/tmp/escape": b"x"},
    {"python/../../escape": b"x"},
    {"python/a": special("python/a", tarfile.SYMTYPE, "/etc")},
    {"python/a": special("python/a", tarfile.SYMTYPE, "../../..")},
    {"python/a": special("python/a", tarfile.LNKTYPE, "/etc/passwd")},
    {"python/a": special("python/a", tarfile.FIFOTYPE)},
    {"python/a": special("python/a", tarfile.CHRTYPE)},
]


@pytest.mark.parametrize("members", HOSTILE)
def test_hostile_members_are_not_unpacked_and_are_found(
    tmp_path: Path, members: dict[str, bytes | tarfile.TarInfo]
) -> None:
    path, place = write(tmp_path, packed(members)), tmp_path / "inner" / "deep"
    place.mkdir(parents=True)
    with pytest.raises(ValidationError, match="refusing"):
        unpack(path, place)
    assert list(tmp_path.rglob("escape")) == []
    assert any(finding.check == "members" for finding in validate(path, LIMITS).findings)


def test_writing_through_a_link_is_refused(tmp_path: Path) -> None:
    link = special("python/a/b", tarfile.SYMTYPE, "../..")
    hop = special("python/c", tarfile.SYMTYPE, "a/b/..")
    path, place = write(tmp_path, packed({"1": link, "2": hop, "python/c/x": b"x"})), tmp_path / "deep"
    place.mkdir()
    with pytest.raises(ValidationError, match="refusing"):
        unpack(path, place)


def test_unpack_keeps_modes_links_and_names(tmp_path: Path) -> None:
    program = tarfile.TarInfo("python/bin/x")
    program.mode = 0o555
    link = special("python/bin/y", tarfile.SYMTYPE, "x")
    path = write(tmp_path, packed({"1": program, "2": link, "python/\u00e9 a": b"x"}))
    place = tmp_path / "to"
    place.mkdir()
    unpack(path, place)
    assert (place / "python/bin/x").stat().st_mode & 0o777 == 0o755
    assert (place / "python/bin/y").readlink() == Path("x")
    assert (place / "python/\u00e9 a").read_bytes() == b"x"


def test_identity_is_read_from_the_metadata_first(tmp_path: Path) -> None:
    facts = {"python_version": "3.13.15", "target_triple": "aarch64-unknown-linux-gnu", "build_options": "noopt"}
    path = write(tmp_path, packed({"python/PYTHON.json": json.dumps(facts).encode()}))
    found = read_identity(path)
    assert (found.version, found.minor, found.triple, found.options) == (
        "3.13.15", "3.13", "aarch64-unknown-linux-gnu", "noopt",
    )  # fmt: skip


@pytest.mark.parametrize("version", NO_VERSIONS)
def test_identity_has_a_version(tmp_path: Path, version: str) -> None:
    facts = {"python_version": version, "target_triple": TRIPLE, "build_options": "noopt"}
    path = write(tmp_path, packed({"python/PYTHON.json": json.dumps(facts).encode()}))
    with pytest.raises(ValidationError, match="is no version of Python") as caught:
        read_identity(path)
    assert "\n" not in caught.value.message
    record = {"python": version, "target": TRIPLE, "options": "noopt"}
    members = {"python/share/pythonbuild/build-record.json": json.dumps(record).encode()}
    with pytest.raises(ValidationError, match=r"build-record\.json says python is "):
        read_identity(write(tmp_path, packed(members), INSTALL_ONLY))
    with pytest.raises(ValidationError, match="neither"):
        read_identity(write(tmp_path, packed({"python/a": b""}), f"cpython-{version}+1-{TRIPLE}-install_only.tar.zst"))


def test_identity_of_an_unknown_file(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"python/a": b""}), "something.tar.zst")
    with pytest.raises(ValidationError, match="neither") as caught:
        read_identity(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (FULL, ("3.14.7", TRIPLE, "pgo+lto", "full")),
        (f"cpython-3.15.0rc1+20261123-{TRIPLE}-install_pgo+lto.tar.zst", ("3.15.0rc1", TRIPLE, "pgo+lto", "install")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-install_lto+shared.tar.gz", ("3.14.7", TRIPLE, "lto+shared", "install")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-pgo+lto-debuginfo.tar.zst", ("3.14.7", TRIPLE, "pgo+lto", "debuginfo")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-install_only.tar.gz", ("3.14.7", TRIPLE, "", "install_only")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-install_only_stripped.tar.gz",
         ("3.14.7", TRIPLE, "", "install_only_stripped")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-freethreaded-install_only_stripped.tar.gz",
         ("3.14.7", TRIPLE, "", "install_only_stripped")),
        ("cpython-3.14.7+20261123-aarch64-apple-darwin-debug-full.tar.zst",
         ("3.14.7", "aarch64-apple-darwin", "debug", "full")),
        ("cpython-3.14.7+20261123-aarch64-apple-darwin-install_only.tar.gz",
         ("3.14.7", "aarch64-apple-darwin", "", "install_only")),
        (f"cpython-3.16.0a1++20261123-{TRIPLE}-install_only.tar.gz", ("3.16.0a1+", TRIPLE, "", "install_only")),
        (f"cpython-3.14.7+20261123-{TRIPLE}-install_only_strip.tar.gz", None),
        *((f"cpython-{version}+20261123-{TRIPLE}-install_only.tar.gz", None) for version in NO_VERSIONS),
        ("cpython-3.14.7-noopt.tar.zst", None),
    ],
)  # fmt: skip
def test_names(name: str, expected: tuple[str, ...] | None) -> None:
    found = name_identity(name)
    assert (found and (found.version, found.triple, found.options, found.kind)) == expected


def test_words_of_a_name_are_those_of_the_flavor_alone() -> None:
    names = ("install_only.tar.gz", "install_only_stripped.tar.gz", "freethreaded-install_only.tar.gz")
    words = [named.words for name in names if (named := name_identity(f"cpython-3.14.7+20261123-{TRIPLE}-{name}"))]
    assert words == [frozenset(), frozenset(), frozenset({"freethreaded"})]


RECORDED = json.dumps({**RECORD.to_json(), "options": "pgo+lto"}).encode()
INSTALL_ONLY = f"cpython-3.14.7+20261123-{TRIPLE}-install_only.tar.gz"


def test_identity_of_an_installation_is_that_of_its_record(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"python/share/pythonbuild/build-record.json": RECORDED}), INSTALL_ONLY)
    found = read_identity(path)
    assert (found.version, found.triple, found.options, found.kind) == ("3.14.7", TRIPLE, "pgo+lto", "install_only")
    path = write(tmp_path, packed({"python/share/pythonbuild/build-record.json": b"{}"}), INSTALL_ONLY)
    with pytest.raises(ValidationError, match=r"build-record\.json lacks python, target, options"):
        read_identity(path)


def test_options_are_those_of_the_record(tmp_path: Path) -> None:
    place = "python/share/pythonbuild/build-record.json"
    tree = read_tree(write(tmp_path, packed({"python/a": b"", place: RECORDED}), INSTALL_ONLY))
    assert tree.options == {"pgo", "lto"}
    assert tree.record_path == place
    assert read_tree(write(tmp_path, packed({"python/a": b""}), INSTALL_ONLY)).options == frozenset()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"{}", b'{"schema": "1"}'])
def test_bad_record_is_a_finding(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, packed({"python/share/pythonbuild/build-record.json": content}), INSTALL_ONLY)
    assert [f.path for f in validate(path, LIMITS).findings if f.check == "build-record"] == [
        "python/share/pythonbuild/build-record.json"
    ]


def test_names_of_members_can_not_reach_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path, packed({"evil\x1b[2J\udcff\n": b""}))
    text = validate(path, LIMITS).text()
    assert r"evil\x1b[2J\udcff\n" in text
    assert text.isascii()


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    path, place = write(tmp_path, packed({f"python/{'x' * 300}": b"x"})), tmp_path / "to"
    place.mkdir()
    with pytest.raises(ValidationError, match="can't unpack"):
        unpack(path, place)


def test_texts_that_are_read(tmp_path: Path) -> None:
    """Texts that builds read, and of all others those that may name a path of the build; no tests, no byte code."""
    lib, path = "python/lib/python3.14", b"see /build/x"
    files = {f"{lib}/build-details.json": b"{}", f"{lib}/site-packages/a.dist-info/direct_url.json": path,
             "python/lib/tclConfig.sh": path, "python/include/a.h": path}  # fmt: skip
    others = {f"{lib}/os.py": b"import abc", f"{lib}/test/a.py": path, f"{lib}/idlelib/idle_test/a.py": path,
              f"{lib}/__pycache__/a.pyc": path, f"{lib}/picture": b"\0" + path, "python/share/a": path}  # fmt: skip
    tree = read_tree(write(tmp_path, packed({**files, **others}), FULL.replace("pgo+lto-full", "install_pgo+lto")))
    assert set(tree.text) == set(files)


def test_paths_of_the_build_inside_programs() -> None:
    data = b"a\0/tools/deps/ssl\0https://x.org/build/y\0$(srcdir)/build/z\0/build/Python/ceval.c\0/built\0--config=/tools/toolchain/x.cfg"
    assert sorted(leaks(data)) == ["/build/Python/ceval.c", "/tools/deps/ssl"]
    assert list(leaks(data[:20])) == ["/tools/deps/ssl"]


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_is_never_more_than_an_error(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(packed({"python/PYTHON.json": b'{"build_info": {}}', "python/a": b"x" * 700, "python/b": b"y"}))
    for _ in range(chance.randrange(1, 9)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path, place = write(tmp_path, bytes(data)), tmp_path / "to"
    place.mkdir()
    for attempt in (lambda: validate(path, LIMITS).text(), lambda: unpack(path, place)):
        with contextlib.suppress(ValidationError):
            attempt()
