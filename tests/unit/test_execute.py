"""Where a job works: a new place each time, but for what a recipe that resumes goes on with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pythonbuild.execute import Executor
from pythonbuild.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("resumes", [True, False])
def test_what_is_left_of_a_stopped_job(tmp_path: Path, *, resumes: bool) -> None:
    nothing: Any = None
    prepared: Any = SimpleNamespace(keys={"llvm": "0123456789abcdef0"})
    job: Any = SimpleNamespace(id="llvm", name="llvm", recipe=SimpleNamespace(resumes=resumes))
    executor = Executor(
        settings=Settings(build=tmp_path),
        prepared=prepared,
        factory=nothing,
        image=nothing,
        store=nothing,
        sources={},
    )
    work = executor.work_directory(job)
    assert list(work.iterdir()) == []
    for name in ("build", "out", "in"):
        (work / name).mkdir()
        (work / name / "file").touch()
    (work / "spec.json").touch()
    (work / "link").symlink_to("nowhere")
    assert executor.work_directory(job) == work
    left = sorted(path.relative_to(work).as_posix() for path in work.rglob("*"))
    assert left == (["build", "build/file"] if resumes else [])
