"""Wrong data points at its line and says what was meant; right data means what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pythonbuild.condition import Facts, in_range, parse_condition
from pythonbuild.errors import DataError
from pythonbuild.flavor import Flavor, all_flavors, described, parse_choices
from pythonbuild.load import read
from pythonbuild.plan import make_plan
from pythonbuild.recipe import filled, load_all, load_recipe
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix

FACTS = Facts(
    target="x86_64-unknown-linux-gnu", os="linux", arch="x86_64", libc="glibc", python="3.14", flavor=frozenset({"pgo"})
)
RECIPE = """\
name: {name}
version: "1"
source:
  licenses: [MIT]
  origins:
    - {{url: "https://example.org/a-1.tar.gz", size: 1, sha256: {sha}}}
style: configure
installs: [tools/deps/lib/liba.a]
"""


def recipe(root: Path, name: str = "a", more: str = "") -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yml").write_text(RECIPE.format(name=name, sha="a" * 64) + more)
    return folder


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("licences: [MIT]\n", r"recipe.yml:9: unknown key 'licences'"),
        ("confgure: []\n", r"recipe.yml:9: unknown key 'confgure', did you mean 'configure'\?"),
        ("name: a\n", r"recipe.yml:9: key 'name' stands here twice"),
        ("needs: zlib\n", r"recipe.yml:9: expected a list"),
        ("needs: [a: b: c\n", r"recipe.yml:9: not valid YAML"),
        ("configure:\n  - {args: [x], when: {os: linux}}\n", r"recipe.yml:10: a 'when' needs a 'why'"),
        ("configure:\n  - {args: [x], when: {oss: linux}, why: w}\n", r"unknown condition 'oss', did you mean 'os'"),
        ("configure:\n  - {args: [x], when: {python: '3'}, why: w}\n", r"'3' is not a Python minor"),
        ("env:\n  - set: {A: 1}\n", r"recipe.yml:10: expected text, found 1 \(quote it\)"),
    ],
)
def test_wrong_recipes(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_recipe(recipe(tmp_path, more=more))


def test_rows_that_a_script_of_its_own_would_not_see_are_refused(tmp_path: Path) -> None:
    folder = recipe(tmp_path, more="configure:\n  - args: [--disable-this]\n")
    load_recipe(folder)
    (folder / "build.sh").touch()
    with pytest.raises(DataError, match=r"recipe\.yml.*does not see the rows of 'configure'"):
        load_recipe(folder)


def test_of_several_sources_those_that_hold_are_used(tmp_path: Path) -> None:
    several = """\
name: a
kind: tool
version: "1"
sources:
  first:
    licenses: [MIT]
    unpack: [bin/*]
    origins: [{debian: a/a_1_amd64.deb, size: 1, sha256: SHA}]
  second:
    version: "2"
    licenses: [MIT]
    origins: [{debian: b/b_2_arm64.deb, size: 1, sha256: SHA}]
    when: {arch: aarch64}
    why: Only there.
installs: [tools/a]
"""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "recipe.yml").write_text(several.replace("SHA", "a" * 64))
    found = load_recipe(tmp_path / "a")
    assert [source.file for source in found.sources] == ["first-1.deb", "second-2.deb"]
    assert [source.name for source in found.selected_sources(FACTS)] == ["first"]
    assert [source.name for source in found.selected_sources(replace(FACTS, arch="aarch64"))] == ["first", "second"]
    assert found.asks == {"arch"}
    assert found.sources[0].unpack == ("bin/*",)
    (tmp_path / "a" / "recipe.yml").write_text(several.replace("SHA", "a" * 64).replace("    why: Only there.\n", ""))
    with pytest.raises(DataError, match="a 'when' needs a 'why'"):
        load_recipe(tmp_path / "a")


def test_a_cross_target_names_a_python(tmp_path: Path) -> None:
    text = (ROOT / "targets.yml").read_text()
    (tmp_path / "targets.yml").write_text(text.replace("    python_from: x86_64-unknown-linux-gnu\n", ""))
    with pytest.raises(DataError, match="aarch64-unknown-linux-gnu is a cross target, and has no 'python_from'"):
        Matrix.load(tmp_path / "targets.yml")


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        read(tmp_path / "none.yml")
    (tmp_path / "empty.yml").write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        read(tmp_path / "empty.yml")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("3.13", ["3.13"], ["3.12", "3.14", "3.1"]),
        ("3.11-3.13", ["3.11", "3.13"], ["3.10", "3.14", "3.9"]),
        ("3.13-", ["3.13", "3.20"], ["3.12", "3.9"]),
        ("-3.13", ["3.9", "3.13"], ["3.14"]),
    ],
)
def test_version_ranges(text: str, inside: list[str], outside: list[str]) -> None:
    assert all(in_range(minor, text) for minor in inside)
    assert not any(in_range(minor, text) for minor in outside)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("{os: linux, arch: x86_64}", True),
        ("{os: linux, arch: aarch64}", False),
        ("{arch: [aarch64, x86_64]}", True),
        ("{flavor: pgo}", True),
        ("{flavor: lto}", False),
        ("{flavor: '!lto'}", True),
        ("{python: 3.14-, cross: false}", True),
        ("{cross: true}", False),
    ],
)
def test_conditions(tmp_path: Path, text: str, *, holds: bool) -> None:
    path = tmp_path / "when.yml"
    path.write_text(f"{text}\n".replace("3.14-", "'3.14-'"))
    assert parse_condition(read(path)).holds(FACTS) is holds


def test_fields() -> None:
    assert filled("a{x}b{{}}", {"x": "1"}, "here") == "a1b{}"
    with pytest.raises(DataError, match=r"unknown field tripel, did you mean 'triple'"):
        filled("{tripel}", {"triple": "t"}, "here")


def test_flavors_have_one_spelling() -> None:
    assert str(Flavor.parse("lto+pgo")) == "pgo+lto"
    assert str(Flavor.parse("lto+freethreaded+pgo")) == "freethreaded+pgo+lto"


CHOICES = """
- one_of: [noopt, pgo+lto]
- at_most_one_of: [freethreaded]
  when: {python: 3.13-}
  why: new in 3.13
- at_most_one_of: [shared, static]
"""


def test_flavors_are_made_of_choices(tmp_path: Path) -> None:
    path = tmp_path / "choices.yml"
    path.write_text(CHOICES)
    choices = parse_choices(read(path).items())
    new, old = replace(FACTS, python="3.13"), replace(FACTS, python="3.12")
    flavors = [str(flavor) for flavor in all_flavors(choices, new)]
    assert len(flavors) == len(set(flavors)) == 2 * 2 * 3
    assert flavors[:4] == ["noopt", "pgo+lto", "freethreaded+noopt", "freethreaded+pgo+lto"]
    assert not any("static" in flavor and "shared" in flavor for flavor in flavors)
    assert len(all_flavors(choices, old)) == 2 * 3
    assert described(choices, new) == "noopt, pgo+lto; each also with freethreaded, and with shared or static"
    assert described(choices, old).endswith("; freethreaded: new in 3.13")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- one_of: [noop]", "unknown option 'noop'"),
        ("- {one_of: [noopt], at_most_one_of: [lto]}", "not both"),
        ("- why: nothing", "not both"),
        ("- {one_of: [noopt], when: {python: 3.13-}}", "needs a 'why'"),
    ],
)
def test_wrong_choices_point_at_their_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "choices.yml"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"choices.yml:1: .*{complaint}"):
        parse_choices(read(path).items())


def test_selection_errors_name_what_exists() -> None:
    matrix = Matrix.load(ROOT / "targets.yml")
    with pytest.raises(DataError, match="did you mean 'x86_64-unknown-linux-gnu'"):
        matrix.target("x86_64-unknown-linux-gun")
    with pytest.raises(DataError, match=r"unknown Python '3\.2'") as caught:
        matrix.python("3.2")
    assert caught.value.hint is not None
    assert "cpython-3.14.7" in caught.value.hint
    target, release = matrix.target(matrix.default_target), matrix.python("cpython-3.14")
    with pytest.raises(DataError, match="unknown option 'pog'"):
        matrix.flavor("pog", target, release)
    with pytest.raises(DataError, match="no 'static' build") as caught:
        matrix.flavor("static", target, release)
    assert caught.value.hint is not None
    assert "pgo+lto" in caught.value.hint


def test_python_is_found_by_minor_and_by_version() -> None:
    matrix = Matrix.load(ROOT / "targets.yml")
    assert {matrix.python(text).version for text in ("cpython-3.14", "3.14", "3.14.7", "cpython-3.14.7")} == {"3.14.7"}


def test_circles_and_unknown_needs_are_refused(tmp_path: Path) -> None:
    matrix = Matrix.load(ROOT / "targets.yml")
    target, release = matrix.target(matrix.default_target), matrix.python("3.14")
    flavor = matrix.flavor("noopt", target, release)
    recipes = load_all(ROOT / "cpython-unix")
    recipes["zlib"] = load_recipe(recipe(tmp_path, "zlib", "needs: [tk]\n"))
    with pytest.raises(DataError, match=r"in a circle: .*zlib -> tk"):
        make_plan(recipes, target, flavor, release)
    recipes["zlib"] = load_recipe(recipe(tmp_path, "zlib", "needs: [tkk]\n"))
    with pytest.raises(DataError, match="recipe zlib needs tkk, did you mean 'tk'"):
        make_plan(recipes, target, flavor, release)
