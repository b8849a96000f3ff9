"""Checks of what makes an error harder to exploit: in every ELF file, or where the build record says that it is there.

``-D_FORTIFY_SOURCE``, ``-fstack-protector`` and the like are words of ``flags.make`` (CPython's) and of
``flags.libraries`` in the build record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Elf, Limits, Tree

# Bytes of code. Some array on the stack is in so much of it.
_MUCH = 256 * 1024
# glibc's functions that know the size of what they write to: __memcpy_chk, __vsnprintf_chk.
_FORTIFIED = re.compile(r"__\w+_chk")
# What compiler options ask for, and what a file says that has it.
_BRANCHES = {"-fcf-protection": {"IBT", "SHSTK"}, "-mbranch-protection": {"BTI"}}


def _says(tree: Tree, option: str, purpose: str = "make") -> bool:
    """Say whether the record names a compiler option that begins so (and isn't taken back)."""
    words = " ".join((tree.record.flags if tree.record else {}).get(purpose, ())).replace("=", " ").split()
    return any(word.startswith(option) for word in words)


def _core(tree: Tree) -> Iterator[tuple[str, Elf]]:
    """Yield the files that hold CPython's own code and are linked to a libc: not those of a static build."""
    for path in (tree.interpreter, tree.libpython):
        elf = tree.elf.get(path or "")
        if elf is not None and elf.dynamic and "PyList_New" in elf.exported:
            yield path or "", elf


def _with_libraries(tree: Tree) -> Iterator[tuple[str, Elf]]:
    """Yield the files beside CPython's own that have much code, which is that of the libraries inside."""
    for path, elf in tree.elf.items():
        if elf.dynamic and "PyList_New" not in elf.exported and elf.code >= _MUCH:
            yield path, elf


def read_only_relocations(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Tables that the dynamic linker fills in at start can't be written to afterwards: in all files."""
    for path, elf in tree.elf.items():
        if elf.dynamic and "GNU_RELRO" not in {segment.kind for segment in elf.segments}:
            yield path, "has no PT_GNU_RELRO"


def bind_now(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """All symbols are bound at start, so that the table of functions is read-only with the rest: in all files."""
    for path, elf in tree.elf.items():
        if elf.dynamic and not elf.bind_now:
            yield path, "binds symbols when they are first used (no DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW)"


def stack_protector(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Code looks whether its stack was overwritten, where the build record says -fstack-protector of it."""
    for purpose, files in (("make", _core), ("libraries", _with_libraries)):
        if _says(tree, "-fstack-protector", purpose):
            for path, elf in files(tree):
                if not elf.imported & {"__stack_chk_fail", "__stack_smash_handler"}:
                    yield path, f"never calls __stack_chk_fail; the build record says -fstack-protector ({purpose})"


def fortify(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """CPython's code calls glibc's functions that know sizes, where the build record says _FORTIFY_SOURCE."""
    if _says(tree, "-D_FORTIFY_SOURCE"):
        for path, elf in _core(tree):
            if not {name for name in elf.imported if _FORTIFIED.fullmatch(name)}:
                yield path, "calls no function such as __memcpy_chk; the build record says -D_FORTIFY_SOURCE"


def branch_protection(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """All of a file can run with CET or BTI, where the build record says that it was compiled for them."""
    for option, features in _BRANCHES.items():
        if _says(tree, option):
            for path, elf in _core(tree):
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
