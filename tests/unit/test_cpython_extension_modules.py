"""extension-modules.yml: which row counts for a module; and the file of this project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pythonbuild.condition import Facts
from pythonbuild.cpython.extension_modules import as_json, load_modules, select
from pythonbuild.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "cpython-unix" / "cpython" / "extension-modules.yml"

TEXT = """
static:
  - names: [_bz2]
    needs: [bzip2]
  - names: [_datetime]
    when: {python: "-3.13"}
    why: Bootstrap since 3.14.
bootstrap:
  - names: [_datetime]
    when: {python: "3.14-"}
    why: New.
shared:
  - names: [_testcapi]
    test: true
    link: [-lx]
"""


def facts(python: str) -> Facts:
    return Facts(target="x86_64-unknown-linux-gnu", os="linux", arch="x86_64", libc="glibc", python=python)


def module_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "extension-modules.yml"
    path.write_text(text)
    return path


def test_facts_choose_the_row(tmp_path: Path) -> None:
    rows = load_modules(module_file(tmp_path, TEXT))
    assert select(rows, facts("3.13"))["_datetime"].build == "static"
    assert select(rows, facts("3.14"))["_datetime"].build == "bootstrap"
    assert json.loads(as_json(select(rows, facts("3.14")))) == {
        "_bz2": {"build": "static", "compile": [], "link": [], "needs": ["bzip2"], "test": False},
        "_datetime": {"build": "bootstrap", "compile": [], "link": [], "needs": [], "test": False},
        "_testcapi": {"build": "shared", "compile": [], "link": ["-lx"], "needs": [], "test": True},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("statik:\n  - names: [a]\n", r":1: unknown head 'statik', did you mean 'static'\?"),
        ("disabled:\n  - names: [a]\n", ":2: a row that is disabled or has a 'when' needs a 'why'"),
        ("static:\n  - names: [a]\n    when: {os: linux}\n", ":2: a row that is disabled or has a 'when'"),
        ("static:\n  - names: [a]\n    need: [b]\n", r":3: unknown key 'need', did you mean 'needs'\?"),
    ],
)
def test_mistakes_point_at_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_modules(module_file(tmp_path, text))


def test_a_module_has_one_row(tmp_path: Path) -> None:
    rows = load_modules(module_file(tmp_path, "static:\n  - names: [a, b]\n  - names: [b]\n"))
    with pytest.raises(DataError, match=r":3: module 'b' already stands in line 2"):
        select(rows, facts("3.14"))


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_rows_of_this_project_do_not_overlap(python: str) -> None:
    modules = select(load_modules(MODULES), facts(python))
    assert modules["_ssl"].needs == ("openssl",)
    assert modules["_gdbm"].build == "disabled"
    assert all(row.build == "shared" for name, row in modules.items() if row.test)
    assert ("_zstd" in modules) == (python == "3.14")


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_needs_of_modules_are_recipes(python: str) -> None:
    recipes = {path.parent.name for path in (ROOT / "cpython-unix").glob("**/recipe.yml")}
    modules = select(load_modules(MODULES), facts(python))
    assert {need for row in modules.values() for need in row.needs} <= recipes
