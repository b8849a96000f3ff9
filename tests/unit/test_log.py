"""Status lines, progress without a terminal, and job logs."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from pythonbuild import log
from pythonbuild.log import Console, ConsoleLog, FileLog

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_of_many_threads_stay_whole() -> None:
    stream = io.StringIO()
    console = Console(stream)

    def talk(letter: str) -> None:
        for _ in range(50):
            console.line(letter * 60)

    threads = [threading.Thread(target=talk, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(len(line), len(set(line))) for line in stream.getvalue().splitlines()} == {(60, 1)}


def test_step_says_what_and_how_long() -> None:
    stream = io.StringIO()
    with Console(stream).step("unpack"):
        pass
    assert stream.getvalue() == "==> unpack\n    unpack: 0.0 s\n"


def test_step_folds_in_ci_and_closes_the_fold_on_failure() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), Console(stream, folds=True).step("unpack"):
        raise ValueError("x")
    assert stream.getvalue() == "::group::unpack\n::endgroup::\n"


def test_progress_without_a_terminal_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    now = 0.0
    monkeypatch.setattr("pythonbuild.log.time.monotonic", lambda: now)
    with Console(stream).progress("fetch zlib", 4 << 20) as counter:
        counter.update(1 << 20)
        now = log.PLAIN_INTERVAL + 1
        counter.update(1 << 20)
        counter.update(1 << 20)
    assert stream.getvalue() == "    fetch zlib: 50% (2.0 MiB of 4.0 MiB)\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_a_bar_and_lines_go_above_it() -> None:
    stream = Terminal()
    console = Console(stream)
    with console.progress("fetch zlib", 4 << 20) as counter:
        counter.update(1 << 20)
        console.line("a line")
    assert "fetch zlib" in stream.getvalue()
    assert "a line\n" in stream.getvalue()


def test_file_log_keeps_bytes_and_shows_the_last_lines(tmp_path: Path) -> None:
    echoed = io.StringIO()
    with FileLog(tmp_path / "logs" / "zlib.log", echo=ConsoleLog(Console(echoed), "zlib: ")) as stream:
        for number in range(30):
            stream.line(b"line %d\n" % number)
        stream.line(b"no newline \xff")
        assert stream.tail(2) == ["line 29", "no newline �"]
    assert (tmp_path / "logs" / "zlib.log").read_bytes().endswith(b"line 29\nno newline \xff\n")
    assert stream.tail(1) == ["no newline �"]
    assert echoed.getvalue().endswith("zlib: line 29\nzlib: no newline �\n")


def test_file_log_shows_the_end_of_an_endless_line(tmp_path: Path) -> None:
    with FileLog(tmp_path / "x.log") as stream:
        stream.line(b"x" * (log.TAIL_BLOCK * 2))
        assert len(stream.tail(5)[0]) < log.TAIL_BLOCK


@pytest.mark.parametrize(("seconds", "text"), [(8.44, "8.4 s"), (200, "3 min 20 s"), (3720, "1 h 2 min")])
def test_duration(seconds: float, text: str) -> None:
    assert log.duration(seconds) == text
