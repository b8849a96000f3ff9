"""configure.yml: rows by section, decided by facts; and the file of this project."""

from __future__ import annotations

from pathlib import Path

import pytest

from pythonbuild.condition import Facts
from pythonbuild.cpython.configure import load_configuration
from pythonbuild.errors import DataError

ROOT = Path(__file__).resolve().parents[2]

TEXT = """
arguments:
  - args: ["--prefix=/install", "--host={host_triple}"]
  - args: [--with-pydebug]
    when: {flavor: debug}
    why: The flavor.
answers:
  - set: {ac_cv_x: "no", ac_cv_y: "yes"}
  - set: {ac_cv_x: "yes"}
    when: {python: "3.14-"}
    why: Newer.
"""


def facts(python: str = "3.14", flavor: str = "noopt") -> Facts:
    words = frozenset(flavor.split("+"))
    return Facts(
        target="x86_64-unknown-linux-gnu",
        os="linux",
        arch="x86_64",
        libc="glibc",
        python=python,
        flavor=words,
        stages=frozenset({"full-lto"}),
    )


def configuration_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "configure.yml"
    path.write_text(text)
    return path


def test_rows_that_hold_are_joined_and_filled(tmp_path: Path) -> None:
    configuration = load_configuration(configuration_file(tmp_path, TEXT))
    values = {"host_triple": "x"}
    assert configuration.words("arguments", facts(), values) == ("--prefix=/install", "--host=x")
    assert configuration.words("arguments", facts(flavor="debug"), values)[-1] == "--with-pydebug"
    assert configuration.words("link", facts(), values) == ()
    assert configuration.variables("answers", facts("3.13")) == {"ac_cv_x": "no", "ac_cv_y": "yes"}
    assert configuration.variables("answers", facts()) == {"ac_cv_x": "yes", "ac_cv_y": "yes"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("argument:\n  - args: [x]\n", r"configure.yml:1: unknown key 'argument', did you mean 'arguments'\?"),
        ("make:\n  - args: [x]\n", "configure.yml:2: key 'set' is missing"),
        ("link:\n  - args: [x]\n    when: {os: linux}\n", "configure.yml:3: a 'when' needs a 'why'"),
    ],
)
def test_mistakes_point_at_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_configuration(configuration_file(tmp_path, text))


def test_an_unknown_field_names_the_file(tmp_path: Path) -> None:
    configuration = load_configuration(configuration_file(tmp_path, "link:\n  - args: ['{prefx}']\n"))
    with pytest.raises(DataError, match=r"configure\.yml.*prefx"):
        configuration.words("link", facts(), {"prefix": "/x"})


@pytest.mark.parametrize(
    ("python", "flavor", "present", "absent"),
    [
        (
            "3.14",
            "pgo+lto",
            {"--enable-optimizations", "--with-lto=full"},
            {"--with-pydebug"},
        ),
        ("3.13", "pgo", {"--enable-optimizations"}, {"--with-lto=full", "--with-tail-call-interp"}),
        ("3.14", "debug", {"--with-pydebug"}, {"--enable-optimizations", "--with-tail-call-interp"}),
        ("3.14", "noopt", {"--enable-shared", "--without-ensurepip"}, {"--with-lto=full", "--disable-gil"}),
    ],
)
def test_flavors_of_this_project(python: str, flavor: str, present: set[str], absent: set[str]) -> None:
    configuration = load_configuration(ROOT / "cpython-unix" / "cpython" / "configure.yml")
    values = {"host_triple": "h", "build_triple": "b", "prefix": "/p", "source": "/s"}
    words = set(configuration.words("arguments", facts(python, flavor), values))
    assert present <= words
    assert not absent & words
