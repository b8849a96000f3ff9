"""Archives are deterministic and of the form that every client accepts; the metadata model is strict."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import re
import tarfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zstandard

from pythonbuild.errors import BuildError, ValidationError
from pythonbuild.package import tarball
from pythonbuild.package.archives import (
    INSTALL_RECORD,
    debug_members,
    debug_name,
    full_members,
    full_name,
    install_members,
    install_name,
    install_only_name,
    smallest_members,
    write_all,
)
from pythonbuild.package.metadata import Licence, licensed
from pythonbuild.package.model import PythonJson
from pythonbuild.package.sizes import size_table
from pythonbuild.package.tarball import Compression, collect, write_archive
from tests.unit.records import RECORD

EPOCH = 1_577_836_800


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "bin").mkdir(parents=True)
    (root / "bin/python3.14").write_bytes(os.urandom(300_000))
    (root / "bin/python3.14").chmod(0o700)
    (root / "bin/python3").symlink_to("python3.14")
    (root / "lib").mkdir()
    (root / "lib/naïve.py").write_text("x = 1\n")
    os.link(root / "lib/naïve.py", root / "lib/twin.py")
    (root / "empty").mkdir()
    return root


def write(tree: Path, path: Path, *, threads: int = 2, level: int = 12, **more: Any) -> bytes:
    members = collect(tree, "python")
    write_archive(path, members, epoch=EPOCH, compression=Compression(level=level, threads=threads), **more)
    return path.read_bytes()


def listing(path: Path) -> list[tarfile.TarInfo]:
    with path.open("rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as plain:
        return tarfile.open(fileobj=plain, mode="r|").getmembers()


@pytest.mark.parametrize("level", [3, 12, 20])
def test_same_bytes_whatever_the_threads(tree: Path, tmp_path: Path, level: int) -> None:
    first = write(tree, tmp_path / "a.tar.zst", threads=1, level=level)
    os.utime(tree / "lib/naïve.py", (1, 1))
    assert write(tree, tmp_path / "b.tar.zst", threads=2, level=level) == first


def test_one_frame_with_a_window_that_every_decoder_takes(tree: Path, tmp_path: Path) -> None:
    data = write(tree, tmp_path / "a.tar.zst")
    parameters = zstandard.get_frame_parameters(data)
    assert parameters.window_size <= 2**27
    assert parameters.has_checksum
    decoder = zstandard.ZstdDecompressor().decompressobj()
    decoder.decompress(data)
    assert decoder.unused_data == b""


def test_members_are_sorted_neutral_and_never_hard_links(tree: Path, tmp_path: Path) -> None:
    write(tree, tmp_path / "a.tar.zst")
    members = listing(tmp_path / "a.tar.zst")
    names = [member.name for member in members]
    assert names == sorted(names)
    assert not any(member.islnk() for member in members)
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members} == {(0, 0, "", EPOCH)}
    modes = {member.name: member.mode for member in members}
    assert modes["python/bin/python3.14"] == 0o755
    assert modes["python/lib/twin.py"] == 0o644
    assert "python/empty" in names
    assert "python/lib/naïve.py" in names


def test_first_member(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.zst"
    members: dict[str, Path | bytes] = {**collect(tree, "python"), "python/PYTHON.json": b"{}"}
    write_archive(path, members, first=("python/PYTHON.json",), epoch=EPOCH, compression=Compression())
    assert listing(path)[0].name == "python/PYTHON.json"


def test_full_disk_is_one_message_and_leaves_nothing(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tarball, "add", full)
    with pytest.raises(BuildError, match="No space left on device") as caught:
        write(tree, tmp_path / "out" / "a.tar.zst")
    assert caught.value.hint is not None
    assert list((tmp_path / "out").iterdir()) == []


def test_unwritable_destination(tree: Path) -> None:
    with pytest.raises(BuildError, match="can't write"):
        write(tree, Path("/proc/nowhere/a.tar.zst"))


def test_gzip_is_one_member_without_time_or_name(tree: Path, tmp_path: Path) -> None:
    data = write(tree, tmp_path / "a.tar.gz")
    os.utime(tree / "lib/naïve.py", (1, 1))
    assert write(tree, tmp_path / "b.tar.gz") == data
    flags, mtime = data[3], data[4:8]
    assert (flags, mtime) == (0, bytes(4))
    decoder = zlib.decompressobj(31)
    decoder.decompress(data)
    assert decoder.eof
    assert decoder.unused_data == b""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        members = archive.getmembers()
    assert not any(member.islnk() for member in members)
    assert [member.name for member in members] == sorted(collect(tree, "python"))


@pytest.fixture
def job(tree: Path, tmp_path: Path) -> Path:
    """What a build leaves: the installation, its stripped files, their debug information, licences."""
    job = tmp_path / "job"
    (job / "python").mkdir(parents=True)
    tree.rename(job / "python/install")
    (job / "python/install/lib/libpython3.14.a").write_bytes(b"")
    (job / "stripped/bin").mkdir(parents=True)
    (job / "stripped/bin/python3.14").write_bytes(b"small")
    (job / "debug/.build-id/ab").mkdir(parents=True)
    (job / "debug/.build-id/ab/cdef.debug").write_bytes(b"large")
    (job / "python/licenses").mkdir()
    (job / "python/licenses/LICENSE.zlib.txt").write_text("free")
    return job


def test_install_archive_is_stripped_and_has_licences(job: Path) -> None:
    members = install_members(job, RECORD)
    assert members["python/bin/python3.14"] == job / "stripped/bin/python3.14"
    assert "python/share/licenses/LICENSE.zlib.txt" in members
    assert members[INSTALL_RECORD] == (json.dumps(RECORD.to_json(), indent=4, sort_keys=True) + "\n").encode()
    assert not any(name.endswith(".a") for name in members)


def test_an_install_archive_names_no_static_library(job: Path) -> None:
    place = job / "python/install/lib/python3.14"
    place.mkdir(parents=True, exist_ok=True)
    libpython = {"dynamic": "./lib/libpython3.14.so", "static": "./lib/python3.14/libpython3.14.a"}
    (place / "build-details.json").write_text(json.dumps({"base_prefix": "../..", "libpython": libpython}))
    written = install_members(job, RECORD)["python/lib/python3.14/build-details.json"]
    assert isinstance(written, bytes)
    assert json.loads(written) == {"base_prefix": "../..", "libpython": {"dynamic": "./lib/libpython3.14.so"}}


def test_install_archive_with_debug_information(job: Path) -> None:
    members = install_members(job, RECORD, stripped=False)
    assert members["python/bin/python3.14"] == job / "python/install/bin/python3.14"
    assert members.keys() == install_members(job, RECORD).keys()


def test_full_archive_has_the_record_beside_its_metadata(job: Path) -> None:
    members = full_members(job, PythonJson.from_json(document()), RECORD)
    assert isinstance(members["python/build-record.json"], bytes)
    assert INSTALL_RECORD not in members
    assert members["python/install/bin/python3.14"] == job / "python/install/bin/python3.14"


def test_debug_archive_is_a_debug_file_directory(job: Path) -> None:
    members = debug_members(job, RECORD)
    files = {name for name, content in members.items() if isinstance(content, bytes) or content.is_file()}
    assert files == {
        "python/lib/debug/.build-id/ab/cdef.debug",
        "python/share/licenses/LICENSE.zlib.txt",
        INSTALL_RECORD,
    }
    folders = {parent.as_posix() for name in members for parent in Path(name).parents} - {".", "python"}
    assert folders <= set(members)


def test_what_an_archive_is_comes_first(job: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.zst"
    counted: list[int] = []
    archives = {path: install_members(job, RECORD)}
    write_all(archives, epoch=EPOCH, compression=Compression(level=3), progress=counted.append)
    names = [member.name for member in listing(path)]
    assert names[0] == INSTALL_RECORD
    assert names[1:] == sorted(names[1:])
    assert sum(counted) > len(b"small")


def test_sizes_are_a_table_with_the_biggest_first() -> None:
    assert size_table({"a.tar.gz": 30 << 20, "b.tar.zst": 120 << 20, "c": 1234}) == [
        "   120.0 MiB  100%  b.tar.zst",
        "    30.0 MiB   25%  a.tar.gz",
        "     0.0 MiB    0%  c",
    ]
    assert size_table({}) == []
    assert size_table({"empty": 0}) == ["     0.0 MiB    0%  empty"]


def test_the_smallest_archive_has_neither_tests_nor_byte_code(tmp_path: Path) -> None:
    library = tmp_path / "job/python/install/lib/python3.14"
    kept = ("os.py", "unittest/case.py", "testing.py")
    for name in (*kept, "test/test_os.py", "idlelib/idle_test/test_run.py", "__pycache__/os.pyc"):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).touch()
    for name in ("stripped", "python/licenses"):
        (tmp_path / "job" / name).mkdir()
    metadata = SimpleNamespace(
        python_paths={"stdlib": "install/lib/python3.14"}, python_stdlib_test_packages=("idlelib.idle_test", "test")
    )
    members = smallest_members(tmp_path / "job", RECORD, cast("PythonJson", metadata))
    files = {name for name, path in members.items() if isinstance(path, Path) and path.is_file()}
    assert files == {f"python/lib/python3.14/{name}" for name in kept}


def test_names_are_those_that_clients_parse() -> None:
    pattern = re.compile(
        r"^cpython-(?P<py>\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)(?:\+\d+)?\+(?P<tag>\d+)"
        r"-(?P<triple>[a-z\d_]+-[a-z\d]+-[a-z\d]+(?:-(?:gnu(?:eabi(?:hf)?)?|musl|msvc))?)"
        r"-(?:(?P<build>.+)-)?(?P<flavor>[a-z_]+)?\.tar\.(?:gz|zst)$"
    )
    words = ("3.14.7", "20200101", "x86_64-unknown-linux-gnu", "pgo+lto")
    match = pattern.match(full_name(*words))
    assert match is not None
    assert (match["build"], match["flavor"], match["triple"]) == ("pgo+lto", "full", words[2])
    assert install_name(*words).endswith("-x86_64-unknown-linux-gnu-install_pgo+lto.tar.zst")
    only = pattern.match(install_only_name(*words, stripped=True))
    assert only is not None
    assert (only["build"], only["flavor"]) == (None, "install_only_stripped")
    free = pattern.match(install_only_name(*words[:3], "freethreaded+pgo+lto", stripped=False))
    assert free is not None
    assert (free["build"], free["flavor"]) == ("freethreaded", "install_only")


def test_names_of_the_other_archives() -> None:
    words = ("3.14.7", "20200101", "x86_64-unknown-linux-musl", "freethreaded+pgo+lto")
    stem = "cpython-3.14.7+20200101-x86_64-unknown-linux-musl"
    assert debug_name(*words) == f"{stem}-freethreaded+pgo+lto-debuginfo.tar.zst"
    assert install_only_name(*words, stripped=False) == f"{stem}-freethreaded-install_only.tar.gz"
    assert install_only_name(*words, stripped=True) == f"{stem}-freethreaded-install_only_stripped.tar.gz"
    assert install_only_name(*words[:3], "pgo+lto", stripped=True) == f"{stem}-install_only_stripped.tar.gz"


def document() -> dict[str, Any]:
    extension = {"in_core": False, "init_fn": "PyInit_zlib", "objs": ["build/Modules/zlibmodule.o"], "links": []}
    texts = (
        "version target_triple optimizations build_options python_tag python_abi_tag python_platform_tag "
        "python_version "
        "python_major_minor_version python_implementation_name python_implementation_cache_tag python_exe "
        "python_bytecode_magic_number python_symbol_visibility libpython_link_mode run_tests license_path"
    )
    lists = ["python_implementation_version", "python_stdlib_test_packages", "crt_features", "licenses"]
    lists.append("python_extension_module_loading")
    maps = "python_paths python_paths_abstract python_config_vars python_suffixes"
    return {
        **dict.fromkeys(texts.split(), "x"),
        **{name: ["x"] for name in lists},
        **{name: {} for name in maps.split()},
        "python_implementation_hex_version": 51250416,
        "build_info": {
            "core": {"objs": [], "links": [{"name": "m", "system": True}]},
            "inittab_object": "x",
            "inittab_source": "x",
            "inittab_cflags": [],
            "object_file_format": "elf",
            "extensions": {"zlib": [{**extension, "required": False, "variant": "default"}]},
        },
    }


def test_model_round_trip() -> None:
    assert PythonJson.from_json(document()).to_json() == document()


def test_model_says_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="unknown key 'licence'"):
        PythonJson.from_json({**document(), "licence": "x"})
    with pytest.raises(ValidationError, match="'python_exe' is missing"):
        PythonJson.from_json({name: value for name, value in document().items() if name != "python_exe"})
    with pytest.raises(ValidationError, match="python_implementation_hex_version: expected a whole number, found 'x'"):
        PythonJson.from_json({**document(), "python_implementation_hex_version": "x"})
    broken = document()
    broken["build_info"]["extensions"]["zlib"][0]["objs"] = "x"
    with pytest.raises(ValidationError, match=r"build_info: extensions\.zlib\[0\]: objs: expected a list"):
        PythonJson.from_json(broken)


def test_extension_gets_the_licences_of_its_libraries() -> None:
    licences = {
        "ncurses": Licence(ids=("X11",), paths=("licenses/LICENSE.ncurses.txt",)),
        "sqlite": Licence(ids=(), paths=("licenses/LICENSE.sqlite.txt",), public_domain=True),
    }
    found = licensed({"recipes": ["ncurses", "sqlite"], "variant": "default"}, licences)
    assert found["licenses"] == ["X11"]
    assert found["license_public_domain"] is True
    assert found["license_paths"] == ["licenses/LICENSE.ncurses.txt", "licenses/LICENSE.sqlite.txt"]
    assert "recipes" not in found
