"""The checks: each a few lines over one ``Tree`` and the ``Limits`` of its target, yielding findings.

A check's name is its function's name with dashes. ``CHECKS`` is the table of those for archives that hold a Python,
``DEBUG_CHECKS`` of those for debug information; ``report.validate`` runs them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from pythonbuild.validate.archive import MAX_WINDOW, escapes
from pythonbuild.validate.bills import bills_of_materials
from pythonbuild.validate.clients import CLIENT_CHECKS, file_name
from pythonbuild.validate.debug import build_ids, debug_files, debug_links
from pythonbuild.validate.details import DETAIL_CHECKS
from pythonbuild.validate.facts import FACT_CHECKS
from pythonbuild.validate.foreign_checks import MACHO_CHECKS, PE_CHECKS
from pythonbuild.validate.hardening import HARDENING_CHECKS
from pythonbuild.validate.metadata import METADATA_CHECKS, identity, licences, metadata_paths, metadata_schema
from pythonbuild.validate.model import Finding, Limits, Tree
from pythonbuild.validate.modules import MODULE_CHECKS
from pythonbuild.validate.names import kind_of
from pythonbuild.validate.notes import NOTES
from pythonbuild.validate.objects import OBJECT_CHECKS
from pythonbuild.validate.record import build_record
from pythonbuild.validate.relocation import RELOCATION_CHECKS
from pythonbuild.validate.texts import TEXT_CHECKS, build_paths, shebangs

Check = Callable[[Tree, Limits], Iterator[tuple[str, str]]]

# Linux follows no more (path_resolution(7)).
_MOST_LINKS = 40
_GLIBC = re.compile(r"GLIBC_(\d{1,9}(?:\.\d{1,9}){1,3})", re.ASCII)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def readable_elf(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every file that begins like a program or a library (or is named like a static one) is one."""
    yield from tree.broken.items()


def machine(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Every program and library is for the target's processor, its byte order, and its way to call functions."""
    for path, elf in tree.elf.items():
        if elf.architecture != limits.architecture:
            yield path, f"is for {elf.architecture}, not for {limits.architecture}"
        elif limits.abi and elf.abi != limits.abi:
            yield path, f"calls functions by the ABI {elf.abi or '(none named)'}, not {limits.abi}"


def glibc_ceiling(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No ELF file wants a glibc symbol version above the target's; where there is no glibc, none at all."""
    for path, elf in tree.elf.items():
        high = sorted(name for name in elf.versions if name.startswith("GLIBC_") and not _allowed(name, limits))
        if high:
            yield path, f"wants {', '.join(high)}; the highest allowed is {limits.max_glibc or 'none'}"


def _allowed(name: str, limits: Limits) -> bool:
    """Say whether a glibc version is a public one at or below the ceiling (GLIBC_PRIVATE never is)."""
    found = _GLIBC.fullmatch(name)
    return bool(found and limits.max_glibc and _numbers(found[1]) <= _numbers(limits.max_glibc))


def needed(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Libraries come from the allow list, or from the distribution itself."""
    paths = {entry.path for entry in tree.entries}
    own = {PurePosixPath(path).name for path in paths if path.startswith(f"{tree.prefix}lib/") and ".so" in path}
    for path, elf in tree.elf.items():
        for name in elf.needed:
            if "/" in name:
                place = posixpath.normpath(name.replace("$ORIGIN", posixpath.dirname(path)))
                if place not in paths:
                    yield path, f"needs {name}, which is not in the distribution"
            elif name not in limits.allowed_needed and name not in own:
                yield path, f"needs {name}, which is not in the allow list"


def executable_stack(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """PT_GNU_STACK is there, readable and writable and not executable."""
    for path, elf in tree.elf.items():
        if elf.stack is None:
            yield path, "has no PT_GNU_STACK, so its stack would be executable"
        elif elf.stack != "RW":
            yield path, f"has a stack with the flags {elf.stack}"


def writable_code(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """No segment is writable and executable."""
    for path, elf in tree.elf.items():
        for segment in elf.segments:
            if segment.kind != "GNU_STACK" and {"W", "X"} <= set(segment.flags):
                yield path, f"has a {segment.kind} segment with the flags {segment.flags}"


def text_relocations(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Code is never written at start."""
    for path, elf in tree.elf.items():
        if elf.textrel:
            yield path, "has text relocations (DT_TEXTREL)"


def copy_relocations(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Nothing is copied out of another library: against stub libraries the copies of ``environ`` stay empty."""
    for path, elf in tree.elf.items():
        if elf.copy_relocations:
            yield path, f"has copy relocations of {', '.join(elf.copy_relocations[:8])}"


def hidden_symbols(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No symbol of a library that is linked in can be seen from outside."""
    names = {pattern for pattern in limits.hidden_symbols if not pattern.endswith("*")}
    prefixes = tuple(pattern[:-1] for pattern in limits.hidden_symbols if pattern.endswith("*"))
    for path, elf in tree.elf.items():
        seen = sorted(name for name in elf.exported if name in names or name.startswith(prefixes))
        if seen:
            yield path, f"exports {len(seen)} symbols of bundled libraries: {', '.join(seen[:6])}"


def banned_symbols(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """No function is imported that newer or older systems lack."""
    for path, elf in tree.elf.items():
        for name in sorted(elf.imported & limits.banned_symbols):
            yield path, f"imports {name}"


def python_api(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Interpreter and libpython both offer the C API to extension modules; in a shared build libpython alone does."""
    interpreter = tree.elf.get(tree.interpreter or "")
    linked = interpreter is not None and any(name.startswith("libpython") for name in interpreter.needed)
    if interpreter is None:
        yield f"{tree.prefix}bin", "has no interpreter python3.X"
    elif "shared" in tree.options:
        if not linked:
            yield tree.interpreter or "", "does not need libpython, as a shared build does"
        if "PyList_New" in interpreter.exported:
            yield tree.interpreter or "", "holds a second copy of what is in libpython"
    elif limits.static:
        yield from ((path, "is a shared library, which nothing can load") for path in tree.elf if ".so" in path)
    elif "PyList_New" not in interpreter.exported:
        yield tree.interpreter or "", "does not export PyList_New"
    elif linked:
        yield tree.interpreter or "", "needs libpython: its calls would go through the dynamic linker's tables"
    library = tree.elf.get(tree.libpython or "")
    if library is not None and "PyList_New" not in library.exported:
        yield tree.libpython or "", "does not export PyList_New"
    if library is None and interpreter is not None and interpreter.interpreter:
        yield f"{tree.prefix}lib", "has no libpython3.X.so"


def interpreter_kind(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Position-independent or not, and with which dynamic linker, is as the target says."""
    elf = tree.elf.get(tree.interpreter or "")
    if elf is None:
        return
    movable = tree.record is not None and "non-pie" in tree.record.without
    wanted = "DYN" if movable else limits.interpreter_type
    if wanted not in {None, elf.kind}:
        yield tree.interpreter or "", f"is of type {elf.kind}, not {wanted}"
    if limits.program_interpreter not in {None, elf.interpreter or ""}:
        yield tree.interpreter or "", f"asks for {elf.interpreter}, not {limits.program_interpreter or 'nothing'}"
    if elf.runpath:
        yield tree.interpreter or "", "has a RUNPATH, which LD_LIBRARY_PATH overrides; RPATH is meant"


def relative_rpath(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every search path begins at the file itself and stays in the distribution."""
    for path, elf in tree.elf.items():
        for place in (*elf.rpath, *elf.runpath):
            if not re.match(r"\$(ORIGIN|\{ORIGIN\})(/|$)", place):
                yield path, f"searches libraries in {place!r}, which is not relative to $ORIGIN"
                continue
            resolved = posixpath.normpath(re.sub(r"\$\{?ORIGIN\}?", posixpath.dirname(path), place))
            if not f"{resolved}/".startswith(tree.prefix):
                yield path, f"searches libraries in {place!r}, outside the distribution"


def encoding(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """One frame, with a window that readers accept without being asked."""
    if not tree.form.single_frame:
        yield tree.name, f"more data follows the first {tree.form.compression} frame"
    if tree.form.window > MAX_WINDOW:
        yield tree.name, f"wants a window of {tree.form.window} bytes; readers stop at {MAX_WINDOW}"


def members(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """One top-level directory ``python``; files, directories and inner symbolic links, each once."""
    seen: set[str] = set()
    for entry in tree.entries:
        if entry.path != "python" and not entry.path.startswith("python/"):
            yield entry.path, "is outside the one top-level directory python/"
        if entry.kind in {"hardlink", "other"}:
            yield entry.path, f"is a {entry.kind}: only files, directories and symbolic links are portable"
        elif escapes(entry):
            yield entry.path, f"leads outside the archive{f' ({entry.target})' if entry.target else ''}"
        elif entry.kind == "symlink" and entry.path in tree.directories:
            yield entry.path, "is a link that other members lie below: they would be written elsewhere"
        if not entry.path.isprintable():
            yield entry.path, "has a name that is not UTF-8, or holds control characters"
        if entry.path != posixpath.normpath(entry.path):
            yield entry.path, f"has a name that is another way to write {posixpath.normpath(entry.path)}"
        if entry.path in seen:
            yield entry.path, "occurs twice"
        seen.add(entry.path)


def modes(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Nobody gains rights by a file, only the owner may change it, all may read it, and programs can be started."""
    programs = f"{tree.prefix}bin/"
    for entry in tree.entries:
        if entry.mode & 0o7000:
            yield entry.path, f"has the mode {entry.mode:o}: set-user-ID, set-group-ID or sticky"
        if entry.kind == "symlink":
            continue
        if entry.mode & 0o022:
            yield entry.path, f"has the mode {entry.mode:o}: others may change it"
        executable = entry.kind == "dir" or entry.path.startswith(programs)
        wanted = 0o555 if executable else 0o444
        if entry.mode & wanted != wanted:
            yield entry.path, f"has the mode {entry.mode:o}: not all may {'start' if executable else 'read'} it"


def symlinks(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every symbolic link points at something that is there, and leads to what is no link itself."""
    paths = tree.paths()
    links = {path: place for path, place in tree.links().items() if not place.startswith("/")}
    for path, place in links.items():
        if place not in paths:
            yield path, f"points at {place}, which is not there"
        end = place
        for _ in range(_MOST_LINKS):
            end = links.get(end, end)
        if end in links:
            yield path, f"points at {place}, from where links lead on without an end"


def layout(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Full archives begin with PYTHON.json and hold install/, build/ and licenses/; others have none of these."""
    paths = tree.paths()
    first = next((entry.path for entry in tree.entries if entry.kind == "file"), None)
    if tree.full and first != "python/PYTHON.json":
        yield first or tree.name, "comes before python/PYTHON.json, which must be the first file"
    for name in ("install", "build", "licenses"):
        place = f"python/{name}"
        if tree.full and place not in paths:
            yield place, "is missing from a full archive"
    if not tree.full and "python/install" in paths:
        yield "python/install", "must not be in an installation archive"
    for name in ("bin/python3", "lib", "include"):
        if tree.prefix + name not in paths:
            yield tree.prefix + name, "is missing"


CHECKS: tuple[Check, ...] = (
    encoding, members, modes, symlinks, layout,
    readable_elf, machine, glibc_ceiling, needed, executable_stack, writable_code, text_relocations,
    copy_relocations, hidden_symbols, banned_symbols, python_api, interpreter_kind, relative_rpath,
    *HARDENING_CHECKS,
    *OBJECT_CHECKS,
    *MODULE_CHECKS,
    *TEXT_CHECKS,
    *RELOCATION_CHECKS,
    *DETAIL_CHECKS,
    *CLIENT_CHECKS,
    build_ids, debug_links,
    *METADATA_CHECKS,
    *FACT_CHECKS,
    build_record, bills_of_materials,
)  # fmt: skip
DEBUG_CHECKS: tuple[Check, ...] = (
    encoding, file_name, members, modes, symlinks, readable_elf, machine, debug_files, identity, licences, build_record,
    bills_of_materials,
)  # fmt: skip
# Of a target of macOS or Windows: what does not depend on the kind of programs, and the checks of that kind.
FOREIGN_CHECKS: tuple[Check, ...] = (
    encoding, members, modes, symlinks, readable_elf, build_paths, shebangs, metadata_schema, identity, metadata_paths,
    licences, build_record,
)  # fmt: skip


def checks_of(tree: Tree, limits: Limits) -> tuple[Check, ...]:
    """Return the checks that an archive of this kind, for this kind of target, is held to."""
    if limits.macho is not None:
        return (*FOREIGN_CHECKS, *MACHO_CHECKS)
    if limits.pe is not None:
        return (*FOREIGN_CHECKS, *PE_CHECKS)
    return DEBUG_CHECKS if kind_of(tree) == "debuginfo" else CHECKS


def run(tree: Tree, limits: Limits) -> Iterator[Finding]:
    """Run every check of the kind of archive; yield what is wrong, in the order of the table."""
    yield from _results(checks_of(tree, limits), tree, limits)


def notes(tree: Tree, limits: Limits) -> Iterator[Finding]:
    """Yield what is worth knowing and no mistake."""
    if kind_of(tree) != "debuginfo":
        yield from _results(NOTES, tree, limits)


def _results(checks: tuple[Check, ...], tree: Tree, limits: Limits) -> Iterator[Finding]:
    for check in checks:
        for path, message in check(tree, limits):
            yield Finding(check=name_of(check), path=path, message=message)


def name_of(check: Check) -> str:
    """``glibc-ceiling`` of the function ``glibc_ceiling``."""
    return check.__name__.replace("_", "-")
