"""A program with OpenSSL, SQLite and Tcl frozen into a directory and into one file, run elsewhere without Python."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

shutil.copy(Path(__file__).with_name("program.txt"), "program.py")
for kind in ("--onedir", "--onefile"):
    # fmt: off
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN", kind, "--name", f"frozen{kind}",
         "program.py"],
        check=True,
    )
    # fmt: on
moved = Path("moved ä").absolute()
shutil.move("dist", moved)
shutil.rmtree("build")
for program in (moved / "frozen--onedir" / "frozen--onedir", moved / "frozen--onefile"):
    done = subprocess.run([program, "hello"], check=False, capture_output=True, text=True, cwd="/", env={})
    assert done.returncode == 0, (program.name, done)
    answer = json.loads(done.stdout)
    assert answer["argument"] == "hello"
    assert sys.base_prefix not in answer["prefix"], answer
