"""The repository's own data: every recipe, patch, pin and documented command."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from pythonbuild.arguments import parse
from pythonbuild.condition import ordinal
from pythonbuild.decide import Checkout, Selection, distributions, prepare
from pythonbuild.recipe import Recipe
from pythonbuild.settings import ROOT

CHECKOUT = Checkout.read(ROOT)
RECIPES, MATRIX = CHECKOUT.recipes, CHECKOUT.matrix
SETTINGS = {name.partition("=")[0] for name in MATRIX.settings}
PREPARED = [CHECKOUT.prepare(*words, image="0") for words in distributions(MATRIX, Selection())]


def bounds(versions: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    low, dash, high = versions.partition("-")
    if not dash:
        high = low
    return ordinal(low or "0.0"), ordinal(high or "99.99")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_patch_is_named_once_and_exists(recipe: Recipe) -> None:
    named = [file for patch in recipe.patches for _, file in patch.files]
    assert len(named) == len(set(named))
    assert set(named) == {path.name for path in (recipe.folder / "patches").glob("*.patch")}
    for patch in recipe.patches:
        ranges = sorted(bounds(versions) for versions, _ in patch.files if versions)
        assert all(first[1] < second[0] for first, second in pairwise(ranges)), patch.name
        assert patch.why


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_pins(recipe: Recipe) -> None:
    for source in recipe.sources:
        assert source.licenses or source.public_domain, f"{source.name} has no licence"
        # Every text goes into distributions. Of tools, LLVM alone has code in them: its functions for programs.
        assert recipe.kind != "tool" or recipe.name == "llvm" or not source.license_files
        for origin in source.origins:
            assert origin.size > 10_000
            assert origin.kind != "url" or origin.where.startswith("https://")
            # What is compiled comes as its source; a font is none.
            data = recipe.kind == "library" and all("/share/" in row.value for row in recipe.installs)
            packaged = recipe.kind == "tool" or recipe.name in SETTINGS or data
            kinds = r"(orig\.tar\.(gz|xz|bz2)|deb)" if packaged else r"orig\.tar\.(gz|xz|bz2)"
            assert origin.kind != "debian" or re.fullmatch(rf"[a-z0-9.+-]+/[^/]+\.?{kinds}", origin.where)


def test_every_release_is_pinned_like_a_source() -> None:
    for release in MATRIX.releases:
        assert release.status in ("built", "pinned")
        assert release.version.startswith(f"{release.minor}.")
        assert len({origin.sha256 for origin in release.source.origins}) == 1


def test_every_recipe_is_part_of_some_build() -> None:
    used = {job.recipe.name for prepared in PREPARED for job in prepared.plan.jobs}
    chosen = prepare(ROOT, Selection(settings=("compiler=source",)), image="0").plan
    assert used | {job.recipe.name for job in chosen.jobs} == set(RECIPES)


def test_every_setting_that_is_asked_for_exists() -> None:
    # How tests are run (under ci/emulated.py, as root) is no alternative of a build, but asked for in the same way.
    known = {f"{name}={row.value}" for name, rows in MATRIX.settings.items() for row in rows} | {"emulated", "root"}
    texts = [path.read_text() for path in (ROOT / "cpython-unix").rglob("*.yml")]
    asked = {word for text in texts for word in re.findall(r'setting: "?!?([\w=-]+)', text)}
    assert asked
    assert asked <= known


def test_flavors_share_libraries_and_profiles() -> None:
    chosen = distributions(MATRIX, Selection(target=MATRIX.default_target, python="3.14"))
    keys = {str(words[1]): CHECKOUT.prepare(*words, image="0").keys for words in chosen}
    libraries = set(keys["noopt"]) - {"cpython"}
    for name in libraries:
        assert len({found[name] for found in keys.values()}) == 1, name
    assert len({found["cpython"] for found in keys.values()}) == len(keys)
    profile = {flavor: found["cpython-profile"] for flavor, found in keys.items() if "cpython-profile" in found}
    assert profile["pgo"] == profile["pgo+lto"] == profile["pgo+lto+shared"]
    assert profile["freethreaded+pgo"] == profile["freethreaded+pgo+lto+shared"] != profile["pgo"]


def test_a_list_of_all_has_the_keys_of_each() -> None:
    for prepared in PREPARED[:: max(1, len(PREPARED) // 8)]:
        plan = prepared.plan
        alone = Selection(target=plan.target.triple, python=plan.release.version, options=str(plan.flavor))
        assert prepare(ROOT, alone, image="0").keys == prepared.keys


def test_a_patch_of_cpython_changes_cpython_alone(tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415

    for name in ("cpython-unix", "pythonbuild", "targets.yml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    wanted = Selection(options="pgo+lto")
    before = prepare(tmp_path, wanted, image="0")
    with before.plan.goal.patches[0].open("a") as stream:
        stream.write("\n")
    after = prepare(tmp_path, wanted, image="0")
    assert {name for name in before.keys if before.keys[name] != after.keys[name]} == {"cpython", "cpython-profile"}
    other = prepare(tmp_path, wanted, image="1")
    assert not set(other.keys.values()) & set(after.keys.values())


def test_readme_commands_parse() -> None:
    text = (ROOT / "README.md").read_text()
    words = re.findall(r"^(?:\| `)?\./build\.py([^`#&\n]*)", text, flags=re.MULTILINE)
    assert len(words) > 8
    for line in words:
        parse(shlex.split(line))


def test_no_host_of_a_registry_is_named() -> None:
    hosts = re.compile(r"deb\.debian\.org|pypi\.org|pythonhosted|snapshot\.debian|registry\.npmjs|/root/\.pyenv")
    places = [
        *ROOT.glob("*.*"),
        *(p for d in ("cpython-unix", "pythonbuild", "ci", "docs") for p in (ROOT / d).rglob("*")),
    ]
    for path in places:
        if path.is_file() and path.suffix != ".pyc":
            assert not hosts.search(path.read_text(errors="replace")), path
