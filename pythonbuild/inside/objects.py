"""Gather what links into another program: object files, static libraries, and a description of them.

Runs under the build environment's ``python3`` after ``make``. Leaves below ``--output`` the objects by
their place in CPython's tree, ``lib/*.a`` of every library, and the sources of the module table; writes
``core.json`` and ``extensions.json``, whose paths are relative to ``python/`` of a distribution.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pythonbuild.inside.relocate import parse_sysconfigdata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COPIED = (
    "Modules/config.c",
    "Modules/config.c.in",
    "Modules/Setup",
    "Modules/Setup.bootstrap",
    "Modules/Setup.bootstrap.in",
    "Modules/Setup.local",
    "Modules/Setup.stdlib",
    "Modules/Setup.stdlib.in",
    "Python/frozen.c",
)
MAIN_OBJECT = "Programs/python.o"
INITTAB = "Modules/config"

# makesetup's rule for a module, on one line:
# `Modules/_x$(EXT_SUFFIX):  Modules/_x.o ...; $(BLDSHARED)  Modules/_x.o $(MODULE__X_LDFLAGS) ... -o Modules/...`
_RULE = re.compile(
    r"^Modules/(\w+)\$\(EXT_SUFFIX\):([^;$\n]*)[^;\n]*;[ \t]*\$\(BLDSHARED\)(.*) -o Modules/", re.MULTILINE
)
_ENTRY = re.compile(r'\{"(\w+)",\s*(\w+)\}')

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A built CPython: its ``source`` tree, the ``libraries`` it links, the installation's names.

    ``library`` is ``lib/python3.14``; ``names`` the files in the library directory of the prefix.
    """

    source: Path
    libraries: frozenset[str]
    library: str
    names: frozenset[str]


def module_objects(makefile: str) -> dict[str, tuple[str, ...]]:
    """Return the object files of each module in a makefile that makesetup has extended."""
    return {match[1]: tuple(match[2].split()) for match in _RULE.finditer(makefile)}


def module_libraries(makefile: str, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the link words of each module in such a makefile, its variables expanded once."""

    def value(match: re.Match[str]) -> str:
        # MODULE_LDFLAGS_SHARED and such are for shared modules alone.
        return str(variables.get(match[1], "")) if match[1].endswith("_LDFLAGS") else ""

    return {match[1]: re.sub(r"\$\((\w+)\)", value, match[3]) for match in _RULE.finditer(makefile)}


def inittab(config: str) -> dict[str, str]:
    """Return the module table in ``config.c``: name -> function, ``NULL`` for ``sys`` and ``builtins``."""
    return {match[1]: match[2] for match in _ENTRY.finditer(config)}


def link(word: str, tree: Tree) -> Json | None:
    """Return what one word of a link line names, or None for a word that names no library."""
    if word.endswith(".a"):
        return {"name": Path(word).stem.removeprefix("lib"), "path_static": f"build/{word}"}
    if not word.startswith("-l"):
        return None
    name = word.removeprefix("-l")
    if f"lib{name}.a" in tree.libraries:
        return {"name": name, "path_static": f"build/lib/lib{name}.a"}
    if f"lib{name}.so" in tree.names:
        return {"name": name, "path_dynamic": f"install/lib/lib{name}.so"}
    return {"name": name, "system": True}


def links(words: str, tree: Tree) -> list[Json]:
    """Return the libraries of a link line, each once, in order."""
    found: dict[str, Json] = {}
    for word in words.split():
        entry = link(word, tree)
        if entry is not None:
            found.setdefault(entry["name"], entry)
    return list(found.values())


def extension(name: str, wanted: Mapping[str, Any], facts: Mapping[str, Any], tree: Tree) -> Json:
    """Return the description of one extension module that CPython's Setup files have.

    ``facts`` holds ``objects`` and ``libraries`` by module, and the configuration ``variables``. The key
    ``recipes`` names the libraries' recipes; whoever writes the metadata turns it into licences.
    """
    objects = facts["objects"].get(name, ())
    found: Json = {
        "in_core": False,
        "init_fn": f"PyInit_{name}",
        "links": links(facts["libraries"].get(name, ""), tree),
        "objs": [f"build/{path}" for path in objects],
        "recipes": list(wanted["needs"]),
        "required": wanted["build"] == "bootstrap",
        "variant": "default",
    }
    if wanted["build"] == "shared":
        suffix = facts["variables"]["EXT_SUFFIX"]
        found["shared_lib"] = f"install/{tree.library}/lib-dynload/{name}{suffix}"
    return found


def core_extension(function: str) -> Json:
    """Return the description of a module that lies in the core itself, such as ``marshal`` or ``sys``."""
    return {
        "in_core": True,
        "init_fn": function,
        "links": [],
        "objs": [],
        "recipes": [],
        "required": True,
        "variant": "default",
    }


def extensions(modules: Mapping[str, Any], table: Mapping[str, str], facts: Json, tree: Tree) -> dict[str, list[Json]]:
    """Return every extension module that was built, as ``build_info.extensions`` of the metadata has it."""
    found = {
        name: [extension(name, wanted, facts, tree)]
        for name, wanted in modules.items()
        if wanted["build"] != "disabled"
    }
    for name, function in table.items():
        found.setdefault(name, [core_extension(function)])
    return dict(sorted(found.items()))


def core(library_objects: Iterable[str], facts: Json, tree: Tree) -> Json:
    """Return the description of the core: its objects, what it links, and the libraries made of it."""
    variables = facts["variables"]
    of_modules = {path for paths in facts["objects"].values() for path in paths}
    objects = [path for path in (MAIN_OBJECT, *library_objects) if path not in of_modules]
    system = f"{variables['LIBS']} {variables['LIBM']}"
    place = str(variables["LIBPL"]).removeprefix("/install/")
    return {
        "objs": [f"build/{path}" for path in objects if path != f"{INITTAB}.o"],
        "links": links(system, tree),
        "shared_lib": f"install/lib/{variables['INSTSONAME']}",
        "static_lib": f"install/{place}/{variables['LIBRARY']}",
        "inittab_object": f"build/{INITTAB}.o",
        "inittab_source": f"build/{INITTAB}.c",
        "inittab_cflags": ["-DPy_BUILD_CORE", "-I.", "-IInclude", "-IInclude/internal"],
    }


def copy(paths: Iterable[str], source: Path, output: Path) -> None:
    """Copy files by their path below ``source`` to the same path below ``output``."""
    for path in paths:
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, output / path)


def static_libraries(described: Mapping[str, list[Json]]) -> set[str]:
    """Return the archives of CPython's own tree that extension modules link, by their path in it."""
    candidates = [candidate for several in described.values() for candidate in several]
    paths: list[str] = [entry.get("path_static", "") for each in candidates for entry in each["links"]]
    return {path.removeprefix("build/") for path in paths if path.startswith("build/Modules/")}


def gather(options: argparse.Namespace) -> None:
    """Write the description and copy what it names."""
    source: Path = options.source
    variables = parse_sysconfigdata(next(source.glob("build/lib.*/_sysconfigdata_*.py")).read_text())
    makefile = (source / "Makefile").read_text()
    facts: Json = {
        "objects": module_objects(makefile),
        "libraries": module_libraries(makefile, variables),
        "variables": variables,
    }
    tree = Tree(
        source=source,
        libraries=frozenset(path.name for path in options.libraries.glob("*.a")),
        library=str(variables["LIBDEST"]).removeprefix("/install/"),
        names=frozenset(path.name for path in (options.prefix / "lib").iterdir()),
    )
    library_objects = options.library_objects.read_text().split()
    modules = json.loads(options.modules.read_text())
    described = extensions(modules, inittab((source / f"{INITTAB}.c").read_text()), facts, tree)
    write_json(options.core, {**core(library_objects, facts, tree), "object_file_format": options.format})
    write_json(options.extensions, described)
    of_modules = {path for name in modules for path in facts["objects"].get(name, ())}
    copy(sorted({MAIN_OBJECT, *library_objects, *of_modules} | static_libraries(described)), source, options.output)
    copy(COPIED, source, options.output)
    copy((path.name for path in options.libraries.glob("*.a")), options.libraries, options.output / "lib")


def write_json(path: Path, value: object) -> None:
    """Write ``value`` to ``path``."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Gather as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("source", "libraries", "prefix", "library-objects", "modules", "output", "core", "extensions"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--format", required=True, help="elf, llvm-bitcode:22.1.8 ...: what the objects are")
    gather(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
