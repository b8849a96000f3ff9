"""What configure found out about each target differs from the reference for a known reason, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pythonbuild import pyconfig
from pythonbuild.flavor import Flavor
from pythonbuild.load import read
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix

HERE = Path(__file__).parent
REFERENCE = "x86_64-unknown-linux-gnu"
TARGETS = Matrix.load(ROOT / "targets.yml").targets
KNOWN = {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "pyconfig").glob("*.json"))}
OTHERS = [triple for triple in KNOWN if triple != REFERENCE]
FLAVOR = Flavor(frozenset({"pgo", "lto"}))


@pytest.mark.parametrize("triple", OTHERS)
def test_each_difference_has_a_reason_and_each_reason_a_difference(triple: str) -> None:
    facts = TARGETS[triple].facts(python="3.14", flavor=FLAVOR.words)
    assert KNOWN[triple] == pyconfig.expected(read(HERE / "pyconfig.yml"), facts)


@pytest.mark.parametrize("triple", KNOWN)
def test_what_a_portable_python_must_have_is_there(triple: str) -> None:
    answers = KNOWN[REFERENCE] | KNOWN[triple]
    assert answers["Py_HASH_ALGORITHM"] == pyconfig.NOT_DEFINED, "CPython's own choice is siphash"
    for wrong in (
        "HAVE_ALIGNED_REQUIRED",
        "HAVE_BROKEN_SEM_GETVALUE",
        "POSIX_SEMAPHORES_NOT_ENABLED",
        "HAVE_BROKEN_NICE",
    ):
        assert answers[wrong] == pyconfig.NOT_DEFINED, wrong
    for right in ("HAVE_WORKING_TZSET", "HAVE_DEV_PTMX", "HAVE_GETADDRINFO", "HAVE_COMPUTED_GOTOS", "WITH_PYMALLOC"):
        assert answers[right] == "1", right


def test_headers_are_read_as_autoconf_writes_them() -> None:
    text = (
        "#define A 1\n/* #undef B */\n# define C\n"
        '#define D "two words"  \n/* no name */\n#ifndef E\n#define E 8\n#endif\n'
    )
    assert pyconfig.answers(text) == {"A": "1", "B": "undefined", "C": "", "D": '"two words"', "E": "8"}


def test_differences_go_both_ways() -> None:
    found = pyconfig.differences({"A": "1", "B": "2", "C": "3"}, {"A": "1", "B": "undefined", "D": "4"})
    assert found == {"B": "undefined", "C": "undefined", "D": "4"}
