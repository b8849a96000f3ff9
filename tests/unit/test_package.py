"""Archives are deterministic and of the form that every client accepts; the metadata model is strict."""

from __future__ import annotations

import errno
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pythonbuild.errors import BuildError, ValidationError
from pythonbuild.package import tarball
from pythonbuild.package.archives import full_name, install_members, install_name
from pythonbuild.package.metadata import Licence, licensed
from pythonbuild.package.model import PythonJson
from pythonbuild.package.tarball import Compression, collect, write_archive

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


def test_install_archive_is_stripped_and_has_licences(tree: Path, tmp_path: Path) -> None:
    job = tmp_path / "job"
    (job / "python").mkdir(parents=True)
    tree.rename(job / "python/install")
    (job / "python/install/lib/libpython3.14.a").write_bytes(b"")
    (job / "stripped/bin").mkdir(parents=True)
    (job / "stripped/bin/python3.14").write_bytes(b"small")
    (job / "python/licenses").mkdir()
    (job / "python/licenses/LICENSE.zlib.txt").write_text("free")
    members = install_members(job)
    assert members["python/bin/python3.14"] == job / "stripped/bin/python3.14"
    assert "python/share/licenses/LICENSE.zlib.txt" in members
    assert not any(name.endswith(".a") for name in members)


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
