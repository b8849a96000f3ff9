"""What trains, and how often: the list is data, installing trains no more, and the emulator can be asked to."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tarfile
from itertools import product
from pathlib import Path

import pytest
import yaml

from pythonbuild.recipe import load_recipe
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix, PythonRelease
from tests.data.sources import archive_of

MATRIX = Matrix.load(ROOT / "targets.yml")
CPYTHON = load_recipe(ROOT / "cpython-unix" / "cpython")
STEPS, WORKLOADS = CPYTHON.folder / "steps", CPYTHON.folder / "training"
TRAINING = {"train", "train-emulated"}
# What takes the place of qemu: `-0 NAME PROGRAM ARGUMENT...`, as the step gives it.
EMULATOR = '#!/bin/bash\n[ "$1" = -0 ] || exit 3\nname=$2\nshift 2\nexec -a "$name" "$@"\n'
# What takes the place of llvm-profdata: it writes what it was asked down, and the file that it was to make.
PROFDATA = """\
#!/bin/bash
echo "$*" >> "$ASKED"
for word; do case $word in --output=*) : > "${word#--output=}" ;; esac; done
"""
# A workload that starts Python again, and says by what name.
WORKLOAD = """\
import json, os, subprocess, sys
child = subprocess.run([sys.executable, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True)
with open(os.environ["LLVM_PROFILE_FILE"].replace("%4m", "NAME"), "w") as file:
    json.dump([sys.executable, child.stdout.strip(), child.returncode, os.environ["PYTHONHASHSEED"]], file)
"""


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def run_step(place: Path, workload: str) -> subprocess.CompletedProcess[str]:
    """Run train-emulated.sh below ``place``, with a Python of this machine, another emulator and one workload."""
    for name in ("bin", "source", "training", "build", "out", "in"):
        (place / name).mkdir()
    executable(place / "bin" / "emulator", EMULATOR)
    executable(place / "bin" / "llvm-profdata", PROFDATA)
    (place / "source" / "python").symlink_to(sys.executable)
    (place / "training" / "flow.py").write_text(workload)
    (place / "training" / "run.py").write_text("raise SystemExit('the list of workloads is not one of them')\n")
    step = re.sub(r"(?<![\w.])/(build|out|in)/", rf"{place}/\1/", (STEPS / "train-emulated.sh").read_text())
    script = (
        f"set -euo pipefail\nEMULATOR=({place}/bin/emulator)\nWORKLOADS=({place}/training/run.py)\nNUM_JOBS=2\n{step}"
    )
    environment = {"PATH": f"{place}/bin:/usr/bin:/bin", "ASKED": str(place / "asked")}
    return subprocess.run(
        ["bash", "-c", script], cwd=place / "source", env=environment, capture_output=True, text=True, check=False
    )


def test_a_workload_under_an_emulator_may_start_python_again(tmp_path: Path) -> None:
    done = run_step(tmp_path, WORKLOAD)
    assert done.returncode == 0, done.stderr
    own, child, code, seed = json.loads((tmp_path / "build" / "profile" / "NAME.profraw").read_text())
    assert own == child == str(tmp_path / "source" / "started")
    assert (code, seed) == (0, "0")
    assert "workload" in (tmp_path / "out" / "profile" / "training.log").read_text()
    asked = (tmp_path / "asked").read_text()
    assert f"{tmp_path}/in/profile/code.profdata --weighted-input=6,{tmp_path}/build/profile/own.profdata" in asked


def test_a_workload_that_fails_under_an_emulator_ends_the_step(tmp_path: Path) -> None:
    done = run_step(tmp_path, "raise SystemExit(4)\n")
    assert done.returncode != 0
    assert not (tmp_path / "asked").exists()


def test_every_workload_says_how_often_it_runs() -> None:
    tree = ast.parse((WORKLOADS / "run.py").read_text())
    rounds = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "ROUNDS"
    )
    assert {*rounds} == {path.stem for path in WORKLOADS.glob("*.py")} - {"run"}
    assert all(count > 0 for count in rounds.values())


def test_what_is_left_out_of_training_has_a_reason() -> None:
    data = yaml.safe_load((CPYTHON.folder / "configure.yml").read_text())
    left_out = [row for row in (*data["training"], *data["bolt_training"]) if "--ignore" in row["args"]]
    assert left_out
    assert all(row.get("why") for row in left_out)


@pytest.mark.parametrize("triple", MATRIX.targets)
def test_the_job_that_installs_trains_no_interpreter(triple: str) -> None:
    for minor, words in product(MATRIX.defaults_by_minor, (("pgo", "lto"), ("pgo",), ("pgo", "lto", "freethreaded"))):
        facts = MATRIX.targets[triple].facts(python=minor, flavor=frozenset(words))
        steps = [name for name, _ in CPYTHON.steps("build", facts)]
        assert not TRAINING & {*steps}
        assert steps.index("use-profile") < steps.index("compile") < steps.index("install")
        assert TRAINING & {name for name, _ in CPYTHON.steps("profile", facts)}


@pytest.mark.parametrize("release", MATRIX.releases, ids=[release.version for release in MATRIX.releases])
def test_the_stamp_stands_between_make_install_and_training(release: PythonRelease) -> None:
    with tarfile.open(archive_of(release)) as stream:
        member = next(member for member in stream if member.name.endswith("/Makefile.pre.in"))
        content = stream.extractfile(member)
        assert content is not None
        makefile = content.read().decode()
    stamp = re.search(r"^touch (\S+)$", (STEPS / "use-profile.sh").read_text(), re.MULTILINE)
    assert stamp is not None
    assert re.search(rf"^{stamp[1]}:", makefile, re.MULTILINE)
    assert re.search(rf"^profile-opt: {stamp[1]}$", makefile, re.MULTILINE)
