#!/usr/bin/env python3
"""Give the validator's readers damaged files, and see that each is refused or read, and never crashes.

    $(./build.py environment --dev) ci/fuzz.py [--inputs 100000] [--seed 1] [READER...]

Each reader gets its share in a process of its own: LIEF is native code, whose crash would end this one. The input
that ended a process is kept in build/fuzz/. Hypothesis chooses the damage; one seed means the same inputs.
"""

from __future__ import annotations

import argparse
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pythonbuild.disttest.subject import ending  # noqa: E402
from tests.unit import fuzzing  # noqa: E402

KEPT = ROOT / "build" / "fuzz"
MEMORY = 4 << 30
# Seconds of the processor after which the reader of one input is ended: it would never come to an end.
SLOW = 60


def one(name: str, inputs: int, seed: int) -> None:
    """Try one reader in this process; the input that is being read is always in a file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with (KEPT / name).open("wb") as file:

        def seen(data: bytes) -> None:
            file.seek(0)
            file.truncate()
            file.write(data)
            file.flush()
            signal.setitimer(signal.ITIMER_PROF, SLOW)

        print(fuzzing.fuzz(name, inputs, seed, seen))


def main() -> int:
    """Return 0 when no reader crashed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="of all readers together (default: 100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help="in this process, for a debugger")
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(fuzzing.READERS)}")
    words = parser.parse_args()
    unknown = sorted({*words.readers} - {*fuzzing.READERS})
    if unknown:
        parser.error(f"there is no reader {', '.join(unknown)}")
    names = words.readers or fuzzing.readers()
    share = -(-words.inputs // len(names))
    KEPT.mkdir(parents=True, exist_ok=True)
    crashed = 0
    for name in names:
        if words.here:
            one(name, share, words.seed)
            continue
        start = time.monotonic()
        command = [sys.executable, __file__, "--here", "--inputs", str(share), "--seed", str(words.seed), name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        took = time.monotonic() - start
        if done.returncode:
            crashed += 1
            print(f"{name} {ending(done.returncode)} after {took:.0f} s; the input is {KEPT / name}", flush=True)
        else:
            print(f"{name}: {share} inputs, {done.stdout.strip()} refused, {took:.0f} s", flush=True)
    return 1 if crashed else 0


if __name__ == "__main__":
    raise SystemExit(main())
