"""Running ``cases/*.py`` under the unpacked Python: one process per file, one outcome per test, crashes included."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pythonbuild.disttest.facts import stages_of
from pythonbuild.disttest.model import CaseSkipped, Outcome
from pythonbuild.disttest.subject import Subject, ending

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).parent / "cases"
_RUNNER = CASES / "under_test.py"


def groups() -> list[Path]:
    """Return the files with tests, in the order of their names."""
    return sorted(CASES.glob("test_*.py"))


def run_group(subject: Subject, group: Path, only: str | None) -> Iterator[Outcome]:
    """Run the tests of one file whose name has ``only`` in it; yield their outcomes as they come.

    The process writes one JSON line for each test that it begins and ends. A test that was begun and not ended when the
    process is gone is the one that crashed it, or that was still running when the time was up.
    """
    facts = subject.work / "facts.json"
    facts.write_text(json.dumps(known_of(subject)))
    command = [str(subject.python), "-I", "-B", str(_RUNNER), str(group), str(facts), only or ""]
    started = time.monotonic()
    # A session of its own: what a test started is ended with it, and holds the pipe open no longer.
    process = subprocess.Popen(
        command, cwd=subject.work, env=dict(subject.environment), stdin=subprocess.DEVNULL, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    running: str | None = None
    noise: list[str] = []
    watch = threading.Timer(subject.timeout, end_session, [process])
    watch.daemon = True
    try:
        watch.start()
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        for line in process.stdout:
            event = _event(line)
            if event is None:
                noise.append(line)
            elif event["status"] == "begun":
                if running:
                    yield Outcome(running, "failed", "it said nothing of its end", time.monotonic() - started)
                running, started = event["name"], time.monotonic()
            else:
                yield Outcome(event["name"], event["status"], event["message"], time.monotonic() - started)
                running = None
        process.wait()
    finally:
        watch.cancel()
        end_session(process)
        process.communicate()
    if process.returncode or running:
        name = running or group.stem.removeprefix("test_")
        message = f"python {ending(process.returncode)}: {''.join(noise)[-800:].strip()}"
        yield Outcome(name, "failed", message, time.monotonic() - started)


def known_of(subject: Subject) -> dict[str, Any]:
    """Return what tests inside are told of the distribution; ``stages`` is None where its target is none of ours."""
    try:
        stages = stages_of(subject)
    except CaseSkipped:
        stages = None
    return {
        "extensions": _extensions(subject),
        "options": sorted(subject.options),
        "prefix": str(subject.prefix),
        "stages": stages,
    }


def end_session(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a session, and all in it; do nothing where all are gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end_strays(place: Path) -> None:
    """End the processes whose temporary files belong below ``place`` (TMPDIR): daemons that have left their session.

    ``place`` is of one session alone. Where there is no /proc, nothing is found.
    """
    word = b"\0TMPDIR=" + os.fsencode(place)
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it is gone, or another user's
            own = b"\0" + environment.read_bytes()
            if word + b"\0" in own or word + b"/" in own:
                os.kill(int(environment.parent.name), signal.SIGKILL)


def _event(line: str) -> dict[str, Any] | None:
    """Read one line of the runner; None for anything that a test itself printed."""
    if not line.startswith("\x1e"):
        return None
    data = json.loads(line[1:])
    return data if isinstance(data, dict) else None


def _extensions(subject: Subject) -> list[str] | None:
    """Return the names of the extension modules in PYTHON.json; None lets the interpreter say it itself."""
    if subject.metadata is None:
        return None
    return sorted(subject.metadata.get("build_info", {}).get("extensions", {}))
