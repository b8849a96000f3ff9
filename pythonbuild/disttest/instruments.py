"""Tests: what looks at an interpreter from outside sees it: valgrind, unwinders, asyncio's own debugger."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from pythonbuild.disttest.building import FILES, paths_of
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped
from pythonbuild.disttest.moving import move

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.disttest.subject import Subject

# What valgrind says of a program that it can't run here, and what is behind it.
_INSTRUCTIONS = "valgrind of this machine does not know this processor's instructions"
_OTHER_PROCESSOR = "valgrind of this machine is not for this processor"
_UNABLE = {
    "unhandled instruction": _INSTRUCTIONS,
    "Unrecognised instruction": _INSTRUCTIONS,
    "failed to start tool": _OTHER_PROCESSOR,
    "not for this architecture": _OTHER_PROCESSOR,
    "wrong endian-ness": _OTHER_PROCESSOR,
    "This Python is built for processors of the level": _INSTRUCTIONS,
    "cannot be set up": "valgrind of this machine finds no symbols in the loader of this processor",
}
_HASHES = (
    "import hashlib\n"
    "for n in ('md5', 'sha256', 'sha512', 'sha3_256', 'blake2b', 'blake2s'): hashlib.new(n, b'x' * 9999).hexdigest()"
)
_TASKS = """
import asyncio, sys
async def disttest_child():
    print('ready', flush=True)
    await asyncio.sleep(60)
async def main():
    await asyncio.create_task(disttest_child(), name='disttest-task')
asyncio.run(main())
"""
_ALLOCATE = "x = [bytes(n) for n in range(2000)]; import json; json.loads(json.dumps(list(range(9999))))"


def valgrind(subject: Subject) -> None:
    """Hash under valgrind: optimizers that move code have left reads of memory that was never written."""
    program = shutil.which("valgrind")
    if program is None:
        raise CaseSkipped("this machine has no valgrind")
    if subject.musl:
        raise CaseSkipped("valgrind of this machine knows glibc's allocator")
    if "debug" in subject.options:
        raise CaseSkipped("under valgrind a debug build takes minutes")
    command: list[str | Path] = [
        program,
        "--quiet",
        "--error-exitcode=9",
        "--undef-value-errors=yes",
        subject.python,
        "-c",
        _HASHES,
    ]
    # A free-threaded interpreter has mimalloc alone, and refuses any other (preconfig_init_allocator).
    allocator = {} if "freethreaded" in subject.options else {"PYTHONMALLOC": "malloc"}
    try:
        subject.run(command, env={**allocator, "PYTHONHASHSEED": "0"})
    except CaseFailed as failed:
        for words, reason in _UNABLE.items():
            if words in str(failed):
                raise CaseSkipped(reason) from failed
        raise


def unwind(subject: Subject) -> None:
    """Walk the stack from a C function called by Python: backtrace() passes through the interpreter's loop."""
    subject.loadable()
    if subject.musl:
        raise CaseSkipped("musl has no backtrace()")
    place, paths = subject.scratch("unwind"), paths_of(subject)
    output = place / f"unwind{paths['EXT_SUFFIX']}"
    subject.run([subject.compiler(), "-shared", "-fPIC", f"-I{paths['INCLUDEPY']}", FILES / "unwind.c", "-o", output])
    # Each level of map() is a level of the loop in C.
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r}); import unwind\n"
        "def nested(n): return next(map(nested, [n - 1])) if n else unwind.depth()\n"
        "print(unwind.depth(), nested(20))"
    )
    shallow, deep = (int(word) for word in subject.code(code).split())
    if shallow < 6 or deep < shallow + 40:
        raise CaseFailed(f"backtrace() saw {shallow} frames, and {deep} under 20 nested calls")


def asyncio_tasks(subject: Subject) -> None:
    """``python -m asyncio ps PID`` lists the tasks of another process."""
    if int(subject.minor.partition(".")[2]) < 14:
        raise CaseSkipped("new in Python 3.14")
    # 3.14 takes every text of the other process for UTF-8 (read_py_str), and fails where a path has another letter.
    python = move(subject, "tasks")
    command = [str(python), "-c", _TASKS]
    with subprocess.Popen(command, env=dict(subject.environment), stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None  # noqa: S101 - PIPE was asked for
            child.stdout.readline()
            answer = subject.run([python, "-m", "asyncio", "ps", str(child.pid)])
        except CaseFailed as failed:
            if "ermission" in str(failed) or "not permitted" in str(failed):
                raise CaseSkipped("this machine lets no process look into another") from failed
            raise
        finally:
            child.terminate()
    if "disttest-task" not in answer:
        raise CaseFailed(f"the answer was {answer[-400:]!r}")


def mimalloc(subject: Subject) -> None:
    """Allocate by mimalloc (new in Python 3.13) and by the plain allocators."""
    allocators = ["malloc"] if "freethreaded" not in subject.options else []
    if "freethreaded" not in subject.options:
        allocators.append("pymalloc")
    if int(subject.minor.partition(".")[2]) >= 13:
        allocators += ["mimalloc", "mimalloc_debug"]
    for name in allocators:
        subject.code(_ALLOCATE, env={"PYTHONMALLOC": name})


CASES = (
    Case("instruments.valgrind", valgrind),
    Case("instruments.backtrace", unwind),
    Case("instruments.asyncio-tasks", asyncio_tasks),
    Case("instruments.allocators", mimalloc),
)
