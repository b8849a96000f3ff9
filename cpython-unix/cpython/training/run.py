"""Run every workload beside this file, several at a time: what an interpreter that counts is trained with.

``python run.py --jobs 2``. The work is fixed, by seeded generators, so that two trainings count alike. None of
the programs is one that is measured: benchmarks must stay what a build has never seen.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
# How often each runs, so that all weigh about the same: a few seconds of an interpreter that does not count.
ROUNDS = {"calculations": 12, "documents": 4, "flow": 6, "objects": 4, "services": 2, "text": 6}


def workload(path: Path) -> float:
    """Run one workload under this interpreter; return the seconds it took."""
    started = time.monotonic()
    for _ in range(ROUNDS[path.stem]):
        subprocess.run([sys.executable, str(path)], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def main() -> None:
    """Run all workloads; the first that fails ends the training."""
    parser = argparse.ArgumentParser(description="Train an interpreter.")
    parser.add_argument("--jobs", type=int, default=1)
    jobs = parser.parse_args().jobs
    paths = sorted(path for path in HERE.glob("*.py") if path.name != Path(__file__).name)
    with ThreadPoolExecutor(jobs) as pool:
        for path, seconds in zip(paths, pool.map(workload, paths), strict=True):
            print(f"workload {path.stem}: {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
