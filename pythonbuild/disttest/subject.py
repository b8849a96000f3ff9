"""The distribution under test: where it was unpacked, and how to run its interpreter in a clean environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pythonbuild.disttest.model import CaseFailed, CaseSkipped
from pythonbuild.errors import ValidationError
from pythonbuild.package.archives import METADATA
from pythonbuild.package.record import BuildRecord
from pythonbuild.validate.archive import unpack
from pythonbuild.validate.elf import read_elf
from pythonbuild.validate.names import name_identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What ci/emulated.py sets.
EMULATED = "PYTHONBUILD_EMULATED"
# What qemu's user mode takes its processor from (linux-user/main.c).
CPU = "QEMU_CPU"
# A blank and a letter that is not ASCII: what quoting and encoding mistakes trip over.
DIRECTORY = "unp\u00e4cked here"
_TAIL = 1200
# Names of processors that differ between target triples and GCC's.
_PROCESSORS = {"armv7": "arm", "ppc64le": "powerpc64le", "riscv64gc": "riscv64"}


@dataclass(frozen=True)
class Subject:
    """One unpacked distribution. ``prefix`` holds bin/ and lib/; ``work`` is scratch space of the tests.

    ``options`` are the words of the flavor that it claims to be; none where its name doesn't tell. ``triple`` is its
    target, empty where nothing says it.
    """

    prefix: Path
    python: Path
    work: Path
    metadata: Mapping[str, Any] | None = None
    options: frozenset[str] = frozenset()
    triple: str = ""
    timeout: float = 300
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> str:
        """``3.14``."""
        found = re.search(r"3\.\d+", self.python.name)
        return found[0] if found else ""

    def scratch(self, name: str) -> Path:
        """Return a new empty directory for one test."""
        place = self.work / name
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        return place

    def run(
        self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> str:
        """Run a command and return what it printed. Raises CaseFailed, with the end of the output, when it fails."""
        return _run(command, env={**self.environment, **(env or {})}, cwd=cwd or self.work, timeout=self.timeout)

    def code(self, source: str, *, python: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Run Python source under the interpreter (or another one) and return what it printed, stripped."""
        return self.run([python or self.python, "-c", source], env=env).strip()

    @property
    def musl(self) -> bool:
        """Whether the distribution is for musl."""
        return self.triple.endswith("-musl") or "-musleabi" in self.triple

    def compiler(self) -> Path:
        """Return the machine's C compiler for the libc of the distribution; skip the test where there is none."""
        native = shutil.which("gcc") or shutil.which("cc")
        machine = self.run([native, "-dumpmachine"]).strip() if native else ""
        wanted = gnu_triple(self.triple) or machine
        found = native
        if machine.partition("-")[0] != wanted.partition("-")[0]:
            found = shutil.which(f"{wanted}-gcc")
        elif self.musl and "musl" not in machine:
            found = shutil.which("musl-gcc")
        if found is None:
            raise CaseSkipped(f"this machine has no C compiler for {wanted or 'anything'}")
        return Path(found)

    def loadable(self) -> None:
        """Skip the test where the interpreter is a static program, which can load no extension module."""
        if "static" in self.options:
            raise CaseSkipped("a static program loads no extension modules")


def is_recorded(compiler: Path) -> bool:
    """Whether extensions are compiled with ``compiler`` where nobody says more: sysconfig names ``cc``."""
    return compiler.name in {"gcc", "cc"}


def gnu_triple(triple: str) -> str:
    """Return what GCC calls the system of a target, as in ``arm-linux-gnueabihf-gcc``; nothing of nothing.

    >>> gnu_triple("armv7-unknown-linux-gnueabihf")
    'arm-linux-gnueabihf'
    """
    processor, _, rest = triple.partition("-")
    processor = _PROCESSORS.get(processor, re.sub(r"_v\d$", "", processor))
    return f"{processor}-{rest.removeprefix('unknown-')}" if rest else processor


def _run(command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, timeout: float) -> str:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, env=env, cwd=cwd, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CaseFailed(f"{Path(words[0]).name} did not end within {timeout:.0f} s") from error
    except OSError as error:
        raise CaseFailed(f"{words[0]} can't be started: {error.strerror or error}") from error
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise CaseFailed(f"{Path(words[0]).name} {ending(done.returncode)}: {output[-_TAIL:].strip()}")
    return output


def ending(code: int) -> str:
    """Say how a process ended: ``exited with 1`` or ``was killed by SIGSEGV``."""
    if code >= 0:
        return f"exited with {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def prepare(archive: Path, base: Path, directory: str = DIRECTORY) -> Subject:
    """Unpack an archive into a ``directory`` below ``base`` and return it as a Subject.

    Raises ValidationError when it can't be unpacked, has no interpreter, or a broken PYTHON.json or build record.
    """
    place = base / directory
    work = base / "w"
    for needed in (place, work / "home", work / "tmp"):
        needed.mkdir(parents=True)
    unpack(archive, place)
    prefix = place / "python" / "install"
    if not prefix.is_dir():
        prefix = place / "python"
    python = next((path for path in sorted(prefix.glob("bin/python3.*")) if _is_interpreter(path)), None)
    if python is None:
        raise ValidationError(f"{archive.name}: no interpreter bin/python3.X inside")
    metadata = _json(place / METADATA)
    _require_loader(python, archive)
    record = record_of(prefix)  # what tests ask of these two must be there, so that a broken one is told of at once
    if metadata is not None:
        _require_extensions(metadata)
    options, triple = _claims(archive.name, metadata, record)
    return Subject(
        prefix=prefix,
        python=python,
        work=work,
        metadata=metadata,
        options=options,
        triple=triple,
        environment=_environment(work),
    )


def record_of(prefix: Path) -> BuildRecord | None:
    """Return the build record of an unpacked tree; None where there is none. ValidationError for a broken one."""
    path = record_path(prefix)
    return BuildRecord.from_json(read_json(path)) if path else None


def record_path(prefix: Path) -> Path | None:
    """Return where the build record lies, in an installation or beside that of a full archive; None if nowhere."""
    places = (prefix / "share" / "pythonbuild" / "build-record.json", prefix.parent / "build-record.json")
    return next((path for path in places if path.is_file()), None)


def _claims(name: str, metadata: Mapping[str, Any] | None, record: BuildRecord | None) -> tuple[frozenset[str], str]:
    """Return the words of the flavor and the target, by PYTHON.json, by the build record or by the file name."""
    if metadata is not None:
        options, triple = metadata.get("build_options", ""), metadata.get("target_triple", "")
    elif record is not None:
        options, triple = record.options, record.target
    else:
        named = name_identity(name)
        return (named.words, named.triple) if named else (frozenset(), "")
    return frozenset(str(options).split("+")) - {""}, str(triple)


def _require_loader(python: Path, archive: Path) -> None:
    """Raise ValidationError when this machine lacks the loader that ``python`` names."""
    content = python.read_bytes()
    loader = read_elf(content).interpreter if content.startswith(b"\x7fELF") else None
    if loader and not Path(loader).exists():
        raise ValidationError(
            f"{archive.name}: its programs need {loader}, which this machine does not have",
            hint="run the tests on a machine of that libc; for musl on Debian: apt-get install musl-tools",
        )


def _is_interpreter(path: Path) -> bool:
    return bool(re.fullmatch(r"python3\.\d+t?d?", path.name)) and path.is_file()


def _json(path: Path) -> dict[str, Any] | None:
    """Return the content of PYTHON.json or a build record, or None where there is none."""
    return read_json(path) if path.is_file() else None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; ValidationError for anything else."""
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ValidationError(f"{path.name} is JSON, but no object")
    return data


def _require_extensions(metadata: Mapping[str, Any]) -> None:
    """Raise ValidationError where PYTHON.json does not say which extension modules there are."""
    build = metadata.get("build_info", {})
    if not isinstance(build, dict) or not isinstance(build.get("extensions", {}), dict):
        raise ValidationError(f"{METADATA.rpartition('/')[2]}: build_info and its extensions are not objects")


def _environment(work: Path) -> Mapping[str, str]:
    """Nothing of the caller's environment, so that a result depends on the archive and the machine alone.

    Which processor an emulator acts out belongs to the machine.
    """
    machine = {CPU: os.environ[CPU]} if os.environ.get(CPU) else {}
    return {
        **machine,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
