"""What every engine promises, tried on each of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from pythonbuild.engine import CommandFailed
from pythonbuild.errors import EngineError
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pythonbuild.engine import Engine, EngineFactory, Image

ENV = {"PATH": "/usr/bin:/bin"}
IN = PurePosixPath("/in")
OUT = PurePosixPath("/out")
OLD = 1_400_000_000


class Recorder:
    def __init__(self) -> None:
        self.data = b""
        self.arrived = threading.Event()

    def line(self, data: bytes) -> None:
        self.data += data
        self.arrived.set()


def output(engine: Engine, *command: str, env: dict[str, str] | None = None) -> bytes:
    log = Recorder()
    engine.run(command, env=ENV if env is None else env, log=log)
    return log.data


def bash(engine: Engine, script: str) -> bytes:
    return output(engine, "/bin/bash", "-c", script)


def running(mark: str) -> list[str]:
    """Return the command lines of all processes of this machine that name ``mark``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if mark.encode() in command and int(path.parent.name) != os.getpid():
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def escaped(mark: str) -> str:
    """Return a command that leaves its session and goes on as ``mark``."""
    return f"setsid bash -c 'exec -a {mark} sleep 600'"


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("code", [1, 3, 255])
def test_exit_status(engine: Engine, code: int) -> None:
    with pytest.raises(CommandFailed) as failure:
        bash(engine, f"exit {code}")
    assert failure.value.exit_code == code


def test_death_by_signal(engine: Engine) -> None:
    with pytest.raises(CommandFailed) as failure:
        bash(engine, "kill -KILL $$")
    assert failure.value.exit_code == 128 + signal.SIGKILL


def test_missing_command(engine: Engine) -> None:
    with pytest.raises(CommandFailed) as failure:
        output(engine, "/no/such/command")
    assert failure.value.exit_code == 127


def test_output_order(engine: Engine) -> None:
    script = "for n in $(seq 200); do echo out $n; echo err $n >&2; done"
    expected = "".join(f"out {n}\nerr {n}\n" for n in range(1, 201))
    assert bash(engine, script) == expected.encode()


def test_output_that_is_not_utf8(engine: Engine) -> None:
    assert bash(engine, r"printf 'a\xff\xfe\0b\nrest'") == b"a\xff\xfe\0b\nrest"


def test_long_line(engine: Engine) -> None:
    assert bash(engine, "head -c 300000 /dev/zero | tr '\\0' x") == b"x" * 300000


def test_environment_is_what_was_given(engine: Engine) -> None:
    env = {"PATH": "/usr/bin", "SPACE": "a b", "EMPTY": "", "QUOTE": "'\"$x", "LETTER": "ü"}
    lines = output(engine, "/usr/bin/env", env=env).decode().splitlines()
    assert sorted(lines) == sorted(f"{name}={value}" for name, value in env.items())


def test_directory_and_user(engine: Engine) -> None:
    assert bash(engine, "pwd; id -u; id -g; ls -A /build /tmp").split() == [b"/build", b"0", b"0", b"/build:", b"/tmp:"]
    log = Recorder()
    engine.run(["pwd"], env=ENV, log=log, cwd=PurePosixPath("/out"))
    assert log.data == b"/out\n"


def test_image_is_read_only(engine: Engine) -> None:
    with pytest.raises(CommandFailed):
        bash(engine, "touch /usr/bin/new")
    assert bash(engine, "for d in build in out sysroot tmp tools; do touch /$d/new; done") == b""


def test_input_is_empty_and_signals_are_default(engine: Engine) -> None:
    assert bash(engine, "cat; echo end") == b"end\n"
    assert bash(engine, "grep SigIgn /proc/self/status").split()[1] == b"0" * 16


def test_devices(engine: Engine) -> None:
    script = "echo x >/dev/null; head -c 3 /dev/urandom | wc -c; [ -w /dev/shm ]; [ -e /dev/ptmx ]; cat <(echo fd)"
    assert bash(engine, f"set -e; {script}") == b"3\nfd\n"


def make_tree(folder: Path) -> None:
    (folder / "deep/er").mkdir(parents=True)
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "deep/data").write_bytes(bytes(range(256)))
    (folder / "deep/data").chmod(0o640)
    (folder / "deep/er/ü b").write_text("")
    (folder / "link").symlink_to("deep/data")
    (folder / "nowhere").symlink_to("/absolute/nowhere")
    os.link(folder / "run", folder / "same")
    for path in (folder / "deep/data", folder / "deep/er/ü b", folder / "run", folder / "deep/er", folder / "deep"):
        os.utime(path, (OLD, OLD))


def described(folder: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("directory", int(status.st_mtime))
        else:
            found[name] = ("file", oct(status.st_mode), int(status.st_mtime), path.read_bytes())
    return found


def test_files_out_equal_files_in(engine: Engine, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    make_tree(tree)
    engine.put(tree, PurePosixPath("/in/tree"))
    assert bash(engine, "stat -c '%a %Y' /in/tree/deep/data; readlink /in/tree/nowhere").decode().splitlines() == [
        f"640 {OLD}",
        "/absolute/nowhere",
    ]
    bash(engine, "cp -a /in/tree /out/tree")
    engine.take(OUT / "tree", tmp_path / "back")
    assert described(tmp_path / "back") == described(tree)


def test_one_file_in_and_out(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0content")
    engine.put(tmp_path / "file", PurePosixPath("/in/sources/deep/other"))
    bash(engine, "cp /in/sources/deep/other /out/copy")
    engine.take(OUT / "copy", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"\0content"


def test_trees_are_laid_over_each_other(engine: Engine, tmp_path: Path) -> None:
    for name, text in (("a", "first"), ("b", "second")):
        (tmp_path / name / "deps/lib").mkdir(parents=True)
        (tmp_path / name / "deps/lib" / name).write_text(text)
        (tmp_path / name / "deps/lib/both").write_text(text)
        engine.put(tmp_path / name, PurePosixPath("/tools"))
    assert bash(engine, "cat /tools/deps/lib/{a,b,both}") == b"firstsecondsecond"


def test_put_does_not_touch_its_source(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("kept")
    engine.put(tmp_path / "a", PurePosixPath("/tools/a"))
    bash(engine, "echo changed >/tools/a/file; chmod 0 /tools/a/file")
    assert (tmp_path / "a/file").read_text() == "kept"


def test_out_is_taken_into_a_directory_that_exists(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    bash(engine, "mkdir -p /out/tools/deps; echo x >/out/tools/deps/y")
    engine.take(OUT, tmp_path / "result")
    assert (tmp_path / "result/tools/deps/y").read_text() == "x\n"


def test_outside_paths_are_refused(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    for inside in ("/usr/x", "/", "in/x", "/in/../usr/x"):
        with pytest.raises(EngineError, match="is not below"):
            engine.put(tmp_path / "x", PurePosixPath(inside))
    with pytest.raises(EngineError, match="no /out/missing"):
        engine.take(OUT / "missing", tmp_path / "missing")


def test_no_network_but_loopback(engine: Engine) -> None:
    assert bash(engine, "tail -n +3 /proc/net/dev | cut -d: -f1").split() == [b"lo"]
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "c = socket.create_connection(s.getsockname()); c.close(); print('loopback'); "
        "r = socket.socket().connect_ex(('192.0.2.1', 80)); print('none' if r else 'connected')"
    )
    assert output(engine, "python3", "-c", script) == b"loopback\nnone\n"


def test_commands_share_files_and_no_processes(engine: Engine) -> None:
    mark = uuid.uuid4().hex
    bash(engine, f"echo kept >file; (exec -a {mark} sleep 600) & {escaped(mark)} & sleep 0.2")
    assert eventually(lambda: not running(mark))
    assert bash(engine, "cat file") == b"kept\n"


def test_usable_after_a_failure(engine: Engine) -> None:
    with pytest.raises(CommandFailed):
        bash(engine, "echo x >/build/left; exit 1")
    assert bash(engine, "cat /build/left") == b"x\n"


def test_close_ends_what_runs(engine: Engine) -> None:
    mark = uuid.uuid4().hex
    log = Recorder()
    problems: list[BaseException] = []

    def run() -> None:
        try:
            command: Sequence[str] = ("/bin/bash", "-c", f"trap '' TERM INT; echo on; exec -a {mark} sleep 600")
            engine.run(command, env=ENV, log=log)
        except EngineError as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert log.arrived.wait(30)
    assert eventually(lambda: bool(running(mark)))
    engine.close()
    thread.join(30)
    assert not thread.is_alive()
    assert [str(problem) for problem in problems] == ["contract: stopped"]
    assert eventually(lambda: not running(mark))
    engine.close()


DRIVER = """
import signal
import sys
from pathlib import Path
from pythonbuild.engine import Image
from pythonbuild.engine.{name} import {factory}

class Log:
    def line(self, data):
        print(data, flush=True)

# Tests that run in the background of a shell inherit that it is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
engine = {factory}().open(Image(digest="x", where={where!r}), Path({work!r}), "driver")
try:
    engine.run(
        ["/bin/bash", "-c", {script!r}],
        env={env!r}, log=Log(),
    )
finally:
    engine.close()
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda signum: signum.name)
def test_nothing_outlives_the_driver(
    factory: EngineFactory, image: Image, tmp_path: Path, signum: signal.Signals
) -> None:
    mark = uuid.uuid4().hex
    program = DRIVER.format(
        name=factory.name,
        factory=type(factory).__name__,
        where=image.where,
        work=str(tmp_path),
        script=f"{escaped(mark)} & echo on; exec -a {mark} sleep 600",
        env=ENV,
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as driver:
        try:
            assert driver.stdout is not None
            assert driver.stdout.readline() == b"b'on\\n'\n"
            assert eventually(lambda: len([line for line in running(mark) if line.startswith(mark)]) == 2)
            driver.send_signal(signum)
            driver.wait(60)
        finally:
            driver.kill()
    assert eventually(lambda: not running(mark)), running(mark)


def test_a_place_that_resumes_finds_what_was_left(factory: EngineFactory, image: Image, tmp_path: Path) -> None:
    def found(work: Path) -> bytes:
        work.mkdir(exist_ok=True)
        place = factory.open(image, work, "resumed", resumes=True)
        try:
            return bash(place, "cat /build/* 2>/dev/null; echo half > /build/done")
        finally:
            place.close()

    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    try:
        assert found(here) == b""
        assert found(here) == b"half\n"
        assert found(elsewhere) == b""
    finally:
        for work in (here, elsewhere):
            factory.forget(work, "resumed")
            shutil.rmtree(work)
    assert found(here) == b""
    factory.forget(here, "resumed")
