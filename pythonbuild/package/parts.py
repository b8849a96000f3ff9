"""Which component is in which file of a distribution. Pure: what the build wrote down in, names out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pythonbuild.package.sbom import Contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CPYTHON = "cpython"
# Of all wheels only these are there to be used; others are data of tests.
WHEEL = re.compile(r"(?:.*/)?ensurepip/_bundled/(?P<name>[^-/]+)-(?P<version>[^-/]+)-[^/]*\.whl")
# Besides libraries: no code, so that nothing is linked in.
DATA = (".a", ".ttf")
_INTERPRETER = re.compile(r"bin/python3\.\d+t?d?")
_LIBPYTHON = re.compile(r"lib/libpython3\.\d+t?d?\.so(\.1\.0)?")
# Where CPython's own programs and libraries lie, and nothing of others.
_OWN = re.compile(rf"{_INTERPRETER.pattern}|lib/libpython3[^/]*\.so[^/]*|lib/python3\.\d+t?/.*|build/.*")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is known of the files of a distribution.

    ``libraries`` maps the file name of a library, or of a font, to the components that it was made of, ``below`` a
    component to those that are linked into whatever links it, but for those ``loaded``, which are shared libraries: who
    links one holds no more than a stub of it. ``core`` are the component libraries of the interpreter's own code,
    ``shared`` those of each extension module by its path in the installation. ``everywhere`` is linked into all
    programs: the compiler's own functions, and of the libc its start files, or in a static build all of it.
    ``libpython`` says that the interpreter is linked to libpython and holds no code itself.
    """

    libraries: Mapping[str, tuple[str, ...]]
    below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()
    core: tuple[str, ...] = ()
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everywhere: tuple[str, ...] = ()
    libpython: bool = False

    def contents(self, path: str) -> Contents:
        """Return what the file ``path`` holds; ``path`` begins at the installation, or with ``build/``."""
        name = PurePosixPath(path).name
        wheel = WHEEL.fullmatch(path)
        if wheel:
            return Contents(made_of=(wheel["name"],))
        if name in self.libraries:
            made_of = self.libraries[name]
            inside = [one for ref in made_of for one in self.below.get(ref, ())]
            linked = () if name.endswith(DATA) else tuple(sorted({*inside, *self.everywhere} - set(made_of)))
            return Contents(made_of=made_of, linked=linked)
        if name.endswith(".a"):
            return Contents(made_of=() if path.startswith("build/lib/") else (CPYTHON,))
        if not _OWN.fullmatch(path):
            return Contents()  # no recipe says that it installs this: the validator complains
        return Contents(made_of=(CPYTHON,), linked=self._whole(self._linked(path)))

    def _linked(self, path: str) -> tuple[str, ...]:
        """Return what the link line of a program or library of CPython named."""
        if path in self.shared:
            return self.shared[path]
        holds_core = _LIBPYTHON.fullmatch(path) or (_INTERPRETER.fullmatch(path) and not self.libpython)
        return self.core if holds_core else ()

    def _whole(self, refs: Iterable[str]) -> tuple[str, ...]:
        """Return ``refs`` with all that lies below them, and what is everywhere."""
        below = (one for ref in refs if ref not in self.loaded for one in self.below.get(ref, ()))
        return tuple(sorted({*refs, *below, *self.everywhere}))


def static_names(links: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the file names of the static libraries of others that a link line names."""
    paths = [str(link.get("path_static", "")) for link in links]
    return tuple(PurePosixPath(path).name for path in paths if path.startswith("build/lib/"))


def linked_parts(
    core: Mapping[str, Any], extensions: Mapping[str, Any], libraries: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the components that the core links, and those of each extension module that is a file of its own.

    ``core`` and ``extensions`` are what the build wrote down of its link lines: see ``inside/objects.py``.
    """
    inner = [*static_names(core.get("links", ()))]
    shared: dict[str, tuple[str, ...]] = {}
    for candidates in extensions.values():
        for candidate in candidates:
            names = static_names(candidate.get("links", ()))
            if candidate.get("shared_lib"):
                shared[candidate["shared_lib"].removeprefix("install/")] = components(names, libraries)
            else:
                inner += names
    return components(inner, libraries), shared


def components(names: Iterable[str], libraries: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the components that the libraries ``names`` were made of."""
    return tuple(sorted({ref for name in names for ref in libraries.get(name, ())}))
