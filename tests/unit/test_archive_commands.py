"""The commands that take finished archives: several at once, and options that don't go together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pythonbuild import commands
from pythonbuild.arguments import parse
from pythonbuild.errors import DataError, ValidationError
from pythonbuild.settings import ROOT, Settings

NAME = "cpython-3.14.7+20200101-x86_64-unknown-linux-gnu-install_only.tar.gz"


def test_what_can_be_tried_is_one_thing_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--stdlib", "--core", "--ecosystem", "--clients"]
    for one in words:
        assert vars(parse(["test", one, NAME]))[one.removeprefix("--")] is True
        for other in set(words) - {one}:
            with pytest.raises(SystemExit):
                parse(["test", one, other, NAME])
            assert "not allowed with argument" in capsys.readouterr().err


def test_reports_are_of_the_whole_suite(tmp_path: Path) -> None:
    for words in ([], ["--core"], ["--clients"]):
        arguments = parse(["test", *words, "--reports", str(tmp_path), NAME])
        with pytest.raises(DataError, match="--reports keeps what the tests of --stdlib say"):
            commands.asked_of(arguments, ROOT, Path(NAME), os.environ)


@pytest.mark.parametrize("command", ["validate", "test"])
def test_a_broken_archive_hides_no_other(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = [tmp_path / f"{number}-{NAME}" for number in "12"]
    for path in broken:
        path.write_bytes(b"no archive")
    arguments = parse([command, *map(str, broken)])
    with pytest.raises(ValidationError, match=r"2 of 2 archives can't be used: 1-.*, 2-"):
        getattr(commands, command)(Settings(), arguments, {})
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("-")[0] for line in lines] == ["error: 1", "error: 2"]


@pytest.mark.parametrize("command", ["validate", "test"])
@pytest.mark.parametrize("kind", ["missing", "directory", "fifo"])
def test_what_is_no_file_is_told_of_before_anything_is_read(command: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / NAME
    if kind != "missing":
        (path.mkdir if kind == "directory" else lambda: os.mkfifo(path))()
    good = tmp_path / "good.tar.gz"
    good.touch()
    with pytest.raises(DataError, match="there is no archive"):
        getattr(commands, command)(Settings(), parse([command, str(good), str(path)]), {})


def test_each_archive_is_asked_for_its_result(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.touch()
    assert commands.of_each(paths, lambda path: path.name) == ["a", "b"]

    def refuse(_path: Path) -> None:
        raise ValidationError("broken", hint="mend it")

    with pytest.raises(ValidationError, match=r"^broken$"):
        commands.of_each(paths[:1], refuse)
