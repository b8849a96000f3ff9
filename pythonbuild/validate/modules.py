"""Checks of extension modules and of what they are linked to: against the list of them, the files, and PYTHON.json."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pythonbuild.validate.metadata import PLACE
from pythonbuild.validate.objects import SHARED_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.package.model import Link, PythonJson
    from pythonbuild.validate.model import Elf, Limits, Tree

# What every link takes without being told: libc, its threads (-pthread), the dynamic linker, and libpython.
_ALWAYS = re.compile(r"libc\.so.*|libpthread\.so\.0|ld(?:64|-linux)[^/]*\.so\.\d+|ld-musl-[^/]*|libpython3[^/]*\.so.*")
_IN_CORE = frozenset({"bootstrap", "static"})
_FILES = frozenset({"shared", "test"})


# Of each part of the C API something that every Python from 3.11 on has, functions and data.
C_API = frozenset({
    "Py_Initialize", "Py_InitializeFromConfig", "Py_FinalizeEx", "Py_RunMain", "Py_BytesMain",
    "PyRun_SimpleStringFlags", "PyImport_ImportModule", "PyImport_AppendInittab", "PyModule_Create2",
    "PyModuleDef_Init", "PyType_FromSpec", "PyType_Ready", "PyObject_Call", "PyObject_GetAttrString",
    "PyArg_ParseTuple", "Py_BuildValue", "PyErr_SetString", "PyErr_Occurred", "PyGILState_Ensure", "PyEval_SaveThread",
    "PyThreadState_Get", "PyMem_Malloc", "PyObject_Malloc", "PyUnicode_FromString", "PyLong_FromLong",
    "PyFloat_FromDouble", "PyBytes_FromStringAndSize", "PyList_New", "PyDict_New", "PyTuple_New", "PyCapsule_New",
    "PyBuffer_Release", "_Py_Dealloc", "_Py_NoneStruct", "PyType_Type", "PyLong_Type", "PyBaseObject_Type",
    "PyExc_ValueError",
})  # fmt: skip


def c_api(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Whatever holds CPython's code exports the C API, and the interpreter the same of it as libpython."""
    core = dict(tree.core())
    for path, elf in core.items():
        if lacking := sorted(C_API - elf.exported):
            yield path, f"does not export {', '.join(lacking[:4])}"
    every = {name for elf in core.values() for name in elf.exported if name.startswith(("Py", "_Py"))}
    for path, elf in core.items():
        if lacking := sorted(every - elf.exported):
            others = ", ".join(other for other in core if other != path)
            yield path, f"lacks {len(lacking)} names of the C API that {others} has: {', '.join(lacking[:4])}"


def extension_set(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Extension modules are those of cpython-unix/cpython/extension-modules.yml, each built in or a file as it says."""
    if limits.modules is None:
        return
    if tree.metadata is None:
        yield from _files(tree, limits.modules)
        return
    extensions = tree.metadata.build_info.extensions
    for name, build in limits.modules.items():
        units = extensions.get(name, ())
        if build == "disabled":
            yield from ((PLACE, f"has the extension module {name}, which is disabled") for _ in units[:1])
        elif not units:
            yield PLACE, f"lacks the extension module {name}"
        for unit in units:
            shared = unit.shared_lib is not None
            if build != "disabled" and shared != (build in _FILES):
                yield PLACE, f"has {name} as {'a file' if shared else 'built in'}; the list says {build}"
    for name, units in extensions.items():
        # Parts of the core that are modules, such as builtins, are in no list.
        if name not in limits.modules and not all(unit.in_core for unit in units):
            yield PLACE, f"has the extension module {name}, which is not in the list"


def _files(tree: Tree, modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Complain about the files of an installation, which has no PYTHON.json; modules for tests may be left out."""
    there = set()
    folder = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/lib-dynload/([^/.]+)\.[^/]+")
    for path in tree.elf:
        name = found[1] if (found := folder.fullmatch(path)) else ""
        there.add(name)
        if name and modules.get(name) not in _FILES:
            yield path, f"is a file; the list says that {name} is {modules.get(name, 'nothing known')}"
    for name in sorted({name for name, build in modules.items() if build == "shared"} - there):
        yield f"{tree.prefix}lib", f"lacks the extension module {name}, which is a file"


def built_in_modules(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Whatever holds CPython's code exports what starts built-in modules, and nothing of modules that are files."""
    inside, outside = _starters(tree, limits)
    for path, elf in tree.core():
        lacking, extra = sorted(inside - elf.exported), sorted(outside & elf.exported)
        if lacking:
            yield path, f"does not export {', '.join(lacking[:4])}, which start built-in modules"
        if extra:
            yield path, f"exports {', '.join(extra[:4])}, which start modules that are files"


def _starters(tree: Tree, limits: Limits) -> tuple[frozenset[str], frozenset[str]]:
    """Return the functions that start built-in modules, and those of modules that are files."""
    if tree.metadata is not None:
        units = [unit for units in tree.metadata.build_info.extensions.values() for unit in units if not unit.in_core]
        return (
            frozenset(unit.init_fn for unit in units if unit.shared_lib is None),
            frozenset(unit.init_fn for unit in units if unit.shared_lib is not None),
        )
    modules = limits.modules or {}
    return (
        frozenset(f"PyInit_{name}" for name, build in modules.items() if build in _IN_CORE),
        frozenset(f"PyInit_{name}" for name, build in modules.items() if build in _FILES),
    )


def annotated_libraries(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every library that CPython's files need is one that PYTHON.json names where it says what they link."""
    if tree.metadata is None:
        return
    core, shared = _links(tree.metadata)
    known = _names(tree, core)
    files = [(path, known) for path in (tree.interpreter, tree.libpython) if path]
    files += [(path, known | _names(tree, links)) for path, links in shared.items()]
    for path, names in files:
        elf = tree.elf.get(path)
        lacking = [name for name in elf.needed if not _named(name, names)] if elf else []
        if lacking:
            yield path, f"needs {', '.join(lacking)}, which PYTHON.json does not say of it"


def _links(facts: PythonJson) -> tuple[list[Link], dict[str, list[Link]]]:
    """Return what the core links, built-in modules included, and what each module that is a file does."""
    core, shared = list(facts.build_info.core.links), dict[str, "list[Link]"]()
    for units in facts.build_info.extensions.values():
        for unit in units:
            place = core if unit.shared_lib is None else shared.setdefault(f"python/{unit.shared_lib}", [])
            place += unit.links
    return core, shared


def _names(tree: Tree, links: list[Link]) -> frozenset[str]:
    """Return how files name what ``links`` are: ``m`` of the system, the soname or file name of one of ours."""
    found = {link.name for link in links if link.system}
    for link in links:
        if link.path_dynamic:
            elf: Elf | None = tree.elf.get(f"python/{link.path_dynamic}")
            found |= {posixpath.basename(link.path_dynamic), (elf.soname if elf else None) or ""}
    return frozenset(found - {""})


def _named(name: str, names: frozenset[str]) -> bool:
    """Say whether a needed library is one of ``names``, by its own name or by the one that linkers know it by."""
    short = SHARED_NAME.fullmatch(posixpath.basename(name))
    plain = posixpath.basename(name)
    return bool(_ALWAYS.fullmatch(plain)) or plain in names or (short is not None and short[1] in names)


MODULE_CHECKS = (c_api, extension_set, built_in_modules, annotated_libraries)
