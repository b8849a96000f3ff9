"""Run CPython's own test suite with the Python of this distribution.

    run_tests.py [arguments of `python -m test`]

Lies in ``build/`` of a full archive, beside ``install/``. Any Python 3 can start it.
"""

import subprocess
import sys
from pathlib import Path


def interpreter(build: Path) -> Path:
    """Return the interpreter of the distribution whose ``build`` directory this is."""
    return build.parent / "install" / "bin" / "python3"


def main() -> int:
    """Run ``python -m test`` with the words of the command line, and return its exit status."""
    python = interpreter(Path(__file__).resolve().parent)
    return subprocess.run(
        [python, "-u", "-W", "default", "-bb", "-E", "-m", "test", *sys.argv[1:]], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
