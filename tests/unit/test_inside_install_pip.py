"""Installing the bundled pip without running it."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from pythonbuild.inside import install_pip

ENTRY_POINTS = "[console_scripts]\npip = pip._internal.cli.main:main\npip3 = pip._internal.cli.main:main\n"


def make_wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pip/__init__.py", "")
        archive.writestr("pip/_internal/__init__.py", "")
        archive.writestr("pip/_internal/cli/__init__.py", "")
        archive.writestr("pip/_internal/cli/main.py", "def main():\n    print('pip runs')\n    return 0\n")
        archive.writestr("pip-1.dist-info/entry_points.txt", ENTRY_POINTS)
        archive.writestr("pip-1.dist-info/RECORD", "stale")
    return path


def test_install(tmp_path: Path) -> None:
    prefix = tmp_path / "install"
    words = [f"--wheel={make_wheel(tmp_path / 'pip-1-py3-none-any.whl')}", f"--prefix={prefix}"]
    assert install_pip.main([*words, "--library=lib/python3.14", "--minor=3.14"]) == 0
    packages = prefix / "lib" / "python3.14" / "site-packages"
    scripts = sorted(path.name for path in (prefix / "bin").iterdir())
    assert scripts == ["pip", "pip3", "pip3.14"]
    assert (packages / "pip-1.dist-info" / "INSTALLER").read_text() == "pip\n"

    rows = list(csv.reader((packages / "pip-1.dist-info" / "RECORD").read_text().splitlines()))
    assert ["pip-1.dist-info/RECORD", "", ""] in rows
    for name, digest, size in rows:
        data = (packages / name).read_bytes()
        if digest:
            assert digest == install_pip.digest(data)
            assert int(size) == len(data)
    listed = {(packages / row[0]).resolve() for row in rows}
    assert listed == {path.resolve() for path in prefix.rglob("*") if path.is_file()}

    (prefix / "bin" / "python3.14").symlink_to(sys.executable)
    environment = {"PYTHONPATH": str(packages), "PATH": "/usr/bin:/bin"}
    shown = subprocess.run([prefix / "bin" / "pip"], capture_output=True, text=True, check=True, env=environment)
    assert shown.stdout == "pip runs\n"


def test_digest_is_unpadded_base64() -> None:
    assert install_pip.digest(b"") == "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")


def test_other_scripts_keep_their_names() -> None:
    assert install_pip.script_names("wheel", "3.14") == ("wheel",)
    assert install_pip.script_names("pip3.13", "3.14") == ()
