"""Checks of what makes an error harder to exploit: in every ELF file, or where the target and the flavor demand it.

What was asked of the compiler are words of ``flags.make`` (CPython's) and of ``flags.libraries`` in the build record.
Checks don't rely on them: a flag that got lost is missing there, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pythonbuild.validate.model import Elf, Limits, Tree

# Bytes of code. Some array on the stack is in so much of it.
_MUCH = 256 * 1024
# Bytes of a static library, with symbols and bitcode: of those that much smaller ones have, some need no hardening.
_LARGE = 3 << 19
_STACK = frozenset({"__stack_chk_fail", "__stack_smash_handler"})
# glibc's functions that know the size of what they write to: __memcpy_chk, __vsnprintf_chk.
_FORTIFIED = re.compile(r"__\w+_chk")
# What takes an option back that came before it.
_TAKEN_BACK = {
    "-fcf-protection": "-fcf-protection=none",
    "-mbranch-protection": "-mbranch-protection=none",
}
# What compiler options ask for, and what a file says that has it.
_BRANCHES = {"-fcf-protection": {"IBT", "SHSTK"}, "-mbranch-protection": {"BTI"}}


def _says(tree: Tree, option: str, purpose: str = "make") -> bool:
    """Say whether the record names a compiler option that begins so, and does not take it back later."""
    said = False
    for word in " ".join((tree.record.flags if tree.record else {}).get(purpose, ())).split():
        # A variable of make: CFLAGS_NODIST=-g1.
        plain = re.sub(r"^\w+=", "", word)
        if plain.startswith(option):
            said = plain != _TAKEN_BACK[option]
    return said


def _with_libraries(tree: Tree) -> Iterator[tuple[str, Elf]]:
    """Yield the shared libraries with much code beside CPython's own, and its extension modules."""
    for path, elf in tree.elf.items():
        if elf.dynamic and "PyList_New" not in elf.exported and elf.code >= _MUCH and "/lib-dynload/" not in path:
            yield path, elf


def read_only_relocations(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Tables that are filled in at start can't be written to afterwards: in all files, static programs too."""
    for path, elf in tree.elf.items():
        if elf.kind in {"DYN", "EXEC"} and "GNU_RELRO" not in {segment.kind for segment in elf.segments}:
            yield path, "has no PT_GNU_RELRO"


def bind_now(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """All symbols are bound at start, so that the table of functions is read-only with the rest: in all files."""
    for path, elf in tree.elf.items():
        if elf.dynamic and not elf.bind_now:
            yield path, "binds symbols when they are first used (no DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW)"


def _objects(tree: Tree) -> tuple[str, ...]:
    """Return the object files of CPython, which show how it was compiled whatever was linked to it."""
    return tuple(path for path in tree.object_machines if path.startswith("python/build/") and path in tree.marks)


def _archives(tree: Tree) -> Iterator[str]:
    """Yield the static libraries that are large enough to need every kind of hardening."""
    sizes = {entry.path: entry.size for entry in tree.entries}
    for path in tree.static:
        if path.startswith("python/build/lib/") and sizes.get(path, 0) >= _LARGE:
            yield path


def _lost(
    tree: Tree, limits: Limits, kind: str, called: Callable[[Elf], bool], without: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Complain about code without one ``kind`` of hardening, that of CPython and that of the libraries.

    An optimizer stage that was switched off by hand, and is named in ``without``, is not demanded of CPython.
    """
    switched_off = tree.record is not None and without & set(tree.record.without)
    if kind in limits.hardening and not switched_off:
        yield from ((path, "has no code of CPython with") for path, elf in tree.core() if not called(elf))
        objects = _objects(tree)
        if objects and not any(kind in tree.marks[path] for path in objects):
            yield "python/build", f"has {len(objects)} object files of CPython, and none with"
    if kind in limits.library_hardening:
        yield from ((path, "has no code with") for path, elf in _with_libraries(tree) if not called(elf))
        yield from ((path, "has no code with") for path in _archives(tree) if kind not in tree.marks.get(path, ()))


def stack_protector(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Code looks whether its stack was overwritten: CPython's but for debug builds, and that of larger libraries."""
    for path, message in _lost(tree, limits, "stack-protector", lambda elf: bool(elf.imported & _STACK)):
        yield path, f"{message} a stack protector (-fstack-protector): nothing calls __stack_chk_fail"


def fortify(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """With glibc, CPython (but for debug builds) and all larger libraries call its functions that know sizes."""
    off = frozenset({"fortify"})
    for path, message in _lost(tree, limits, "fortify", lambda elf: any(map(_FORTIFIED.fullmatch, elf.imported)), off):
        yield path, f"{message} checked sizes (-D_FORTIFY_SOURCE): nothing calls a function such as __memcpy_chk"


def branch_protection(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """All of a file can run with CET or BTI, where the build record says that it was compiled for them."""
    for option, features in _BRANCHES.items():
        if _says(tree, option):
            for path, elf in tree.core():
                if lacking := features - elf.features:
                    yield path, f"is not marked {', '.join(sorted(lacking))}; the build record says {option}"


def page_alignment(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Loadable segments can be mapped with the largest page that the target's kernels use, after stripping as well."""
    for path, elf in tree.elf.items():
        loaded = [segment for segment in elf.segments if segment.kind == "LOAD"]
        small = [segment.align for segment in loaded]
        if small and min(small) < limits.page_align:
            yield path, f"has a segment aligned to {min(small)}; the target needs {limits.page_align}"
        for segment in loaded:
            if (segment.address - segment.start) % limits.page_align:
                place = f"at byte {segment.start:#x} for address {segment.address:#x}"
                yield path, f"has a segment {place}, which pages of {limits.page_align} bytes can't map"


HARDENING_CHECKS = (
    page_alignment, read_only_relocations, bind_now, stack_protector, fortify, branch_protection,
)  # fmt: skip
