#!/usr/bin/env python3
"""Run a command where programs of another processor run like those of this one, its own children included.

    ci/emulated.py [--cpu NAME] TREE[:TREE] PROGRAM COMMAND...

NAME is the processor that qemu acts out (`emulator` in targets.yml says the lowest of each target). TREE is the result
of the job `emulator` (build/store/emulator-*/tree), for musl followed by that of the job `musl`; PROGRAM is any ELF
file of that processor, by whose head the kernel then knows them. Needs no root: user, mount and binfmt namespaces
(Linux 6.7), and an overlay.
For a look at a distribution: ci/emulated.py TREE python/bin/python3 ./build.py test ARCHIVE
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ci.namespaces import entered, mount

INSIDE = "PYTHONBUILD_EMULATED"
# What qemu's user mode reads (linux-user/main.c).
CPU = "QEMU_CPU"
HEAD = 20
DATA, ABI, KIND = 5, 7, 16
BIG_ENDIAN, PROGRAM = 2, 2


def registration(head: bytes, emulator: Path) -> bytes:
    """Return the line for the kernel's binfmt_misc by which files with such a head are run by ``emulator``.

    The system's ABI does not count, and a program may be a shared object (3) as well as not (2).
    """
    magic, mask = bytearray(head[:HEAD]), bytearray(b"\xff" * HEAD)
    kind = KIND + 1 if head[DATA] == BIG_ENDIAN else KIND
    magic[ABI], mask[ABI] = 0, 0
    magic[kind], mask[kind] = PROGRAM, 0xFE
    texts = ["".join(f"\\x{byte:02x}" for byte in value) for value in (magic, mask)]
    return f":emulated:M::{texts[0]}:{texts[1]}:{emulator}:F".encode()


def prepared(scratch: Path, words: list[str]) -> list[str]:
    """Let the kernel know the emulator: return the command that can run then."""
    trees, program, *command = words
    roots = [Path(tree).resolve() for tree in trees.split(":")]
    place, loaders = (scratch / name for name in ("binfmt", "loaders"))
    mount("binfmt_misc", place)
    emulator = next((roots[0] / "tools/host/bin").glob("qemu-*"), None)
    if emulator is None:
        sys.exit(
            f"ci/emulated.py: no emulator in {roots[0]}: TREE is that of the job 'emulator', with tools/host/bin/qemu-*"
        )
    head = Path(program).read_bytes()[:HEAD]
    if len(head) < HEAD or not head.startswith(b"\x7fELF"):
        sys.exit(f"ci/emulated.py: {program} is no ELF file: PROGRAM is one of the processor to act out")
    (place / "register").write_bytes(registration(head, emulator))
    # Its libc lies where its programs look for it. Of musl that is the loader alone.
    for loader in (path for root in roots for path in (root / "sysroot/usr/lib").glob("ld-musl-*")):
        shutil.copy(loader, loaders / loader.name)
    for directory in ("/usr/lib", "/usr/lib64"):
        if Path(directory).is_dir():
            mount("overlay", Path(directory), f"lowerdir={loaders}:{roots[0]}/tools/emulator/lib:{directory}")
    return command


def main(words: list[str]) -> int:
    """Enter new namespaces, prepare them, and run the command."""
    if words[:1] == ["--cpu"]:
        os.environ[CPU] = "".join(words[1:2])
        words = words[2:]
    if len(words) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    needs = "; it needs Linux 6.7 or newer"
    again = [__file__, *words]
    return entered(again, INSIDE, outside=filled, inside=lambda scratch: prepared(scratch, words), needs=needs)


def filled(scratch: Path) -> None:
    """Make the directories that are used inside."""
    for name in ("binfmt", "loaders"):
        (scratch / name).mkdir()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
