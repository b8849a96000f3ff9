"""Every target's data fits together; cross targets borrow what they can't make, and run nothing by themselves."""

from __future__ import annotations

import re

import pytest

from pythonbuild.decide import Checkout
from pythonbuild.execute import BUILD_PYTHON, places
from pythonbuild.settings import ROOT
from pythonbuild.target import Target

CHECKOUT = Checkout.read(ROOT)
TARGETS = CHECKOUT.matrix.targets
CROSS = [target for target in TARGETS.values() if target.cross]
# What no build for another machine may do: start what it builds.
STARTS = re.compile(r'^(?!.*EMULATOR).*(?:(?<![\w/])\./python |"/out/python/install/bin/python)', re.MULTILINE)


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_fields_fit_together(target: Target) -> None:
    config, limits = target.clang_config, target.limits
    assert f"--target={target.host_triple}" in config
    loader = target.fields["loader"].rpartition("/")[2]
    if target.libc == "glibc":
        minor = target.libc_version.rpartition(".")[2]
        assert limits.max_glibc == target.libc_version
        assert f"-D__GLIBC_MINOR__={minor}" in config
        assert target.fields["zig_target"].endswith(f".{target.libc_version}")
        assert loader in limits.needed
    if limits.page_align > 4096:
        assert f"-Wl,-z,max-page-size={limits.page_align}" in config
    if target.arch == "armv7":
        assert f"-mfloat-abi={limits.abi}" in config
    assert (limits.bits == 32) is (target.arch in {"armv7", "i686"})
    assert (limits.byte_order == "big") is (target.arch == "s390x")
    assert ("compiler-rt" in target.toolchain) is any("-resource-dir=" in word for word in config)
    assert ("compiler-rt" in target.toolchain) is (target.arch != "x86_64")


@pytest.mark.parametrize("target", CROSS, ids=[target.triple for target in CROSS])
@pytest.mark.parametrize(
    ("options", "plain", "trained"),
    [
        ("noopt", "noopt", None),
        ("pgo+lto", "noopt", "pgo+lto"),
        ("freethreaded+pgo", "freethreaded+noopt", "freethreaded+pgo"),
    ],
)
def test_what_is_borrowed_has_the_keys_that_it_has_at_home(
    target: Target, options: str, plain: str, trained: str | None
) -> None:
    release = CHECKOUT.matrix.python("3.14")

    def keys(where: str, words: str, without: frozenset[str] = frozenset()) -> dict[str, str]:
        checkout = Checkout.read(ROOT, without) if without else CHECKOUT
        home = checkout.matrix.target(where)
        return dict(checkout.prepare(home, checkout.matrix.flavor(words, home, release), release, image="0").keys)

    found = keys(target.triple, options)
    assert found[f"{target.python_from}/cpython"] == keys(target.python_from, plain)["cpython"]
    profile = found.get(f"{target.profile_from}/cpython-profile")
    # What compiles to other functions there is counted as it is compiled there.
    lacks = {"tail-call": target.arch != "aarch64", "fortify": target.libc == "musl"}
    shape = frozenset(stage for stage, holds in lacks.items() if holds)
    assert profile == (keys(target.profile_from, trained, shape)["cpython-profile"] if trained else None)
    assert "cpython-profile" not in found


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_nothing_is_run_that_the_build_machine_cannot_run(target: Target) -> None:
    release = CHECKOUT.matrix.python("3.14")
    prepared = CHECKOUT.prepare(target, CHECKOUT.matrix.flavor("pgo+lto", target, release), release, image="0")
    goal = prepared.rendered[prepared.plan.goal.id]
    texts = {
        name: data.decode()
        for name, data in goal.recipe_files.items()
        # Defines a function that nothing calls where nothing is trained.
        if name.endswith(".sh") and name != "steps/training.sh"
    }
    assert any(map(STARTS.search, texts.values())) is not target.cross
    answers = goal.files["config.site"]
    assert ("ac_cv_file__dev_ptmx=yes" in answers) is target.cross
    assert ("ac_cv_aligned_required=no" in answers) is target.cross
    configure = goal.variables["CONFIGURE_ARGS"]
    assert (f"--with-build-python={BUILD_PYTHON}/bin/python3.14" in configure) is target.cross
    if target.cross:
        python = prepared.plan.job(f"{target.python_from}/cpython")
        assert [place for _, place in places(python, ROOT)] == [BUILD_PYTHON]
