"""What only the embedded engine has: weaker kinds of isolation, and ordinary users."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from pythonbuild.engine import DIRECTORIES, CommandFailed, ImageFiles, choose, doctor_lines
from pythonbuild.engine.namespace import NamespaceEngine, NamespaceFactory, isolation
from pythonbuild.errors import EngineError
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from pythonbuild.rootfs import Rootfs

pytestmark = [
    pytest.mark.namespace,
    pytest.mark.skipif(isolation()[0] is None, reason=f"namespace: {isolation()[1]}"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do without user namespaces")
ENV = {"PATH": "/usr/bin:/bin"}
NOBODY = 65534


class Recorder:
    def __init__(self) -> None:
        self.data = b""

    def line(self, data: bytes) -> None:
        self.data += data


@as_root
@pytest.mark.parametrize("kind", ["root", "chroot"])
def test_weaker_isolation_builds_as_well(rootfs: Rootfs, tmp_path: Path, kind: str) -> None:
    engine = NamespaceEngine(rootfs.tree, tmp_path / "work", "weak", kind)
    (tmp_path / "file").write_text("content\n")
    engine.put(tmp_path / "file", PurePosixPath("/in/file"))
    log = Recorder()
    script = "pwd; cat /in/file; echo x >/dev/null; cp /in/file /out; (exec -a left sleep 600) & exit 4"
    with pytest.raises(CommandFailed) as failure:
        engine.run(["bash", "-c", script], env=ENV, log=log)
    assert (failure.value.exit_code, log.data) == (4, b"/build\ncontent\n")
    engine.take(PurePosixPath("/out"), tmp_path / "result")
    assert (tmp_path / "result/file").read_text() == "content\n"
    engine.close()


@as_root
def test_closing_a_chroot_kills_all_of_it(rootfs: Rootfs, tmp_path: Path) -> None:
    engine = NamespaceEngine(rootfs.tree, tmp_path / "work", "weak", "chroot")
    script = "setsid bash -c 'echo $$ >/out/pid; exec sleep 600' & sleep 600"
    problems = []

    def run() -> None:
        try:
            engine.run(["bash", "-c", script], env=ENV, log=Recorder())
        except EngineError as error:
            problems.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    pid = tmp_path / "work/root/out/pid"
    while not pid.exists() or not pid.read_text().strip():
        time.sleep(0.05)
    engine.close()
    thread.join(30)
    assert problems == ["weak: stopped"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), signal.SIG_DFL)


PROGRAM = """
import sys
from pathlib import Path, PurePosixPath
from pythonbuild.engine.namespace import NamespaceEngine

class Log:
    def line(self, data):
        sys.stdout.buffer.write(data)

engine = NamespaceEngine(Path(sys.argv[1]), Path(sys.argv[2]), "user", "user")
engine.run(["bash", "-c", "id -u; echo text >/out/file; ls /dev | wc -l"], env={"PATH": "/usr/bin"}, log=Log())
engine.take(PurePosixPath("/out/file"), Path(sys.argv[2]) / "taken")
"""


@as_root
def test_an_ordinary_user_needs_no_rights(rootfs: Rootfs) -> None:
    """The tree belongs to another user here, and the work directory to this one."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("no Python that every user may run")
    work = Path(f"/tmp/pythonbuild-user-{os.getpid()}")
    work.mkdir()
    os.chown(work, NOBODY, NOBODY)
    try:
        result = subprocess.run(
            [python, "-c", PROGRAM, str(rootfs.tree), str(work)],
            cwd=ROOT,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        if b"PermissionError" in result.stderr:
            pytest.skip("this checkout can't be read by other users")
        assert result.stderr == b""
        assert result.stdout.split() == [b"0", b"13"]
        assert (work / "taken").read_text() == "text\n"
        assert (work / "taken").stat().st_uid == NOBODY
    finally:
        subprocess.run(["rm", "-rf", work], check=True)


def test_directories_are_empty_at_first(rootfs: Rootfs, tmp_path: Path) -> None:
    NamespaceEngine(rootfs.tree, tmp_path / "work", "x", "user")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == list(DIRECTORIES)


def test_a_place_that_can_not_be_made_is_an_engine_error(tmp_path: Path) -> None:
    engine = NamespaceEngine(tmp_path / "no-image", tmp_path / "work", "x", isolation()[0] or "user")
    with pytest.raises(EngineError, match=r"can.t enter the build image: .*No such file"):
        engine.run(["true"], env=ENV, log=Recorder())


def test_a_tree_is_needed() -> None:
    with pytest.raises(EngineError, match="image of a registry"):
        NamespaceFactory().prepare(ImageFiles(digest="0" * 64, tree=None, dockerfile=""))


def test_choose_and_doctor() -> None:
    assert choose("namespace").name == "namespace"
    assert choose("auto").name in ("docker", "namespace")
    assert [line.split(":")[0] for line in doctor_lines()] == ["docker", "namespace"]
