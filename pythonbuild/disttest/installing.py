"""Installing packages for a test: into a virtual environment, by hash, from whatever index pip is configured for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pythonbuild.disttest.model import CaseFailed
from pythonbuild.errors import DataError, FetchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pythonbuild.disttest.subject import Subject

# How pip says that no index can be reached.
NO_NETWORK = (
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "Connection timed out",
    "Network is unreachable", "ConnectionResetError", "Connection refused",
)  # fmt: skip
# What a caller's environment says of the way to a package index, beside pip's own variables.
_WAY = frozenset({
    "HOME", "NETRC", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
})  # fmt: skip
_START = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>[^ \\]+)")


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One entry of a lock: the lines that pip reads, and the packages that need it. A name may have several."""

    name: str
    version: str
    text: str
    needed_by: frozenset[str]


def read_lock(text: str) -> tuple[Locked, ...]:
    """Return the entries of a lock that ``uv pip compile --generate-hashes`` wrote, annotations included."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _START.match(line):
            blocks.append([line])
        elif blocks and line.startswith(" "):
            blocks[-1].append(line)
    return tuple(_locked(block) for block in blocks)


def _locked(block: list[str]) -> Locked:
    found = _START.match(block[0])
    assert found is not None  # noqa: S101 - blocks begin with such a line
    comments = [line.strip().removeprefix("#").strip() for line in block if line.strip().startswith("#")]
    words = [word.removeprefix("via").strip() for word in comments]
    lines = [line for line in block if not line.strip().startswith("#")]
    return Locked(
        name=found["name"],
        version=found["version"],
        text="\n".join(lines) + "\n",
        needed_by=frozenset(re.sub(r"\[.*", "", word) for word in words if word and not word.startswith("-")),
    )


def closure(locked: Iterable[Locked], roots: Iterable[str]) -> str:
    """Return the requirements of ``roots`` and of all that they need; ``DataError`` for a root that is not locked."""
    entries = tuple(locked)
    missing = sorted(set(roots) - {entry.name for entry in entries})
    if missing:
        raise DataError(f"not in the lock: {', '.join(missing)}", hint="make the lock again as its first lines say")
    wanted, size = set(roots), 0
    while size != len(wanted):
        size = len(wanted)
        wanted |= {entry.name for entry in entries if entry.needed_by & wanted}
    return "".join(entry.text for entry in entries if entry.name in wanted)


def way_to_index(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a caller's environment by which pip finds its index, cache and certificates."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _WAY or (name.startswith("PIP_") and name not in {"PIP_TARGET", "PIP_PREFIX", "PIP_USER"})
    }


def make_venv(subject: Subject, python: Path | str, place: Path) -> Path:
    """Make a virtual environment without pip at ``place`` and return its interpreter."""
    subject.run([python, "-m", "venv", "--without-pip", place])
    return place / "bin" / "python"


@dataclass(frozen=True, kw_only=True)
class Pip:
    """The pip of the interpreter ``python``, and the variables that tell it the ``way`` to the index."""

    python: Path | str
    way: Mapping[str, str]

    def install(
        self, subject: Subject, inner: Path, requirements: str, *, sources: tuple[str, ...] = (), resolved: bool = False
    ) -> None:
        """Install locked ``requirements`` into the environment whose interpreter is ``inner``, each by its sha256.

        Wheels alone, but for ``sources``, which are built with what is installed there; with ``resolved``, nothing is
        asked of the packages themselves. ``FetchError`` where no index can be reached, CaseFailed for anything else.
        """
        listed = inner.parent.parent / "requirements.txt"
        listed.write_text(requirements, encoding="utf-8")
        kept = {name: value for name, value in subject.environment.items() if not name.startswith("PIP_")}
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_CONSTRAINT": ""}
        online = replace(subject, environment={**kept, **self.way, **quiet})
        built = [f"--no-binary={','.join(sources)}", "--no-build-isolation"] if sources else []
        built += ["--no-deps"] if resolved else []
        command = [self.python, "-m", "pip", "--python", inner, "install", "--require-hashes", "--only-binary=:all:"]
        # What a program imports is compiled then. All of scipy would take longer than the rest of its case.
        command += ["--no-compile"]
        try:
            online.run([*command, *built, "--no-input", "--progress-bar=off", "--quiet", "--requirement", listed])
        except CaseFailed as failed:
            raise _explained(str(failed)) from None


def _explained(output: str) -> Exception:
    """Return what a failure of pip means."""
    if any(sign in output for sign in NO_NETWORK):
        return FetchError(
            "no package index can be reached, and these tests install packages from one",
            hint="check the network, or pip's own settings (proxy, index), and run it again",
        )
    lines = [line for line in output.splitlines() if line.startswith("ERROR")]
    return CaseFailed("pip: " + os.linesep.join(lines or [output]))
