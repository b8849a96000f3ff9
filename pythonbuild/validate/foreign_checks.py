"""Checks of Mach-O and PE files, for targets whose ``Limits`` have ``macho`` or ``pe``; silent for others."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.foreign import MachLimits, MachO, Pe
    from pythonbuild.validate.model import Limits, Tree

# Room for one more search path and a signature: what install_name_tool and codesign need.
_PADDING = 48
_RELATIVE = ("@rpath/", "@loader_path/", "@executable_path/")
_PYTHON_DLL = re.compile(r"python3\d{2,}t?(_d)?\.dll", re.IGNORECASE)
_API = frozenset({"Py_Initialize", "PyList_New", "Py_CompileString"})


def _slices(tree: Tree, limits: Limits) -> Iterator[tuple[str, MachO, MachLimits]]:
    """Yield every architecture of every Mach-O file with the limits; nothing where the target has none."""
    if limits.macho is not None:
        for path, every in tree.macho.items():
            yield from ((path, one, limits.macho) for one in every)


def macho_machine(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each file is for the target's processor, and for no other one."""
    for path, one, allowed in _slices(tree, limits):
        if one.machine != allowed.machine:
            yield path, f"is for {one.machine}, not for {allowed.machine}"
        elif len(tree.macho[path]) > 1:
            yield path, f"is a universal file of {len(tree.macho[path])} architectures"


def macho_deployment_target(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each file says that it runs on the oldest macOS that the target promises."""
    for path, one, allowed in _slices(tree, limits):
        if one.platform != "MACOS":
            yield path, f"is for the platform {one.platform or 'that it does not name'}, not MACOS"
        elif one.minimum > allowed.deployment_target:
            yield path, f"wants macOS {one.minimum}; the target is {allowed.deployment_target}"


def macho_libraries(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Libraries and frameworks are those of every such system, in versions that the oldest has, or our own."""
    own = {posixpath.basename(path) for path in tree.macho}
    for path, one, allowed in _slices(tree, limits):
        for library in one.dylibs:
            if library.name.startswith(_RELATIVE):
                if posixpath.basename(library.name) not in own:
                    yield path, f"loads {library.name}, which is not in the distribution"
            elif library.name not in allowed.dylibs:
                yield path, f"loads {library.name}, which is not in the allow list"
            elif library.compatibility > allowed.dylibs[library.name]:
                known = allowed.dylibs[library.name]
                yield path, f"wants {library.name} compatible with {library.compatibility}; the highest is {known}"


def macho_search_paths(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Search paths, and the names that libraries have for others, move with the distribution."""
    for path, one, _ in _slices(tree, limits):
        if one.kind == "DYLIB" and not (one.identity or "").startswith("@rpath/"):
            yield path, f"calls itself {one.identity or 'nothing'}, which is not below @rpath"
        for place in one.rpaths:
            if not f"{place}/".startswith(_RELATIVE[1:]):
                yield path, f"searches libraries in {place!r}, which is not relative to a file"


def macho_signature(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each file is signed where the kernel starts no others, and has room for what tools add."""
    for path, one, allowed in _slices(tree, limits):
        if allowed.signed and not one.signed:
            yield path, "has no code signature"
        if one.padding < _PADDING - (16 if one.signed else 0):
            yield path, f"has room for {one.padding} bytes of load commands; tools need {_PADDING}"


def macho_memory(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No segment is writable and executable, and symbols are looked up in the library that they were linked to."""
    for path, one, _ in _slices(tree, limits):
        for segment in one.segments:
            if {"W", "X"} <= set(segment.initial):
                yield path, f"has a segment {segment.name} with the protection {segment.initial}"
        if not one.two_level:
            yield path, "looks symbols up in all libraries (a flat namespace)"


def macho_hidden_symbols(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No symbol of a library that is linked in can be seen from outside."""
    for path, one, _ in _slices(tree, limits):
        seen = sorted(name[1:] for name in one.exported if _hidden(name[1:], limits))
        if seen:
            yield path, f"exports {len(seen)} symbols of bundled libraries: {', '.join(seen[:6])}"


def _hidden(name: str, limits: Limits) -> bool:
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in limits.hidden_symbols
    )


def _windows(tree: Tree, limits: Limits) -> Iterator[tuple[str, Pe]]:
    """Yield every PE file but pip's launchers, which are for all processors at once."""
    if limits.pe is not None:
        for path, one in tree.pe.items():
            if "/pip/_vendor/distlib/" not in path:
                yield path, one


def pe_machine(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Each file is for the target's processor."""
    for path, one in _windows(tree, limits):
        if limits.pe and one.machine != limits.pe.machine:
            yield path, f"is for {one.machine}, not for {limits.pe.machine}"


def pe_libraries(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """DLLs, also those that are loaded when first used, are the system's or our own."""
    own = {posixpath.basename(path).lower() for path in tree.pe}
    known = {name.lower() for name in limits.pe.dlls} if limits.pe else set()
    for path, one in _windows(tree, limits):
        for name in (*one.imports, *one.delayed):
            if name.lower() not in known | own:
                yield path, f"imports {name}, which is not in the allow list"


def pe_memory(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Addresses are random (of 64 bits, where there are as many), and nothing is writable and executable."""
    for path, one in _windows(tree, limits):
        if not one.dynamic_base:
            yield path, "is loaded at a fixed address (no DYNAMIC_BASE)"
        elif one.machine != "I386" and not one.high_entropy:
            yield path, "has a random address of 32 bits only (no HIGH_ENTROPY_VA)"
        if not one.nx:
            yield path, "lets data be executed (no NX_COMPAT)"
        for name in one.writable_code:
            yield path, f"has a section {name} that can be written and executed"


def pe_exports(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """python3XX.dll offers the C API, and no extension module; each extension module offers what starts it."""
    for path, one in _windows(tree, limits):
        name = posixpath.basename(path)
        starts = {entry for entry in one.exports if entry.startswith("PyInit_")}
        if _PYTHON_DLL.fullmatch(name):
            if lacking := _API - one.exports:
                yield path, f"does not export {', '.join(sorted(lacking))}"
            if starts:
                yield path, f"exports {', '.join(sorted(starts)[:4])}"
        elif name.lower().endswith(".pyd") and f"PyInit_{name.partition('.')[0]}" not in starts:
            yield path, f"does not export PyInit_{name.partition('.')[0]}"


MACHO_CHECKS = (
    macho_machine, macho_deployment_target, macho_libraries, macho_search_paths, macho_signature, macho_memory,
    macho_hidden_symbols,
)  # fmt: skip
PE_CHECKS = (pe_machine, pe_libraries, pe_memory, pe_exports)
