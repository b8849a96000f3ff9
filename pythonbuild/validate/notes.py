"""Notes: what is worth knowing of a distribution and is no mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.validate.model import Limits, Tree


def duplicate_code(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """How much code the interpreter and libpython both hold: nothing is demanded.

    Each has all of CPython, so that the interpreter's calls of its own functions are direct: docs/performance.md.
    """
    interpreter, library = tree.elf.get(tree.interpreter or ""), tree.elf.get(tree.libpython or "")
    if interpreter is None or library is None:
        return
    both = interpreter.exported & library.exported
    if "PyList_New" in both:
        sizes = f"{interpreter.code / 1e6:.1f} and {library.code / 1e6:.1f} MB of code"
        message = f"exports {len(both)} functions and objects that {tree.interpreter} has too ({sizes})"
        yield tree.libpython or "", message


NOTES = (duplicate_code,)
