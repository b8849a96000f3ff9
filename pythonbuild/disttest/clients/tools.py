"""The tests of each installer: it installs the archive, and what it installed is used."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from pythonbuild.disttest.clients.entries import UPSTREAM, pbs_index, pbs_module, uv_index, uv_key
from pythonbuild.disttest.clients.kit import Kit, ask, compile_probe, try_python
from pythonbuild.disttest.model import CaseFailed, CaseSkipped

if TYPE_CHECKING:
    from pathlib import Path

Check = Callable[[Kit], None]
_HASH = "0" * 64


def _uv(kit: Kit, name: str, url: str, *words: str, sha256: str | None = None) -> tuple[Path, dict[str, str]]:
    """Have uv install the release from an index that names ``url``; return the prefix and uv's variables."""
    place = kit.subject.scratch(name)
    index = place / "downloads.json"
    index.write_text(json.dumps(uv_index(kit.release, url, sha256=sha256)))
    variables = {
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(place / "cache"),
        "UV_PYTHON_INSTALL_DIR": str(place / "pythons"),
        "UV_PYTHON_DOWNLOADS_JSON_URL": f"file://{index}",
    }
    kit.subject.run([kit.tool("uv") / "uv", "python", "install", uv_key(kit.release), "--no-bin", *words],
                    env=variables)  # fmt: skip
    return place / "pythons" / uv_key(kit.release), variables


def _used_by_uv(kit: Kit, name: str, prefix: Path, variables: dict[str, str]) -> None:
    """Run what uv installed, and have uv make an environment and build a source package with it."""
    python = prefix / "bin" / "python"
    told = ask(kit, python)
    if told["CC"].split(" ")[0] not in {"cc", "gcc"}:
        raise CaseFailed(f"sysconfig says CC={told['CC']!r}: uv puts cc in the place of the build's compiler")
    uv, place = kit.tool("uv") / "uv", kit.subject.scratch(f"{name}-use")
    # uv finds those of its Pythons by name that have the libc of the machine; others by their path.
    own_libc = kit.subject.musl is (platform.libc_ver()[0] != "glibc")
    chosen: tuple[str | Path, ...] = ("--managed-python", "--python", uv_key(kit.release))
    if not own_libc:
        chosen = ("--python", python)
    kit.subject.run([uv, "venv", "--offline", *chosen, place / "venv"], env=variables)
    inner = place / "venv" / "bin" / "python"
    ask(kit, inner)
    install: list[str | Path] = ["env", *(f"{key}={value}" for key, value in variables.items()), uv]
    compile_probe(kit, inner, [*install, "pip", "install", "--no-index", "--python", inner], place)


def uv_file(kit: Kit) -> None:
    """Install with ``--python-downloads-json-url`` and an archive on disk; ``uv venv``, ``uv pip install``, run."""
    _used_by_uv(kit, "uv-file", *_uv(kit, "uv-file", kit.file_url, "--offline"))


def uv_http(kit: Kit) -> None:
    """Do the same with an archive on an HTTP server."""
    _used_by_uv(kit, "uv-http", *_uv(kit, "uv-http", kit.web_url))


def uv_mirror_file(kit: Kit) -> None:
    """Install from a directory of ours in place of the releases of python-build-standalone."""
    url = UPSTREAM + kit.release.path
    prefix, _ = _uv(kit, "uv-mirror-file", url, "--offline", "--mirror", f"file://{kit.files}")
    try_python(kit, prefix / "bin" / "python", "uv-mirror-file")


def uv_mirror_http(kit: Kit) -> None:
    """Do the same with a server as the mirror."""
    prefix, _ = _uv(kit, "uv-mirror-http", UPSTREAM + kit.release.path, "--mirror", kit.web)
    ask(kit, prefix / "bin" / "python")


def uv_hash(kit: Kit) -> None:
    """Give a wrong sha256: uv must refuse the archive."""
    try:
        _uv(kit, "uv-hash", kit.file_url, "--offline", sha256=_HASH)
    except CaseFailed as failed:
        if "Hash mismatch" in str(failed):
            return
        raise
    raise CaseFailed("uv installed an archive with another sha256 than its index says")


def hatch(kit: Kit) -> None:
    """Install with ``hatch python install`` from an HTTP server, the only kind of source that hatch takes."""
    _only_install_only(kit)
    if kit.release.free_threaded:
        raise CaseSkipped("hatch has no names for free-threaded Pythons")
    minor = kit.release.identity.minor
    place = kit.subject.scratch("hatch")
    source = {f"HATCH_PYTHON_CUSTOM_SOURCE_{minor.replace('.', '_')}": kit.web_url}
    command = (kit.tool("hatch") / "hatch", "python", "install", "--private", "--dir", place, minor)
    kit.subject.run(command, env=source)
    try_python(kit, place / minor / "python" / "bin" / "python3", "hatch")


def pbs_installer(kit: Kit) -> None:
    """Install with ``pbs_installer.install`` from an HTTP server, checksum and all; a wrong one is refused."""
    _only_install_only(kit)
    programs = kit.tool("pbs-installer")
    python = programs / "python"
    index = _module_directory(kit, python) / "versions.json"
    place = kit.subject.scratch("pbs-installer")
    source = "import pbs_installer, sys\npbs_installer.install(sys.argv[1], sys.argv[2])"
    words: tuple[str | Path, ...] = (python, "-c", source, _wanted(kit))
    index.write_text(json.dumps(pbs_index(kit.release, kit.web_url, arch=_arch(), sha256=_HASH)))
    try:
        kit.subject.run([*words, place / "refused"])
    except CaseFailed as failed:
        if "Checksum mismatch" not in str(failed):
            raise
    else:
        raise CaseFailed("pbs-installer installed an archive with another sha256 than its index says")
    index.write_text(json.dumps(pbs_index(kit.release, kit.web_url, arch=_arch())))
    kit.subject.run([*words, place / "python"])
    try_python(kit, place / "python" / "bin" / "python3", "pbs-installer")


def pbs_installer_file(kit: Kit) -> None:
    """Unpack an archive on disk with ``pbs_installer.install_file``."""
    _only_install_only(kit)
    place = kit.subject.scratch("pbs-installer-file")
    source = "import pbs_installer, sys\npbs_installer.install_file(sys.argv[1], sys.argv[2])"
    archive = kit.files / kit.release.tag / kit.release.name
    kit.subject.run([kit.tool("pbs-installer") / "python", "-c", source, archive, place / "python"])
    ask(kit, place / "python" / "bin" / "python3")


def pdm(kit: Kit) -> None:
    """Install with ``pdm python install`` from an HTTP server; pdm rewrites sysconfig's data in its own way."""
    _only_install_only(kit)
    programs = kit.tool("pdm")
    module = _module_directory(kit, programs / "python") / "_versions.py"
    module.write_text(pbs_module(kit.release, kit.web_url, arch=_arch()))
    place = kit.subject.scratch("pdm")
    variables = {"PDM_CHECK_UPDATE": "0", "PDM_CONFIG_FILE": str(place / "config.toml")}
    kit.subject.run([programs / "pdm", "config", "python.install_root", place / "pythons"], env=variables)
    kit.subject.run([programs / "pdm", "python", "install", _wanted(kit)], env=variables, cwd=place)
    found = sorted((place / "pythons").glob("*/bin/python3"))
    if len(found) != 1:
        raise CaseFailed(f"pdm installed {len(found)} interpreters")
    try_python(kit, found[0], "pdm")


def _only_install_only(kit: Kit) -> None:
    if not kit.release.identity.kind.startswith("install_only"):
        raise CaseSkipped("this installer takes install_only archives")


def _wanted(kit: Kit) -> str:
    return kit.release.identity.minor + ("t" if kit.release.free_threaded else "")


def _arch() -> str:
    return platform.machine()


def _module_directory(kit: Kit, python: Path) -> Path:
    """Return where pbs-installer lies in a tool's own environment; its list of releases is replaced there."""
    place = kit.subject.code("import pbs_installer; print(pbs_installer.__path__[0])", python=python)
    return kit.subject.work / place


CLIENTS: tuple[tuple[str, Check], ...] = (
    ("uv.file", uv_file),
    ("uv.http", uv_http),
    ("uv.mirror-file", uv_mirror_file),
    ("uv.mirror-http", uv_mirror_http),
    ("uv.wrong-hash", uv_hash),
    ("hatch.http", hatch),
    ("pbs-installer.http", pbs_installer),
    ("pbs-installer.file", pbs_installer_file),
    ("pdm.http", pdm),
)
