"""Statistics of a comparison, the order of its runs, and what is compared."""

from __future__ import annotations

import math
import os
import random
import sys
import tarfile
from pathlib import Path

import pytest

from pythonbuild.bench import report, runner
from pythonbuild.bench.statistics import compare, geometric_mean, interval, order
from pythonbuild.bench.subject import parse_subject
from pythonbuild.errors import BuildError


def test_a_candidate_that_takes_half_the_time_is_twice_as_fast() -> None:
    reference = {"json": [2.0, 2.2, 2.1, 2.0], "regex": [4.0, 4.0, 4.1, 4.4], "only here": [1.0, 1.0]}
    candidate = {"json": [1.0, 1.3], "regex": [2.0, 2.5]}
    found = compare(reference, candidate)
    assert found.ratios == {"json": 2.0, "regex": 2.0}
    assert found.mean == pytest.approx(2.0)
    assert (found.low, found.high) == pytest.approx((2.0, 2.0))


def test_the_null_compares_odd_with_even_runs_of_the_reference() -> None:
    quiet = compare({"a": [1.0, 1.0, 1.2, 1.3]}, {"a": [1.0]})
    assert quiet.null == pytest.approx(1.0)
    assert quiet.null_fault < 0.01
    busy = compare({"a": [1.1, 1.0]}, {"a": [1.0]})
    assert busy.null == pytest.approx(1.1)
    assert busy.null_fault > 0.01


def test_the_interval_holds_the_mean_and_narrows_with_more_benchmarks() -> None:
    generator = random.Random(4)
    few = [math.exp(generator.gauss(0.1, 0.05)) for _ in range(10)]
    many = [math.exp(generator.gauss(0.1, 0.05)) for _ in range(200)]
    for values in (few, many):
        low, high = interval(values)
        assert low < geometric_mean(values) < high
    assert interval(many)[1] - interval(many)[0] < interval(few)[1] - interval(few)[0]


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        geometric_mean([])


def test_runs_are_interleaved() -> None:
    assert order(2) == "ABBAABBA"


def test_report_names_both_and_puts_the_best_first() -> None:
    found = compare({"slow": [1.0, 1.0], "quick": [3.0, 3.0]}, {"slow": [2.0], "quick": [1.0]})
    text = report.markdown(found, "theirs", "ours")
    assert "ours is 1.225 times as fast as theirs" in text
    assert text.index("| quick | 3.000 |") < text.index("| slow | 0.500 |")
    assert report.as_json(found, "theirs", "ours")["ratios"] == {"slow": 0.5, "quick": 3.0}


def test_an_archive_is_unpacked_once_and_its_interpreter_found(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.write_text("#!/bin/sh\n")
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as stream:
        stream.add(program, "python/bin/python3")
    subject = parse_subject(str(archive), None, tmp_path / "scratch")
    assert subject.command[0].endswith("python/bin/python3")
    inside = parse_subject(str(archive), tmp_path / "root", tmp_path)
    assert inside.command[-1].startswith("/opt/")
    assert (tmp_path / "root").joinpath(inside.command[-1][1:]).exists()


def test_another_build_with_the_name_of_one_that_is_unpacked_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    found = []
    for content in ("first", "second"):
        program = tmp_path / "python3"
        program.write_text(content)
        with tarfile.open(archive, "w:gz") as stream:
            stream.add(program, "python/bin/python3")
        found.append(parse_subject(str(archive), None, tmp_path / "scratch").program.read_text())
    assert found == ["first", "second"]


def test_each_run_draws_new_pages_for_the_program(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib/deep").mkdir(parents=True)
    program, library = tmp_path / "bin/python3", tmp_path / "lib/deep/libpython.so.1"
    for path in (program, library, tmp_path / "lib/os.py"):
        path.write_bytes(b"x" * 65536)
    assert runner.forget(parse_subject(str(program), None, tmp_path)) == 2
    kinds = {line.split()[1]: line.split()[2] for line in Path("/proc/mounts").read_text().splitlines()}
    if kinds[max((place for place in kinds if tmp_path.is_relative_to(place)), key=len)] != "ext4":
        pytest.skip("whether a page is in memory is asked in a way that ext4 answers")
    assert (in_memory(program), in_memory(library), in_memory(tmp_path / "lib/os.py")) == (False, False, True)


def in_memory(path: Path) -> bool:
    """Return whether reading the first page of a file needs no input."""
    with path.open("rb") as file:
        try:
            os.preadv(file.fileno(), [bytearray(4096)], 0, os.RWF_NOWAIT)
        except BlockingIOError:
            return False
    return True


def test_wrong_subjects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no interpreter or archive nothing"):
        parse_subject("nothing", None, tmp_path)
    with pytest.raises(BuildError, match="is not below"):
        parse_subject(sys.executable, tmp_path, tmp_path)


def test_starts_are_counted_in_processor_time(tmp_path: Path) -> None:
    subject = parse_subject(sys.executable, None, tmp_path)
    found = runner.starts(subject, 3)
    assert found.keys() == runner.STARTS.keys()
    assert 0 < found["start -I -S"] < 5000


def test_a_run_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="exited with 1") as caught:
        runner.check([sys.executable, "-c", "raise SystemExit('broken on purpose')"])
    assert caught.value.hint == "broken on purpose"


def test_a_wheel_that_is_not_the_pinned_one_is_removed(tmp_path: Path) -> None:
    wheel = tmp_path / "fastmark-0.1.4.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(BuildError, match="is not what was pinned"):
        runner.verify(wheel)
    assert not wheel.exists()
