"""The ecosystem gate: its data, its lock, and what becomes of an outcome."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pythonbuild.condition import Facts
from pythonbuild.disttest import ecosystem
from pythonbuild.disttest.display import display
from pythonbuild.disttest.ecosystem import CASES, HERE, Gate, load_gate, tried
from pythonbuild.disttest.ecosystem.rows import Trial, load_trials, reason
from pythonbuild.disttest.installing import Pip, closure, read_lock, way_to_index
from pythonbuild.disttest.model import CaseFailed, CaseSkipped
from pythonbuild.disttest.subject import Subject
from pythonbuild.errors import DataError, FetchError

FACTS = Facts(target="x86_64-unknown-linux-gnu", os="linux", arch="x86_64", libc="glibc", python="3.14")
LOCK = """\
# a comment
base==2 ; python_full_version < '3.12' \\
    --hash=sha256:aa
    # via
    #   -r requirements.in
    #   top[extra]
base==3 ; python_full_version >= '3.12' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via top
other==1 \\
    --hash=sha256:dd
    # via -r requirements.in
top==1 \\
    --hash=sha256:ee
    # via -r requirements.in
"""


def test_a_lock_is_cut_to_what_a_package_needs() -> None:
    locked = read_lock(LOCK)
    assert [(entry.name, entry.version) for entry in locked] == [
        ("base", "2"),
        ("base", "3"),
        ("other", "1"),
        ("top", "1"),
    ]
    text = closure(locked, ["top"])
    assert text.count("--hash") == 4
    assert "other" not in text
    assert "#" not in text
    with pytest.raises(DataError, match="not in the lock: absent"):
        closure(locked, ["absent"])


def test_the_data_of_this_checkout() -> None:
    gate = load_gate(FACTS, {})
    assert {trial.program for trial in gate.trials} == {path.name for path in CASES.glob("try_*.py")}
    for trial in gate.trials:
        assert closure(gate.locked, [*trial.packages, *trial.sources]).count("--hash")
        assert "assert " in (CASES / trial.program).read_text()
    roots = (HERE / "requirements.in").read_text().split()
    assert all(entry.needed_by or entry.name in " ".join(roots) for entry in gate.locked)
    text = (HERE / "requirements.lock").read_text()
    assert not [word for word in ("index-url", "find-links", "://") if word in text]


def test_wrong_rows_are_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    path.write_text("cases:\n  - {name: a, packages: [a], needs: [gpu]}\n")
    with pytest.raises(DataError, match=r"e\.yml:2: unknown need 'gpu'"):
        load_trials(path)
    path.write_text("cases:\n  - {name: a, packages: [a], without: [{when: {libc: musl}}]}\n")
    with pytest.raises(DataError, match="'why' is missing"):
        load_trials(path)


def test_a_reason_for_all_cases_and_one_of_a_case(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    path.write_text(
        "without:\n  - {when: {flavor: static}, why: all}\n"
        "cases:\n  - {name: a, packages: [a], expected: [{when: {python: 3.15-}, why: young}]}\n"
    )
    (trial,) = load_trials(path)
    assert reason(trial.without, FACTS) == ""
    assert reason(trial.expected, FACTS) == ""
    young = Facts(target="t", os="linux", arch="x", libc="glibc", python="3.15", flavor=frozenset({"static"}))
    assert (reason(trial.without, young), reason(trial.expected, young)) == ("all", "young")


def test_a_reason_for_several_cases(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    text = "without:\n  - {when: {python: '3.14'}, cases: [b, c], why: some}\ncases:\n"
    text += "".join(f"  - {{name: {name}, packages: [{name}]}}\n" for name in "abc")
    path.write_text(text)
    assert [reason(trial.without, FACTS) for trial in load_trials(path)] == ["", "some", "some"]
    path.write_text(text.replace("[b, c]", "[b, numpi]").replace("name: c", "name: numpy"))
    with pytest.raises(DataError, match=r"e\.yml:2: no case is called 'numpi'.*numpy"):
        load_trials(path)


FAILS, SKIPS = CaseFailed("broken"), CaseSkipped("no g++")


@pytest.mark.parametrize(
    ("raised", "row", "outcome"),
    [
        (None, "", ("passed", "")),
        (FAILS, "", ("failed", "broken")),
        (SKIPS, "", ("skipped", "no g++")),
        (FAILS, "young", ("skipped", "fails as expected: young")),
        (None, "young", ("failed", "passes, but was expected to fail: young")),
        (SKIPS, "young", ("skipped", "no g++")),
    ],
)
def test_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception | None, row: str, outcome: tuple[str, str]
) -> None:
    def ends(*_: object, **__: object) -> None:
        if raised:
            raise raised

    monkeypatch.setattr(ecosystem, "_try", ends)
    trials = load_trials_text(tmp_path, row)
    found = tried(subject(tmp_path), Gate(facts=FACTS, trials=trials, locked=(), way={}), trials[0])
    assert (found.name, found.status, found.message) == ("ecosystem.a", *outcome)


def load_trials_text(place: Path, why: str) -> tuple[Trial, ...]:
    path = place / "e.yml"
    row = f"expected: [{{when: {{os: linux}}, why: {why}}}]" if why else "expected: []"
    path.write_text(f"cases:\n  - {{name: a, packages: [a], {row}}}\n")
    return load_trials(path)


def subject(place: Path) -> Subject:
    return Subject(prefix=place, python=Path(sys.executable), work=place, environment={"PATH": "/usr/bin:/bin"})


def pip_that_says(place: Path, text: str) -> Pip:
    program = place / "pip"
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit 1\n")
    program.chmod(0o755)
    return Pip(python=program, way={})


def test_no_network_is_one_clear_error(tmp_path: Path) -> None:
    inner = tmp_path / "venv/bin/python"
    inner.parent.mkdir(parents=True)
    with pytest.raises(FetchError, match="no package index can be reached"):
        pip_that_says(tmp_path, "WARNING: Retrying: NameResolutionError").install(subject(tmp_path), inner, "a==1\n")
    with pytest.raises(CaseFailed, match="ERROR: no wheel"):
        pip_that_says(tmp_path, "ERROR: no wheel").install(subject(tmp_path), inner, "a==1\n")


def test_the_way_to_the_index_is_the_callers() -> None:
    environment = {"PIP_INDEX_URL": "u", "PIP_TARGET": "t", "HOME": "/h", "https_proxy": "p", "PYTHONPATH": "x"}
    assert way_to_index(environment) == {"PIP_INDEX_URL": "u", "HOME": "/h", "https_proxy": "p"}


def test_a_machine_without_what_a_case_needs(tmp_path: Path) -> None:
    trial = Trial(name="a", packages=("a",), libraries=("libdoes-not-exist.so.7",))
    found = tried(subject(tmp_path), Gate(facts=FACTS, trials=(trial,), locked=(), way={}), trial)
    assert (found.status, found.message) == ("skipped", "this machine lacks libdoes-not-exist.so.7")
    windows = Trial(name="a", packages=("a",), needs=("display",))
    found = tried(subject(tmp_path), Gate(facts=FACTS, trials=(windows,), locked=(), way={}), windows)
    assert (found.status, found.message) == ("skipped", "this machine has no Xvfb that starts")


@pytest.mark.parametrize(("version", "old"), [("1.2.3", True), ("1.2.4", False), ("1.10", False)])
def test_a_loader_of_musl_that_is_too_old_for_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, version: str, old: bool
) -> None:
    loader = tmp_path / "ld-musl.so"
    loader.write_text(f"#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion {version}\\nDynamic' >&2\nexit 1\n")
    loader.chmod(0o755)
    monkeypatch.setattr(ecosystem, "read_elf", lambda _data: SimpleNamespace(interpreter=str(loader)))
    trial = Trial(name="a", packages=("a",), needs=("relr",), libraries=("libdoes-not-exist.so.7",))
    musl = replace(subject(tmp_path), triple="x86_64-unknown-linux-musl")
    found = tried(musl, Gate(facts=FACTS, trials=(trial,), locked=(), way={}), trial)
    assert found.status == "skipped"
    assert (f"musl {version} of this machine applies no DT_RELR" in found.message) is old
    found = tried(subject(tmp_path), Gate(facts=FACTS, trials=(trial,), locked=(), way={}), trial)
    assert found.message == "this machine lacks libdoes-not-exist.so.7"


def test_curses_of_another_libc(tmp_path: Path) -> None:
    trial = Trial(name="a", packages=("a",), needs=("curses",), libraries=("libdoes-not-exist.so.7",))
    (tmp_path / "_pyrepl").mkdir()
    (tmp_path / "_pyrepl/__init__.py").touch()
    plain = subject(tmp_path)
    own = replace(plain, environment={**plain.environment, "PYTHONPATH": str(tmp_path)})
    gate = Gate(facts=FACTS, trials=(trial,), locked=(), way={})
    for text, message in (
        (
            "raise OSError('no libc.so.6')",
            "compiler names to _pyrepl is of another libc: no libc.so.6",
        ),
        ("raise ModuleNotFoundError('curses library not found')", "this machine lacks libdoes-not-exist.so.7"),
        ("", "this machine lacks libdoes-not-exist.so.7"),
    ):
        (tmp_path / "_pyrepl/_minimal_curses.py").write_text(f"{text}\n")
        found = tried(own, gate, trial)
        assert (found.status, message in found.message) == ("skipped", True), found


def test_a_display_is_there_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "Xvfb"
    # Stands in for the server: says its number on the descriptor that follows -displayfd, and stays.
    program.write_text('#!/bin/bash\necho 77 >&"$2"\necho $$ > "$(dirname "$0")/pid"\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with display() as screen:
        assert screen == {"DISPLAY": ":77"}
        while not (pid := (tmp_path / "pid")).exists() or not pid.read_text().strip():
            pass
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    monkeypatch.setenv("PATH", "/nowhere")
    with display() as screen:
        assert screen == {}
