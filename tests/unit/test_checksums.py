"""The list of checksums beside the archives: merged, never half, and read by sha256sum."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING

from pythonbuild.checksums import NAME, list_archives, unlist

if TYPE_CHECKING:
    from pathlib import Path


def archive(dist: Path, name: str, text: str = "x") -> Path:
    path = dist / name
    path.write_text(text)
    return path


def line(path: Path) -> str:
    return f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def test_archives_are_listed_by_name_as_sha256sum_reads_it(tmp_path: Path) -> None:
    second, first = archive(tmp_path, "b+1-full.tar.zst"), archive(tmp_path, "a+1-full.tar.zst", "y")
    assert list_archives(tmp_path, [second, first], fresh=True).read_text() == line(first) + line(second)
    command = ["sha256sum", "--check", "--strict", NAME]
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    first.write_text("damaged")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([NAME, first.name, second.name])


def test_what_others_listed_is_kept_while_it_is_there(tmp_path: Path) -> None:
    other, gone, mine = (archive(tmp_path, name) for name in "abc")
    list_archives(tmp_path, [other, gone], fresh=True)
    gone.unlink()
    (tmp_path / NAME).write_text("# by hand\n../x  y\n" + (tmp_path / NAME).read_text())
    assert list_archives(tmp_path, [mine], fresh=True).read_text() == line(other) + line(mine)


def test_a_new_archive_replaces_its_line_and_an_old_one_is_read_where_it_has_none(tmp_path: Path) -> None:
    path = archive(tmp_path, "a")
    before = list_archives(tmp_path, [path], fresh=False).read_text()
    assert before == line(path)
    path.write_text("new")
    assert list_archives(tmp_path, [path], fresh=False).read_text() == before
    assert list_archives(tmp_path, [path], fresh=True).read_text() == line(path) != before


def test_what_must_not_be_released_is_not_listed(tmp_path: Path) -> None:
    bad, good = archive(tmp_path, "bad"), archive(tmp_path, "good")
    unlist(tmp_path, [bad])
    assert not (tmp_path / NAME).exists()
    list_archives(tmp_path, [bad, good], fresh=True)
    unlist(tmp_path, [bad])
    assert (tmp_path / NAME).read_text() == line(good)


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    paths = [archive(tmp_path, f"{number:02}") for number in range(20)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda path: list_archives(tmp_path, [path], fresh=True), paths))
    assert (tmp_path / NAME).read_text() == "".join(map(line, paths))
