"""Checks of PYTHON.json: against the file tree, against the files' own facts, and against the archive's name.

All but ``identity`` and ``licences`` are silent for an installation archive, which has no PYTHON.json.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pythonbuild.validate.names import kind_of, name_identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.package.model import Core, Extension, Link, PythonJson
    from pythonbuild.validate.model import Limits, Tree

PLACE = "python/PYTHON.json"
_GLIBC = re.compile(r"GLIBC_\d{1,9}(\.\d{1,9}){1,3}", re.ASCII)
# What `object_file_format` says, and what the files are by their first bytes.
_OBJECT_KINDS = {"elf": "elf-object"}


def metadata_schema(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """PYTHON.json has every key of its format with the right type, and no other key."""
    if tree.metadata_error:
        yield PLACE, tree.metadata_error


def identity(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """File name, PYTHON.json and target agree on what this is."""
    named = name_identity(tree.name)
    if named is None:
        yield tree.name, "is not a name of a distribution"
        return
    if named.triple != limits.triple:
        yield tree.name, f"is for {named.triple}, but was checked as {limits.triple}"
    if (named.kind == "full") != tree.full:
        yield tree.name, f"is named {named.kind}, but {'has' if tree.full else 'lacks'} PYTHON.json"
    for key, value in (
        ("python_version", named.version),
        ("target_triple", named.triple),
        ("build_options", named.options),
        ("python_major_minor_version", named.minor),
    ):
        if tree.metadata and getattr(tree.metadata, key) != value:
            yield PLACE, f"says {key} is {getattr(tree.metadata, key)!r}; the file name says {value!r}"
    pattern = rf"{re.escape(tree.prefix)}bin/python{re.escape(named.minor)}t?d?"
    if tree.interpreter is not None and not re.fullmatch(pattern, tree.interpreter):
        yield tree.interpreter, f"is not the interpreter of Python {named.minor}"


def flavor(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """ABI flags (t for free-threaded, d for debug) are those of the options, in names and in PYTHON.json."""
    if not tree.options or tree.interpreter is None:
        return
    thread, debug = "t" * ("freethreaded" in tree.options), "d" * ("debug" in tree.options)
    found = re.fullmatch(r".*/python(3\.\d+)(t?d?)", tree.interpreter)
    minor, flags = found.groups() if found else ("", "")
    if flags != thread + debug:
        yield tree.interpreter, f"has the ABI flags {flags!r}; the options mean {thread + debug!r}"
    paths = tree.paths()
    for place in (f"lib/python{minor}{thread}", f"include/python{minor}{thread}{debug}", f"bin/python{minor}"):
        if tree.prefix + place not in paths:
            yield tree.prefix + place, "is missing"
    if tree.metadata is None:
        return
    variables = tree.metadata.python_config_vars
    for key, value, wanted in (
        ("python_abi_tag", tree.metadata.python_abi_tag or "", thread + debug),
        ("Py_GIL_DISABLED", variables.get("Py_GIL_DISABLED", "0"), str(len(thread))),
        ("Py_DEBUG", variables.get("Py_DEBUG", "0"), str(len(debug))),
    ):
        if value != wanted:
            yield PLACE, f"says that {key} is {value!r}; the options mean {wanted!r}"


def metadata_paths(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every path that PYTHON.json names exists."""
    if tree.metadata is None:
        return
    paths = tree.paths()
    for where, path in _named_paths(tree.metadata):
        if f"python/{path}" not in paths:
            yield PLACE, f"{where} names {path}, which is not in the archive"


def _named_paths(facts: PythonJson) -> Iterator[tuple[str, str]]:
    """Yield every (place in PYTHON.json, path that it names)."""
    for key in ("python_exe", "python_stdlib_platform_config", "run_tests", "license_path", "tcl_library_path"):
        if getattr(facts, key) is not None:
            yield key, getattr(facts, key)
    yield from ((f"python_paths.{name}", path) for name, path in facts.python_paths.items())
    for path in facts.tcl_library_paths or ():
        yield "tcl_library_paths", f"{facts.tcl_library_path}/{path}"
    yield "build_info.inittab_object", facts.build_info.inittab_object
    yield "build_info.inittab_source", facts.build_info.inittab_source
    yield from _unit_paths("core", facts.build_info.core)
    for name, candidates in facts.build_info.extensions.items():
        for candidate in candidates:
            yield from _unit_paths(f"extension {name}", candidate)
            yield from ((f"extension {name}: license_paths", path) for path in candidate.license_paths or ())


def _unit_paths(where: str, unit: Core | Extension) -> Iterator[tuple[str, str]]:
    """Yield the objects, libraries and links of the core or of one extension."""
    yield from ((f"{where}: objs", path) for path in unit.objs)
    for owner in (unit, *unit.links):
        for key in ("static_lib", "shared_lib", "path_static", "path_dynamic"):
            path = getattr(owner, key, None)
            if path is not None:
                yield f"{where}: {key}", path


def metadata_facts(tree: Tree, limits: Limits) -> Iterator[tuple[str, str]]:
    """Facts of files in PYTHON.json are what the files say."""
    facts = tree.metadata
    if facts is None:
        return
    features = _crt_features(tree, limits)
    if features != sorted(facts.crt_features):
        yield PLACE, f"crt_features is {sorted(facts.crt_features)!r:.200}; by files and record it is {features}"
    format_ = facts.build_info.object_file_format.partition(":")[0]
    wanted = _OBJECT_KINDS.get(format_, format_)
    for path, kind in tree.objects.items():
        if path.startswith("python/build/") and kind != wanted:
            yield path, f"is {kind}; PYTHON.json says that objects are {facts.build_info.object_file_format}"
    if limits.platform_tag and facts.python_platform_tag != limits.platform_tag:
        yield PLACE, f"python_platform_tag is {facts.python_platform_tag!r}, not {limits.platform_tag!r}"
    if f"python/{facts.python_exe}" != tree.interpreter:
        yield PLACE, f"python_exe is {facts.python_exe!r}; the interpreter is {tree.interpreter}"


def _crt_features(tree: Tree, limits: Limits) -> list[str]:
    """Return what is to be said of libc: the highest version that a file wants of glibc, or the musl that was built."""
    if limits.max_glibc:
        return ["glibc-dynamic", f"glibc-max-symbol-version:{_highest_glibc(tree)}"]
    built = [job.version for job in tree.record.jobs if job.name == "musl"] if tree.record else []
    return sorted([*(f"musl-version:{version}" for version in built), "static" if limits.static else "musl-dynamic"])


def _highest_glibc(tree: Tree) -> str:
    """Return the highest ``GLIBC_x.y`` of all files, without its prefix; ``0`` where there is none."""
    versions = {
        name[6:]
        for elf in tree.elf.values()
        for name in elf.versions
        if re.match(r"GLIBC_\d{1,9}(\.\d{1,9}){1,3}$", name, re.ASCII)
    }
    return max(versions, key=_numbers, default="0")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if re.fullmatch(r"[0-9]{1,9}", part))


def licences(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Every library that an extension links has a licence and its text; so have Python and what a compiler links in."""
    names = [entry.path for entry in tree.entries if entry.kind == "file"]
    stdlib_licence = re.compile(re.escape(tree.prefix) + r"lib/python3[^/]*/LICENSE\.txt")
    if kind_of(tree) != "debuginfo" and not any(map(stdlib_licence.fullmatch, names)):
        yield f"{tree.prefix}lib", "has no LICENSE.txt in the standard library"
    place = "python/licenses/" if tree.full else "python/share/licenses/"
    if not any(name.startswith(place) for name in names):
        yield place, "has no licence texts"
    yield from _texts_of_jobs(tree, place, names)
    if tree.metadata is None:
        return
    if not tree.metadata.licenses:
        yield PLACE, "names no licence of Python itself"
    for name, candidates in tree.metadata.build_info.extensions.items():
        for candidate in candidates:
            bundled = [link.name for link in candidate.links if _is_dependency(link)]
            if bundled and not candidate.licenses and not candidate.license_public_domain:
                yield PLACE, f"extension {name} links {bundled} without a licence"
            if bundled and not candidate.license_paths:
                yield PLACE, f"extension {name} links {bundled} without a licence text"


def _texts_of_jobs(tree: Tree, place: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Complain about CPython, libraries, and what a compiler links in where no text of their licence is there."""
    for job in tree.record.jobs if tree.record else ():
        # It is named after its job: LICENSE.zlib.txt.
        pattern = re.compile(re.escape(f"{place}LICENSE.{job.name}") + r"[.-][^/]*txt")
        if job.shipped and not any(map(pattern.fullmatch, names)):
            yield place, f"has no text of the licence of {job.name}"


def _is_dependency(link: Link) -> bool:
    """Tell a library of someone else, kept in build/lib/, from a part of CPython such as HACL*, kept in its place."""
    return bool(link.path_dynamic or (link.path_static or "").startswith("build/lib/"))


METADATA_CHECKS = (metadata_schema, identity, flavor, metadata_paths, metadata_facts, licences)
