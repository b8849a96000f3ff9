"""What the two CPython jobs are told, for the real recipe and the real targets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pythonbuild.cpython.render_inputs import Job, abi_suffix, config_site, script_inputs
from pythonbuild.flavor import Flavor
from pythonbuild.recipe import load_recipe
from pythonbuild.target import Matrix

ROOT = Path(__file__).resolve().parents[2]


STAGES = frozenset({"non-pie", "no-frame-pointers", "full-lto"})


def inputs(
    python: str, flavor: str, job: Job = "build", stages: frozenset[str] = STAGES
) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    matrix = Matrix.load(ROOT / "targets.yml")
    target, release = matrix.target("x86_64-unknown-linux-gnu"), matrix.python(python)
    recipe = load_recipe(ROOT / "cpython-unix" / "cpython")
    facts = replace(target.facts(python=release.minor, flavor=Flavor.parse(flavor).words), stages=stages)
    return script_inputs(recipe, facts, target, release, job)


def make_variable(variables: dict[str, str | tuple[str, ...]], name: str) -> str:
    words = dict(word.partition("=")[::2] for word in variables["MAKE_VARIABLES"])
    return words[name]


def test_a_native_build_is_no_cross_build() -> None:
    arguments = inputs("3.14", "noopt")[0]["CONFIGURE_ARGS"]
    triples = {word.partition("=")[2] for word in arguments if word.startswith(("--build=", "--host="))}
    assert len(triples) == 1


def test_the_profile_is_one_for_pgo_with_and_without_lto() -> None:
    assert inputs("3.14", "pgo", "profile") == inputs("3.14", "pgo+lto", "profile")
    variables, _ = inputs("3.14", "pgo+lto", "profile")
    assert "-fprofile-instr-generate" in make_variable(variables, "CFLAGS_NODIST").split()
    assert "--with-lto=full" not in variables["CONFIGURE_ARGS"]


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_a_shared_interpreter_differs_in_its_links_alone(python: str) -> None:
    plain, shared = inputs(python, "pgo+lto")[0], inputs(python, "pgo+lto+shared")[0]
    assert {name for name in plain if plain[name] != shared[name]} == {"MAKE_VARIABLES", "PATCHES"}
    assert make_variable(shared, "CFLAGS_NODIST") == make_variable(plain, "CFLAGS_NODIST")
    assert "LINK_PYTHON_OBJS" not in " ".join(shared["MAKE_VARIABLES"])


def test_the_real_build_uses_the_profile() -> None:
    variables, _ = inputs("3.14", "pgo+lto")
    assert "-fprofile-use=/in/profile/code.profdata" in str(variables["PROFILE_USE_FLAGS"])
    assert "-fprofile-instr-generate" not in make_variable(variables, "CFLAGS_NODIST")
    assert "-flto=full" in make_variable(variables, "LINKFORSHARED").split()
    assert "-flto=full" in make_variable(variables, "BLDSHARED").split()
    assert inputs("3.14", "noopt")[0]["PROFILE_USE_FLAGS"] == ""


@pytest.mark.parametrize(
    ("stage", "flags"),
    [
        ("non-pie", {"LINKFORSHARED": "-pie"}),
        ("no-frame-pointers", {"CFLAGS_NODIST": "-fno-omit-frame-pointer"}),
        ("full-lto", {"LINKFORSHARED": "-flto=thin", "BLDSHARED": "-flto=thin"}),
    ],
)
def test_a_stage_is_switched_off_without_another_training(stage: str, flags: dict[str, str]) -> None:
    usual, without = inputs("3.14", "pgo+lto")[0], inputs("3.14", "pgo+lto", stages=STAGES - {stage})[0]
    for name, flag in flags.items():
        assert flag in make_variable(without, name).split()
        assert flag not in make_variable(usual, name).split()
    assert inputs("3.14", "pgo+lto", "profile", STAGES - {stage}) == inputs("3.14", "pgo+lto", "profile")


def test_the_interpreter_holds_libpython_and_finds_its_library() -> None:
    variables, _ = inputs("3.14", "noopt")
    link = make_variable(variables, "LINKFORSHARED")
    assert "-Wl,-rpath,'$$ORIGIN/../lib'" in link
    assert "-no-pie" in link
    assert make_variable(variables, "LINK_PYTHON_OBJS") == "$(LIBRARY_OBJS)"


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_patches_exist(python: str) -> None:
    patches = inputs(python, "noopt")[0]["PATCHES"]
    folder = ROOT / "cpython-unix" / "cpython" / "patches"
    assert patches
    assert all((folder / patch.removeprefix("/in/recipe/patches/")).is_file() for patch in patches)


def test_files() -> None:
    _, files = inputs("3.13", "noopt")
    assert json.loads(files["extension-modules.json"])["_contextvars"]["build"] == "static"
    assert "ac_cv_func_explicit_bzero=no\n" in files["config.site"]
    assert config_site({"b": "1", "a": "2"}) == "a=2\nb=1\n"


@pytest.mark.parametrize(("flavor", "suffix"), [("noopt", ""), ("debug", "d"), ("freethreaded+debug", "td")])
def test_abi_suffix(flavor: str, suffix: str) -> None:
    target = Matrix.load(ROOT / "targets.yml").target("x86_64-unknown-linux-gnu")
    assert abi_suffix(target.facts(flavor=Flavor.parse(flavor).words)) == suffix


@pytest.mark.parametrize(
    ("python", "job", "platform"),
    [("3.14", "build", "linux-x86_64"), ("3.13", "build", None), ("3.14", "profile", None)],
)
def test_the_platform_is_told_where_a_file_says_it(python: str, job: Job, platform: str | None) -> None:
    assert inputs(python, "pgo+lto", job)[0].get("PLATFORM_TAG") == platform
