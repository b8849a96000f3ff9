"""The test runner itself, tried on a stand-in: an archive whose interpreter is a link to this very one."""

from __future__ import annotations

import io
import re
import shutil
import sys
import tarfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pythonbuild.disttest import Result, inside, run
from pythonbuild.disttest.model import CaseFailed, CaseSkipped, Outcome, outcome_of
from pythonbuild.disttest.moving import contradictions
from pythonbuild.disttest.naming import platform_tags
from pythonbuild.disttest.runner import CASES
from pythonbuild.disttest.subject import Subject, _claims, _require_loader, ending, gnu_triple
from pythonbuild.errors import FetchError, ValidationError
from pythonbuild.package.archives import INSTALL_RECORD
from pythonbuild.validate.elf import read_elf
from tests.unit.records import RECORD

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
GROUP = """
import os, unittest
class Some(unittest.TestCase):
    def test_a_good_one(self): print("noise")
    def test_b_bad(self): self.assertEqual(1, 2)
    def test_c_broken(self): raise KeyError("k")
    def test_d_left_out(self): self.skipTest("no reason")
    def test_e_deadly(self): os.kill(os.getpid(), 11)
    def test_f_never_reached(self): pass
"""


def archive(place: Path, script: str, name: str = f"python3.{sys.version_info[1]}", **others: str) -> Path:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for member, text in {f"python/bin/{name}": script, **others}.items():
            info = tarfile.TarInfo(member)
            info.size, info.mode = len(text), 0o755
            tar.addfile(info, io.BytesIO(text.encode()))
    path = place / "a.tar.zst"
    path.write_bytes(zstandard.compress(file.getvalue()))
    return path


def test_options_are_those_of_the_record() -> None:
    name = "cpython-3.14.7+20200101-x86_64-unknown-linux-gnu-install_only.tar.gz"
    assert _claims(name, None, None) == (frozenset(), "x86_64-unknown-linux-gnu")
    assert _claims(name, None, RECORD) == (frozenset({"noopt"}), RECORD.target)
    assert _claims(name, {"build_options": "pgo+lto"}, RECORD) == (frozenset({"pgo", "lto"}), "")


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("python/PYTHON.json", "[]", "PYTHON.json is JSON, but no object"),
        ("python/PYTHON.json", '{"build_info": []}', "PYTHON.json: build_info and its extensions are not objects"),
        ("python/PYTHON.json", '{"build_info": {"extensions": 1}}', "build_info and its extensions are not objects"),
        ("python/PYTHON.json", "[" * 99999, "PYTHON.json is not JSON"),
        (INSTALL_RECORD, "{", "build-record.json is not JSON"),
        (INSTALL_RECORD, "{}", "build-record.json: key 'schema' is missing"),
    ],
)
def test_broken_metadata_is_told_of_at_once(tmp_path: Path, path: str, text: str, message: str) -> None:
    packed = archive(tmp_path, "#!/bin/sh\n", **{path: text})
    with pytest.raises(ValidationError, match=re.escape(message)):
        run(packed, log=lambda _: None)


def subject(place: Path) -> Subject:
    return Subject(prefix=place, python=Path(sys.executable), work=place, environment={"PATH": "/usr/bin:/bin"})


def test_an_interpreter_that_starts(tmp_path: Path) -> None:
    lines: list[str] = []
    result = run(archive(tmp_path, f'#!/bin/sh\nexec {sys.executable} "$@"\n'), only="start.version", log=lines.append)
    assert result.ok, lines
    assert lines[0].startswith("passed  start.version")
    assert lines[-1] == "a.tar.zst: 1 passed, 0 failed, 0 skipped"
    result.require()


def test_an_interpreter_that_does_not_start_ends_the_tests(tmp_path: Path) -> None:
    result = run(archive(tmp_path, "#!/bin/sh\necho lost >&2; exit 3\n"), log=lambda _: None)
    assert [outcome.name for outcome in result.outcomes] == ["start.version"]
    assert "exited with 3: lost" in result.outcomes[0].message
    with pytest.raises(ValidationError, match=r"start\.version"):
        result.require()


@pytest.mark.parametrize(
    ("statuses", "message"),
    [
        ([], "no test has such a name"),
        (["skipped"], "nothing was tried: 0 passed, 0 failed, 1 skipped"),
        (["failed", "skipped"], "failed its tests: 0 passed, 1 failed, 1 skipped: some.name"),
    ],
)
def test_what_is_said_where_nothing_passed(statuses: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Result(tuple(Outcome("some.name", status) for status in statuses)).require()


def test_no_interpreter(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no interpreter"):
        run(archive(tmp_path, "", name="perl"), log=lambda _: None)


def test_outcomes_of_a_group(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text(GROUP)
    outcomes = list(inside.run_group(subject(tmp_path), group, None))
    assert [(outcome.name, outcome.status) for outcome in outcomes] == [
        ("some.a-good-one", "passed"),
        ("some.b-bad", "failed"),
        ("some.c-broken", "failed"),
        ("some.d-left-out", "skipped"),
        ("some.e-deadly", "failed"),
    ]
    assert "SIGSEGV" in outcomes[-1].message
    assert "KeyError" in outcomes[2].message
    assert outcomes[3].message == "no reason"


def test_only_chooses_by_name(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text(GROUP)
    assert [outcome.name for outcome in inside.run_group(subject(tmp_path), group, "good")] == ["some.a-good-one"]


def test_a_group_that_can_not_be_imported_is_a_failure(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text("import no_such_module\n")
    outcomes = list(inside.run_group(subject(tmp_path), group, None))
    assert [(outcome.name, outcome.status) for outcome in outcomes] == [("some", "failed")]
    assert "no_such_module" in outcomes[0].message


def test_timeout_and_missing_program_are_failures(tmp_path: Path) -> None:
    quick = Subject(prefix=tmp_path, python=Path(sys.executable), work=tmp_path, timeout=0.2)
    with pytest.raises(CaseFailed, match="did not end"):
        quick.code("import time; time.sleep(60)")
    with pytest.raises(CaseFailed, match="can't be started"):
        quick.run([tmp_path / "none"])


def test_names_are_unique_and_nothing_tried_is_not_ok() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert not Result(()).ok
    assert not Result((Outcome("a", "skipped"),)).ok


def test_endings() -> None:
    assert ending(2) == "exited with 2"
    assert ending(-9) == "was killed by SIGKILL"
    assert ending(-99) == "was killed by signal 99"


def test_an_interpreter_for_another_libc_says_what_is_missing(tmp_path: Path) -> None:
    program = tmp_path / "python3.14"
    shutil.copy(sys.executable, program)
    name = read_elf(program.read_bytes()).interpreter
    assert name is not None
    program.write_bytes(program.read_bytes().replace(name.encode(), b"/nowhere".ljust(len(name), b"x"), 1))
    with pytest.raises(ValidationError, match=r"need /nowherex*, which this machine does not have"):
        _require_loader(program, Path("a.tar.zst"))


@pytest.mark.parametrize(
    ("triple", "gnu"),
    [
        ("armv7-unknown-linux-gnueabihf", "arm-linux-gnueabihf"),
        ("ppc64le-unknown-linux-gnu", "powerpc64le-linux-gnu"),
        ("x86_64_v3-unknown-linux-gnu", "x86_64-linux-gnu"),
        ("s390x-unknown-linux-gnu", "s390x-linux-gnu"),
        ("", ""),
    ],
)
def test_targets_by_the_name_that_gcc_has_for_them(triple: str, gnu: str) -> None:
    assert gnu_triple(triple) == gnu


@pytest.mark.parametrize(
    ("triple", "name"),
    [
        ("x86_64-unknown-linux-gnu", "gcc"),
        ("x86_64_v3-unknown-linux-gnu", "gcc"),
        ("x86_64-unknown-linux-musl", "musl-gcc"),
        ("s390x-unknown-linux-gnu", "s390x-linux-gnu-gcc"),
        ("", "gcc"),
    ],
)
def test_the_compiler_is_one_for_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, triple: str, name: str
) -> None:
    for program in ("gcc", "musl-gcc", "s390x-linux-gnu-gcc"):
        (tmp_path / program).write_text("#!/bin/sh\necho x86_64-linux-gnu\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    subject = Subject(prefix=tmp_path, python=tmp_path / "python", work=tmp_path, triple=triple)
    assert subject.compiler().name == name


def test_no_compiler_for_the_target_skips(tmp_path: Path) -> None:
    subject = Subject(prefix=tmp_path, python=tmp_path / "python", work=tmp_path, triple="vax-unknown-linux-gnu")
    with pytest.raises(CaseSkipped, match="no C compiler for vax-linux-gnu"):
        subject.compiler()


@pytest.mark.parametrize(
    ("triple", "platforms", "fails"),
    [
        ("x86_64-unknown-linux-gnu", "manylinux_2_17_x86_64 manylinux2014_x86_64 linux_x86_64", ""),
        ("x86_64-unknown-linux-musl", "musllinux_1_2_x86_64 linux_x86_64", ""),
        ("armv7-unknown-linux-gnueabi", "linux_armv7l linux_armv6l", ""),
        (
            "x86_64-unknown-linux-musl",
            "manylinux_2_17_x86_64 musllinux_1_2_x86_64 linux_x86_64",
            "manylinux, musllinux",
        ),
        ("x86_64-unknown-linux-gnu", "linux_x86_64", "this machine alone"),
        ("armv7-unknown-linux-gnueabi", "manylinux_2_17_armv7l linux_armv7l", "manylinux"),
    ],
)
def test_wheels_that_fit(tmp_path: Path, triple: str, platforms: str, fails: str) -> None:
    python = tmp_path / "python3.14"
    python.write_text(f"#!/bin/sh\necho {platforms}\n")
    python.chmod(0o755)
    tried = Subject(prefix=tmp_path, python=python, work=tmp_path, triple=triple)
    if not fails:
        return platform_tags(tried)
    with pytest.raises(CaseFailed, match=f"fit that are for {fails}$"):
        platform_tags(tried)
    return None


def lost() -> None:
    raise KeyError("gone")


def no_network() -> None:
    raise FetchError("no index can be reached")


def damaged() -> None:
    raise ValidationError("no program header")


def test_a_case_that_stumbles_is_a_failure_of_its_own() -> None:
    assert (outcome_of("a", lost).status, outcome_of("a", lost).message) == ("failed", "KeyError: 'gone'")
    assert outcome_of("a", damaged).status == "failed"
    # That is not the distribution's doing.
    with pytest.raises(FetchError):
        outcome_of("a", no_network)


PARTS = """
import subprocess, sys, unittest
class Some(unittest.TestCase):
    def test_a_parts(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertNotEqual(number % 2, 1)
    def test_b_next(self): pass
"""


def test_parts_that_fail_are_told_as_one_failure(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text(PARTS)
    first, second = inside.run_group(subject(tmp_path), group, None)
    assert (first.name, first.status, second.status) == ("some.a-parts", "failed", "passed")
    assert "(number=1) AssertionError" in first.message
    assert "(number=3) AssertionError" in first.message


HOLDS = """
import os, subprocess, sys, unittest
class Some(unittest.TestCase):
    def test_a_leaves_a_child(self):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open("child", "w").write(str(child.pid))
        os.kill(os.getpid(), 11)
"""


def is_running(number: int) -> bool:
    """Whether there is such a process, and it is more than an entry that nobody has asked for."""
    try:
        return "State:\tZ" not in Path("/proc", str(number), "status").read_text()
    except OSError:
        return False


def test_a_child_that_holds_the_output_open_is_ended_when_the_time_is_up(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text(HOLDS)
    started = time.monotonic()
    (only,) = inside.run_group(replace(subject(tmp_path), timeout=2), group, None)
    assert time.monotonic() - started < 30
    assert only.status == "failed"
    child = int((tmp_path / "child").read_text())
    while is_running(child):
        assert time.monotonic() - started < 30
        time.sleep(0.05)


def test_a_group_that_nobody_wants_more_of_is_ended(tmp_path: Path) -> None:
    group = tmp_path / "test_some.py"
    group.write_text(GROUP)
    wanted = inside.run_group(subject(tmp_path), group, None)
    assert next(wanted).name == "some.a-good-one"
    wanted.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and not thread.daemon]


def test_what_the_interpreter_says_otherwise_than_python_json() -> None:
    seen = {
        "prefix": "/tmp/x/python",
        "plain": {"python_tag": "cp314", "python_suffixes": {"source": [".py"]}},
        "placed": {
            "python_paths": {"data": "/tmp/x/python", "scripts": "/tmp/x/python/bin"},
            "python_config_vars": {
                "LIBDIR": "/tmp/x/python/lib", "LDFLAGS": "-L/tmp/x/python/lib -L/tmp/x/python-2",
                "userbase": "/root/.local",
            },
        },
    }  # fmt: skip
    stated: dict[str, Any] = {
        "python_tag": "cp314",
        "python_suffixes": {"source": [".py"]},
        "python_paths": {"data": "install", "scripts": "install/bin"},
        "python_config_vars": {
            "LIBDIR": "/install/lib", "LDFLAGS": "-L/install/lib -L/tmp/x/python-2", "userbase": "~/.local",
            "PYTHON_SOURCE_TREE": "0",
        },
    }  # fmt: skip
    assert list(contradictions(stated, seen)) == []
    for changes, message in (
        ({"python_tag": "cp313"}, "python_tag: 'cp313', not 'cp314'"),
        ({"python_suffixes": {}}, "python_suffixes: {}, not {'source': ['.py']}"),
        ({"python_paths": {"data": "install"}}, "python_paths.scripts: None, not 'install/bin'"),
        (
            {"python_config_vars": {**stated["python_config_vars"], "LIBDIR": "/usr/lib"}},
            "python_config_vars.LIBDIR: '/usr/lib', not '/install/lib'",
        ),
        (
            {"python_config_vars": {**stated["python_config_vars"], "MORE": "1"}},
            "python_config_vars.MORE: '1', not None",
        ),
    ):
        assert list(contradictions({**stated, **changes}, seen)) == [message]
