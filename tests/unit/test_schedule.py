"""Jobs run after what they need, share the processors, and stop at the first error."""

from __future__ import annotations

import threading

import pytest

from pythonbuild.errors import BuildError
from pythonbuild.schedule import deal, run_all

NEEDS = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}


def test_jobs_run_after_their_needs() -> None:
    done: list[str] = []
    run_all(NEEDS, lambda name, _: done.append(name), processors=2)
    assert done[0] == "a"
    assert done[-1] == "d"
    assert sorted(done) == ["a", "b", "c", "d"]


def test_first_error_stops_the_rest() -> None:
    done: list[str] = []
    stopped: list[bool] = []

    def fail(name: str, _: int) -> None:
        done.append(name)
        if name == "b":
            raise BuildError("b broke")

    with pytest.raises(BuildError, match="b broke"):
        run_all(NEEDS, fail, processors=1, stop=lambda: stopped.append(True))
    assert "d" not in done
    assert stopped == [True]


def test_jobs_never_use_more_processors_than_there_are() -> None:
    lock = threading.Lock()
    used = peak = 0

    def run(_: str, share: int) -> None:
        nonlocal used, peak
        with lock:
            used += share
            peak = max(peak, used)
        with lock:
            used -= share

    run_all({str(number): () for number in range(50)}, run, processors=5, cost={"3": 9.0})
    assert 1 <= peak <= 5


def test_shares_follow_the_costs() -> None:
    cost = {"openssl": 70.0, "tcl": 40.0}
    assert deal(["cpython"], 2, cost) == {"cpython": 2}
    assert deal(["tcl", "openssl", "zlib"], 2, cost) == {"tcl": 1, "openssl": 1}
    shares = deal(["tcl", "openssl", "zlib", "xz"], 16, cost)
    assert sum(shares.values()) == 16
    assert shares["openssl"] > shares["tcl"] > shares["zlib"] >= 1
    assert deal(["zlib"], 0, cost) == {}
