"""The same program compiled to C by Nuitka into a directory of its own, run elsewhere without Python."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

shutil.copy(Path(__file__).with_name("program.txt"), "program.py")
# fmt: off
subprocess.run(
    [sys.executable, "-m", "nuitka", "--standalone", "--assume-yes-for-downloads", "--enable-plugin=tk-inter",
     "--static-libpython=no", "--lto=no", "--quiet", "--remove-output", "program.py"],
    check=True,
)
# fmt: on
moved = Path("moved ä").absolute()
shutil.move("program.dist", moved)
program = next(path for path in (moved / "program.bin", moved / "program") if path.is_file())
done = subprocess.run([program, "hello"], check=False, capture_output=True, text=True, cwd="/", env={})
assert done.returncode == 0, done
answer = json.loads(done.stdout)
assert answer["argument"] == "hello"
