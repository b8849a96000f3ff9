"""Who may import whom: the table of docs/architecture.md, read off the imports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from pythonbuild.settings import ROOT

PACKAGE = ROOT / "pythonbuild"
DATA = {"errors", "load", "condition", "source", "series", "recipe", "flavor", "setting", "target"}
DECIDE = DATA | {"cpython", "plan"}

# module or package -> modules and packages of ours that it may import
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "settings": set(),
    "locks": set(),
    "log": {"errors"},
    "load": {"errors"},
    "condition": {"errors", "load"},
    "source": {"errors", "load"},
    "series": {"errors", "load", "condition"},
    "recipe": {"errors", "load", "condition", "series", "source"},
    "flavor": {"errors", "load", "condition"},
    "setting": {"errors", "load", "condition"},
    "target": {"errors", "load", "condition", "flavor", "setting", "source"},
    "cpython": DATA,
    "plan": DATA | {"cpython"},
    "render": DECIDE,
    "bench": {"errors"},
    "key": {"render"},
    "decide": DECIDE | {"render", "key", "execute", "tree"},
    "mirror": {"errors"},
    "fetching_http": {"errors", "log"},
    "fetching_pip": {"errors", "log", "source", "fetching_http"},
    "tree": {"errors"},
    "fetch": {"errors", "log", "locks", "mirror", "source", "fetching_http", "fetching_pip", "tree"},
    "image": {"errors", "log", "mirror", "fetching_http"},
    "rootfs": {"errors", "log", "locks", "mirror", "source", "fetch", "image"},
    "engine": {"errors", "log"},
    "store": {"errors", "locks"},
    "schedule": set(),
    "execute": {"errors", "log", "engine", "store", "plan", "profile_match", "render", "key", "settings"},
    "profile_match": set(),
    "package": {"errors"},
    "results": set(),
    "pyconfig": {"condition", "load", "recipe"},
    "recording": {"execute", "package", "plan"},
    "materials": {"execute", "image", "package", "plan", "source"},
    "bundled": {"errors", "package"},
    "checksums": {"locks"},
    "billing": {"bundled", "package", "validate"},
    "audit": {"errors", "image", "load", "package"},
    "validate": {"errors", "package", "target"},
    "disttest": {"errors", "settings", "validate", "package", "target", "condition", "load", "recipe", "cpython"},
    "quirks": {"condition", "load"},
    "inside": set(),
    "arguments": {"errors"},
}
TOP = {"__main__", "cli", "commands", "listing", "distribution", "archives", "buildimage", "doctor", "show", "auditing"}
# library -> the only modules that may import it
ONLY_IN = {
    "docker": {"engine.docker"},
    "lief": {"validate.elf", "validate.macho", "validate.native", "validate.pe"},
    "jinja2": {"render", "image.dockerfile"},
    "spdx_tools": {"package.spdx"},
    "cyclonedx": {"package.cyclonedx"},
}
# modules that decide: they read files of the checkout, and do nothing else
PURE = {*DECIDE, "render", "key", "decide"} - {"errors"}
IMPURE = {"subprocess", "socket", "urllib", "time", "datetime", "random", "docker", "tempfile"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "files" not in path.parts and "cases" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(inner if node.module == "pythonbuild" else [node.module])
    return found


def layer(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports(path: Path) -> None:
    name = name_of(path)
    own = {word.removeprefix("pythonbuild.") for word in imports(path) if word.startswith("pythonbuild.")}
    others = {layer(word) for word in imports(path)} - {"pythonbuild"}
    if name and layer(name) not in TOP:
        allowed = ALLOWED[layer(name)] | {layer(name)}
        assert {layer(word) for word in own} <= allowed, f"{name} imports {own}"
    for library, places in ONLY_IN.items():
        assert library not in others or name in places, f"{name} imports {library}"
    if layer(name) in PURE:
        assert not others & IMPURE, f"{name} imports {others & IMPURE}"
    if layer(name) == "inside":
        assert others <= sys.stdlib_module_names, f"{name} imports {others - sys.stdlib_module_names}"


def test_every_layer_exists() -> None:
    found = {layer(name_of(path)) for path in modules()} - {""}
    assert found == set(ALLOWED) | TOP
