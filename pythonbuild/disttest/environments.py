"""Tests: virtual environments and pip, with no network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

from pythonbuild.disttest.model import Case, CaseFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pythonbuild.disttest.subject import Subject

# What a virtual environment must be able to do: know both prefixes, and load what needs bundled libraries.
_CHECK = (
    "import sys, ssl, sqlite3, ctypes, os\n"
    "assert os.path.realpath(sys.prefix) == {venv!r}, sys.prefix\n"
    "assert os.path.realpath(sys.base_prefix) == {base!r}, sys.base_prefix\n"
    "import importlib.util\n"
    "if importlib.util.find_spec('_tkinter'):\n"
    "    import tkinter; tkinter.Tcl().eval('package require msgcat')\n"
)


def _venv(subject: Subject, python: Path, name: str, options: Sequence[str]) -> Path:
    """Make a virtual environment, check its interpreter, and return that."""
    place = subject.scratch(name) / "v \u00e9"
    subject.run([python, "-m", "venv", *options, place])
    inner = place / "bin" / "python"
    subject.code(_CHECK.format(venv=str(place.resolve()), base=str(subject.prefix.resolve())), python=inner)
    return inner


def plain(subject: Subject) -> None:
    """Run ``python -m venv``, with pip from the bundled wheel."""
    inner = _venv(subject, subject.python, "plain", [])
    output = subject.run([inner, "-m", "pip", "--version"])
    if "plain" not in output:
        raise CaseFailed(f"pip of the environment is {output!r}")


def through_symlink(subject: Subject) -> None:
    """Do the same by a link that lies outside the prefix."""
    link = subject.scratch("venv-link") / "python"
    link.symlink_to(subject.python)
    _venv(subject, link, "venv-by-link", ["--without-pip"])


def copies(subject: Subject) -> None:
    """Use ``--copies``: a copy of the interpreter elsewhere must start and load everything."""
    _venv(subject, subject.python, "copies", ["--copies", "--without-pip"])


def of_venv(subject: Subject) -> None:
    """Make an environment by the interpreter of another one: it must have the same base."""
    inner = _venv(subject, subject.python, "outer", ["--without-pip"])
    _venv(subject, inner, "inner", ["--without-pip"])


def pip_version(subject: Subject) -> None:
    """Ask pip for its version."""
    output = subject.run([subject.python, "-m", "pip", "--version"])
    if f"python {subject.minor}" not in output:
        raise CaseFailed(f"pip answered {output!r}")


def pip_wheel(subject: Subject) -> None:
    """Install a wheel with a script into an environment, run the script, and remove it."""
    inner = _venv(subject, subject.python, "wheel", [])
    wheel = make_wheel(subject.scratch("wheels"))
    subject.run([inner, "-m", "pip", "install", "--no-index", wheel])
    output = subject.run([inner.parent / "probe-greets"]).strip()
    if output != "hello from a wheel":
        raise CaseFailed(f"the installed script printed {output!r}")
    subject.run([inner, "-m", "pip", "uninstall", "--yes", "probe-wheel"])


def make_wheel(place: Path) -> Path:
    """Write a wheel of one module with one console script; return its path."""
    info = "probe_wheel-1.0.dist-info"
    files = {
        "probe_wheel.py": 'def main() -> None:\n    print("hello from a wheel")\n',
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: probe-wheel\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: probe\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nprobe-greets = probe_wheel:main\n",
    }
    record = "".join(f"{name},{_digest(text)},{len(text)}\n" for name, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    path = place / "probe_wheel-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _digest(text: str) -> str:
    """Return the digest of a wheel's RECORD (PEP 376): URL-safe base64 without padding."""
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


CASES = (
    Case("venv.plain", plain),
    Case("venv.through-symlink", through_symlink),
    Case("venv.copies", copies),
    Case("venv.of-venv", of_venv),
    Case("pip.version", pip_version),
    Case("pip.wheel", pip_wheel),
)
