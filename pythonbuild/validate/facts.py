"""Checks of what PYTHON.json says of the interpreter: against version and options, the files, and sysconfig data.

They say nothing of an installation archive, which has no PYTHON.json.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pythonbuild.package.metadata import FORMAT_VERSION
from pythonbuild.validate.names import version_parts
from pythonbuild.validate.texts import sysconfig_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.package.model import PythonJson
    from pythonbuild.validate.model import Limits, Tree

PLACE = "python/PYTHON.json"
# sys.version_info.releaselevel by the letters of a version, and its number in sys.hexversion (Include/patchlevel.h).
_LEVELS = {"a": ("alpha", 10), "b": ("beta", 11), "rc": ("candidate", 12), "": ("final", 15)}
# What sysconfig.get_paths() has on every POSIX system (Lib/sysconfig, _INSTALL_SCHEMES).
_PATHS = frozenset({"data", "include", "platinclude", "platlib", "platstdlib", "purelib", "scripts", "stdlib"})
_PLACEHOLDER = re.compile(r"\{(\w{1,40})\}")
_LONGEST_PATH = 400
# Compilers, which sysconfig names otherwise than its data when it runs, and where it finds its sources.
_COMPILERS = {"clang": "cc", "clang++": "c++"}
_TOOLS = frozenset({"CC", "CXX", "LDSHARED", "BLDSHARED", "LINKCC", "LDCXXSHARED"})
_ELSEWHERE = frozenset({"srcdir"})
_SOURCE = (".py",)
_BYTECODE = (".pyc",)


def metadata_words(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """PYTHON.json says of format, tags, implementation and ways to load what version and options mean."""
    if tree.metadata is None:
        return
    wanted = _words(tree.metadata)
    if wanted is None:
        yield PLACE, f"says python_version is {tree.metadata.python_version[:60]!r}, which is no version"
        return
    for key, value in wanted.items():
        if getattr(tree.metadata, key) != value:
            yield PLACE, f"says {key} is {_shown(getattr(tree.metadata, key))}, not {value!r}"


def _words(facts: PythonJson) -> dict[str, Any] | None:
    """Return the keys that follow from version and options, or None where the version is none."""
    parts = version_parts(facts.python_version)
    if parts is None:
        return None
    major, minor, micro, letters, serial = parts
    level, letter = _LEVELS[letters]
    static = "static" in facts.build_options.split("+")
    return {
        "version": FORMAT_VERSION,
        "optimizations": facts.build_options,
        "python_tag": f"cp{major}{minor}",
        "python_major_minor_version": f"{major}.{minor}",
        "python_implementation_name": "cpython",
        "python_implementation_cache_tag": f"cpython-{major}{minor}",
        "python_implementation_hex_version": major << 24 | minor << 16 | micro << 8 | letter << 4 | serial,
        "python_implementation_version": (str(major), str(minor), str(micro), level, str(serial)),
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ("builtin",) if static else ("builtin", "shared-library"),
    }


def _shown(value: object) -> str:
    """Return a value of PYTHON.json in a few letters; Python refuses to write numbers of more than 4300 digits."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length()} bits"
    return f"{value!r:.80}"


def metadata_files(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Suffixes, magic number, libraries and objects of PYTHON.json are those that files in the archive have."""
    facts = tree.metadata
    if facts is None:
        return
    yield from ((PLACE, message) for message in (*_suffixes(tree, facts), *_libraries(tree, facts)))
    magics = sorted(tree.bytecode)
    if magics and magics != [facts.python_bytecode_magic_number]:
        shown = ", ".join(f"{magic} in {tree.bytecode[magic]}" for magic in magics[:2])
        yield PLACE, f"python_bytecode_magic_number is {facts.python_bytecode_magic_number[:60]!r}; files have {shown}"
    if not facts.build_info.core.objs:
        yield PLACE, "names no objects of the core"
    named = _named_objects(facts)
    place = "python/build/"
    missing = sorted(path for path in tree.objects if path.startswith(place) and path[len("python/") :] not in named)
    if missing:
        yield PLACE, f"names {len(missing)} object files nowhere: {', '.join(missing[:4])}"


def _named_objects(facts: PythonJson) -> frozenset[str]:
    """Return the objects that something in PYTHON.json consists of."""
    info = facts.build_info
    units = [unit for several in info.extensions.values() for unit in several]
    return frozenset((info.inittab_object, *info.core.objs, *(path for unit in units for path in unit.objs)))


def _suffixes(tree: Tree, facts: PythonJson) -> Iterator[str]:
    """Complain about suffixes of the import system: those of extension modules are what the files are called."""
    data = sysconfig_of(tree)
    wanted = {"source": _SOURCE, **dict.fromkeys(("bytecode", "debug_bytecode", "optimized_bytecode"), _BYTECODE)}
    for key, value in wanted.items():
        if facts.python_suffixes.get(key) != value:
            yield f"python_suffixes.{key} is {_shown(facts.python_suffixes.get(key))}, not {value!r}"
    if unknown := sorted(set(facts.python_suffixes) - {*wanted, "extension"}):
        yield f"python_suffixes has {_shown(unknown)}, which no Python has"
    if "static" in tree.options:  # nothing can be loaded
        return
    extension = facts.python_suffixes.get("extension", ())
    if not {".abi3.so", ".so"} <= set(extension):
        yield f"python_suffixes.extension is {_shown(extension)}, without .abi3.so or .so"
    first = extension[0] if extension else None
    if first != data.get("EXT_SUFFIX", first):
        yield f"python_suffixes.extension begins with {_shown(first)}; sysconfig data has {_shown(data['EXT_SUFFIX'])}"
    folder = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/lib-dynload/[^/.]+(\.[^/]+)")
    endings = {match[1] for path in tree.elf if (match := folder.fullmatch(path))}
    if odd := sorted(endings - {first}):
        yield f"python_suffixes.extension begins with {_shown(first)}; files end in {_shown(odd[0])}"


def _libraries(tree: Tree, facts: PythonJson) -> Iterator[str]:
    """Complain about libpython: whether there is a shared one, and where both kinds lie."""
    mode = "static" if tree.libpython is None else "shared"
    if facts.libpython_link_mode != mode:
        yield f"libpython_link_mode is {facts.libpython_link_mode[:60]!r}, not {mode!r}"
    pattern = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/config-[^/]+/libpython3[^/]*\.a")
    static = next((path for path in tree.static if pattern.fullmatch(path)), None)
    core = facts.build_info.core
    for key, stated, real in (
        ("static_lib", core.static_lib, static),
        # A static build names the library that it would have: where there is none, `metadata-paths` tells.
        ("shared_lib", core.shared_lib, tree.libpython),
    ):
        if real is not None and f"python/{stated}" != real:
            yield f"core: {key} is {_shown(stated)}; the file is {real}"


def metadata_variables(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Variables in PYTHON.json are those of sysconfig data, and its paths what the variables make of the scheme."""
    facts = tree.metadata
    if facts is None:
        return
    for message in (*_variables(facts, sysconfig_of(tree)), *_paths(facts)):
        yield PLACE, message


def _variables(facts: PythonJson, data: Mapping[str, object]) -> Iterator[str]:
    """Complain about variables that are not those of sysconfig data, or not of this version."""
    stated = facts.python_config_vars
    if not stated:
        yield "python_config_vars is empty"
        return
    if lacking := sorted(key for key in data if key not in stated):
        yield f"python_config_vars lacks {len(lacking)} variables of sysconfig data: {_shown(', '.join(lacking[:4]))}"
    other = [key for key in stated if key in data and key not in _ELSEWHERE and not _same(key, stated[key], data[key])]
    for key in sorted(other)[:8]:
        yield f"python_config_vars.{key[:60]} is {_shown(stated[key])}; sysconfig data has {_shown(data[key])}"
    # What sysconfig adds to its data when it runs; the build writes no place of its own.
    of_version = {
        "py_version": facts.python_version,
        "py_version_short": facts.python_major_minor_version,
        "py_version_nodot": facts.python_major_minor_version.replace(".", ""),
        "abiflags": facts.python_abi_tag or "",
        **dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase", "prefix"), "/install"),
    }
    for key, value in of_version.items():
        if key not in data and stated.get(key) != value:
            yield f"python_config_vars.{key} is {_shown(stated.get(key))}, not {value!r}"


def _same(key: str, stated: str, real: object) -> bool:
    """Say whether a variable is what sysconfig makes of its data: text, and any machine's name for a compiler."""
    if not isinstance(real, str):
        return isinstance(real, int) and real.bit_length() <= 64 and stated == str(real)
    return stated == real or (key in _TOOLS and _of_any_machine(stated) == _of_any_machine(real))


def _of_any_machine(command: str) -> str:
    program, blank, options = command.partition(" ")
    return _COMPILERS.get(program, program) + blank + options


def _paths(facts: PythonJson) -> Iterator[str]:
    """Complain about paths that are not those which the scheme and the variables give."""
    for name in ("python_paths", "python_paths_abstract"):
        if lacking := sorted(_PATHS - set(getattr(facts, name))):
            yield f"{name} lacks {', '.join(lacking)}"
    for key, abstract in facts.python_paths_abstract.items():
        path = facts.python_paths.get(key)
        meant = _expanded(abstract, facts.python_config_vars)
        if path is not None and f"/{path}" != meant:
            yield f"python_paths.{key[:60]} is {_shown(path)}; python_paths_abstract means {_shown(meant)}"


def _expanded(abstract: str, variables: Mapping[str, str]) -> str | None:
    """Return a path of the scheme with its variables put in, as sysconfig does; None where it can't be one."""
    if len(abstract) > _LONGEST_PATH:
        return None
    values = {name: variables.get(name, "") for name in _PLACEHOLDER.findall(abstract)}
    if any(len(value) > _LONGEST_PATH for value in values.values()):
        return None
    return _PLACEHOLDER.sub(lambda match: values[match[1]], abstract)


FACT_CHECKS = (metadata_words, metadata_files, metadata_variables)
