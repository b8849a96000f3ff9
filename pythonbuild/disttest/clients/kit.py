"""What the tests of all installers share: a release on disk and over HTTP, the tools, and how a result is tried."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest.building import source_package
from pythonbuild.disttest.installing import Pip
from pythonbuild.disttest.model import CaseFailed
from pythonbuild.disttest.subject import is_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pythonbuild.disttest.clients.entries import Release
    from pythonbuild.disttest.subject import Subject

HERE = Path(__file__).parent
RELEASES = "python-build-standalone/releases/download"
# What an installed Python must be able to do, and what it says of itself.
_ASK = """
import ctypes, json, lzma, os, sqlite3, ssl, sys, sysconfig
names = ("LIBDIR", "INCLUDEPY", "CC", "LDSHARED", "AR")
print(json.dumps({"version": sys.version.split()[0], "prefix": sys.prefix, "base": sys.base_prefix,
                  **{name: sysconfig.get_config_var(name) for name in names}}))
"""


@dataclass(frozen=True, kw_only=True)
class Kit:
    """A release, where it lies (``files`` is the directory of all releases, ``web`` its URL), and the tools' places."""

    subject: Subject
    release: Release
    files: Path
    web: str
    way: Mapping[str, str]
    tools: dict[str, Path] = field(default_factory=dict)

    @property
    def file_url(self) -> str:
        """URL of the archive on disk."""
        return f"file://{self.files}/{self.release.path}"

    @property
    def web_url(self) -> str:
        """URL of the archive on the loopback server."""
        return f"{self.web}/{self.release.path}"

    def tool(self, name: str) -> Path:
        """Return the directory of the programs of an installer; it is installed from its lock when first asked for.

        ``FetchError`` where no package index can be reached.
        """
        if name not in self.tools:
            place = self.subject.scratch(f"tool-{name}") / "venv"
            self.subject.run([sys.executable, "-m", "venv", place])
            inner = place / "bin" / "python"
            lock = (HERE / f"{name}.lock").read_text(encoding="utf-8")
            pip = Pip(python=inner, way=self.way)
            pip.install(replace(self.subject, timeout=1800), inner, lock, resolved=True)
            self.tools[name] = inner.parent
        return self.tools[name]


def ask(kit: Kit, python: Path) -> dict[str, str]:
    """Return what an installed interpreter says of itself.

    Raises CaseFailed unless it is the release's Python, sysconfig's directories are real, and its programs names
    without a path.
    """
    told = json.loads(kit.subject.code(_ASK, python=python))
    if told["version"] != kit.release.identity.version:
        raise CaseFailed(f"{python} is Python {told['version']}, not {kit.release.identity.version}")
    prefix = Path(told["base"]).resolve()
    for name in ("LIBDIR", "INCLUDEPY"):
        place = Path(told[name])
        if not place.is_dir() or not place.resolve().is_relative_to(prefix):
            raise CaseFailed(f"sysconfig says {name}={place}, which is not below {prefix}")
    for name in ("CC", "LDSHARED", "AR"):
        program = told[name].split(" ")[0]
        if "/" in program:
            raise CaseFailed(f"sysconfig says {name}={told[name]!r}: a path of the build, not a name")
    return {key: str(value) for key, value in told.items()}


def try_python(kit: Kit, python: Path, name: str) -> None:
    """Use an installed interpreter: what it says, an environment with pip, a C extension compiled from source."""
    ask(kit, python)
    place = kit.subject.scratch(f"{name}-use")
    kit.subject.run([python, "-m", "venv", place / "venv"])
    inner = place / "venv" / "bin" / "python"
    ask(kit, inner)
    compile_probe(kit, inner, [inner, "-m", "pip", "install", "--no-index"], place)


def compile_probe(kit: Kit, inner: Path, install: Sequence[str | Path], place: Path) -> None:
    """Have ``install`` build a source package with a C extension into an environment, and use it there."""
    kit.subject.loadable()
    compiler = kit.subject.compiler()
    source = source_package(place)
    kit.subject.run([*install, source], env={} if is_recorded(compiler) else {"CC": str(compiler)})
    answer = kit.subject.code("import probe; print(probe.answer(21))", python=inner)
    if answer != "42":
        raise CaseFailed(f"the compiled extension answered {answer}")
