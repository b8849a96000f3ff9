"""What the checkout's own plans say of themselves is a record that the validator takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pythonbuild.archives import stamp_key
from pythonbuild.decide import Selection, prepare
from pythonbuild.distribution import Wishes
from pythonbuild.package.archives import INSTALL_RECORD
from pythonbuild.package.record import BuildRecord
from pythonbuild.recording import record_of
from pythonbuild.settings import ROOT, Settings
from pythonbuild.validate.model import Form, Limits, Tree
from pythonbuild.validate.record import build_record
from tests.unit.records import DIGEST

GLIBC, MUSL = "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"
LIMITS = Limits(triple=GLIBC, machine="X86_64", allowed_needed=frozenset())


@pytest.mark.parametrize(
    ("target", "options"), [(GLIBC, "noopt"), (GLIBC, "pgo+lto"), (GLIBC, "freethreaded+debug"), (MUSL, "pgo+lto")]
)
def test_record_of_a_plan(target: str, options: str) -> None:
    prepared = prepare(ROOT, Selection(target=target, python="3.14", options=options), image=DIGEST)
    record = record_of(prepared, {"clang-22": "1:22.1", "bash": "5.2"}, DIGEST if "pgo" in options else None)
    assert BuildRecord.from_json(record.to_json()) == record
    assert record.toolchain == {"clang-22": "1:22.1"}
    assert record.flags["configure"]
    name = f"cpython-{record.python}+20200101-{target}-install_{options}.tar.zst"
    form = Form(compression="zstd")
    tree = Tree(name=name, form=form, entries=(), record=record, record_path=INSTALL_RECORD)
    assert list(build_record(tree, LIMITS)) == []


def test_archives_with_another_record_are_written_anew() -> None:
    settings, wishes = Settings(), Wishes(tag="20200101")
    words = Selection(target=GLIBC, python="3.14", options="noopt")
    plain = prepare(ROOT, words, image=DIGEST)
    without = prepare(ROOT, replace(words, without=frozenset({"bolt"})), image=DIGEST)
    assert plain.keys == without.keys
    assert stamp_key(plain, wishes, settings) == stamp_key(plain, wishes, settings)
    assert stamp_key(plain, wishes, settings) != stamp_key(without, wishes, settings)
