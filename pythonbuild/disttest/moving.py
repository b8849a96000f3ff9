"""Tests: a tree that was moved, copied or hard-linked still says where it is, and still compiles."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pythonbuild.disttest.building import install_source_package
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped
from pythonbuild.disttest.subject import is_recorded
from pythonbuild.validate.details import PATH_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.disttest.subject import Subject

# Every word of the variables that names a place below the old prefix or of the build; each tool is any machine's own.
_CONFIGURATION = (
    "import glob, json, os, re, sys, sysconfig\n"
    "bad = [(k, v) for k, v in sysconfig.get_config_vars().items() if isinstance(v, str) and\n"
    "       re.search(r'(^|[\\s=\\'\"]|-[ILB])/(install|build|tools|sysroot|out)(/|[\\s\\'\"]|$)', v)]\n"
    "assert not bad, bad[:4]\n"
    "for name in ('LIBDIR', 'INCLUDEPY', 'BINDIR', 'prefix', 'LIBPL'):\n"
    "    path = sysconfig.get_config_var(name)\n"
    "    assert os.path.isdir(path) and os.path.samefile(sys.base_prefix, path[:len(sys.base_prefix)]), (name, path)\n"
    "tools = dict.fromkeys(('CC', 'LINKCC', 'LDSHARED', 'BLDSHARED'), 'cc')\n"
    "tools |= {'CXX': 'c++', 'LDCXXSHARED': 'c++', 'AR': 'ar'}\n"
    "files = glob.glob(sysconfig.get_path('stdlib') + '/_sysconfig_vars_*.json')\n"
    "assert bool(files) is (sys.version_info >= (3, 14)), files\n"
    "for values in (sysconfig.get_config_vars(), *(json.load(open(file)) for file in files)):\n"
    "    for name, tool in tools.items():\n"
    "        word = values.get(name, tool if name == 'LDCXXSHARED' else '').partition(' ')[0]\n"
    "        assert word == tool, (name, values.get(name))\n"
)
# What PYTHON.json says of the interpreter, by the interpreter: as it stands there, and with the place where it lies.
_OF_ITSELF = """
import importlib.machinery as machinery, importlib.util, json, sys, sysconfig
own = sys.implementation
print(json.dumps({
    'prefix': sys.base_prefix,
    'plain': {
        'python_version': sys.version.split()[0], 'python_major_minor_version': '%d.%d' % sys.version_info[:2],
        'python_tag': 'cp%d%d' % sys.version_info[:2], 'python_abi_tag': sys.abiflags,
        'python_implementation_name': own.name, 'python_implementation_cache_tag': own.cache_tag,
        'python_implementation_hex_version': own.hexversion,
        'python_implementation_version': [str(part) for part in own.version],
        'python_bytecode_magic_number': importlib.util.MAGIC_NUMBER.hex(),
        'python_suffixes': {
            **dict.fromkeys(('bytecode', 'debug_bytecode', 'optimized_bytecode'), machinery.BYTECODE_SUFFIXES),
            'source': machinery.SOURCE_SUFFIXES, 'extension': machinery.EXTENSION_SUFFIXES,
        },
        'python_paths_abstract': sysconfig.get_paths(expand=False),
    },
    'placed': {
        'python_paths': sysconfig.get_paths(),
        'python_config_vars': {name: str(value) for name, value in sysconfig.get_config_vars().items()},
    },
}))
"""
# The home directory, and what a build of a source tree adds.
_OF_THE_BUILD = frozenset({"userbase", "PYTHON_SOURCE_TREE"})
# What configures itself for Python may include its makefile.
_MAKEFILE = """include {makefile}
.PHONY: ask
ask:
	@printf '%s\\n' '$(prefix)' '$(exec_prefix)' '$(LIBDIR)' '$(INCLUDEPY)' '$(LIBPL)' '$(CC)' '$(CXX)' '$(AR)'
"""


def move(subject: Subject, name: str) -> Path:
    """Copy the tree to one place, start it there, rename that to another one, and return its interpreter."""
    place = subject.scratch(name)
    left_out = shutil.ignore_patterns("test", "*.a", "__pycache__", "idlelib", "terminfo")
    shutil.copytree(subject.prefix, place / "first", symlinks=True, ignore=left_out)
    subject.code("import sysconfig; sysconfig.get_config_vars()", python=place / "first" / "bin" / subject.python.name)
    (place / "first").rename(place / "second")
    return place / "second" / "bin" / subject.python.name


def moved_twice(subject: Subject, compiler: str) -> None:
    """Move twice; then pip compiles a source package with a C extension, by the compiler that the user names."""
    subject.loadable()
    native = subject.compiler()
    if compiler != "gcc":
        found = shutil.which(compiler)
        if found is None:
            raise CaseSkipped(f"this machine has no {compiler}")
        if native.name != "gcc":
            raise CaseSkipped(f"{compiler} of this machine is not for this target")
        native = type(native)(found)
    python = move(subject, f"twice-{compiler}")
    install_source_package(subject, python.parents[2], python, {"CC": str(native)})


def recorded_compiler(subject: Subject) -> None:
    """Move twice; then pip compiles with the commands that sysconfig names: those of a machine with any compiler."""
    subject.loadable()
    if not is_recorded(subject.compiler()) or shutil.which("cc") is None:
        raise CaseSkipped("cc of this machine is not for this target, or there is none")
    python = move(subject, "recorded-compiler")
    install_source_package(subject, python.parents[2], python, {})


def configuration(subject: Subject) -> None:
    """Move twice: every variable of sysconfig and the JSON beside it name the new place or none at all."""
    subject.code(_CONFIGURATION, python=move(subject, "configuration"))


def makefile(subject: Subject) -> None:
    """Move twice, and let make read the makefile: its paths are those of this place, its tools any machine's own."""
    make = shutil.which("make")
    if make is None:
        raise CaseSkipped("this machine has no make")
    prefix = move(subject, "makefile").parents[1]
    found = next(iter(prefix.glob("lib/python3.*/config-*/Makefile")), None)
    if found is None:
        raise CaseFailed("there is no makefile")
    own = subject.scratch("makefile-asked") / "ask.mk"
    own.write_text(_MAKEFILE.format(makefile=found), encoding="utf-8")
    *places, compiler, cxx, archiver = subject.run([make, "-s", "-f", own, "ask"], cwd=own.parent).splitlines()
    for place in places:
        if not Path(place).is_dir() or not os.path.realpath(place).startswith(os.path.realpath(prefix)):
            raise CaseFailed(f"the makefile in {found.parent} names {place!r}")
    tools = [word.partition(" ")[0] for word in (compiler, cxx, archiver)]
    if tools != ["cc", "c++", "ar"]:
        raise CaseFailed(f"the makefile's tools are {tools}")


def config_script(subject: Subject) -> None:
    """Move twice; then the flags of python3-config name directories of this place, and none of the build."""
    python = move(subject, "config-script")
    script = next(iter(python.parent.glob(f"python{subject.minor}*-config")), None)
    if script is None:
        raise CaseFailed("there is no config script")
    options = ("--includes", "--cflags", "--libs", "--ldflags", "--configdir")
    said = subject.run([script, *options])
    (place,) = subject.run([script, "--configdir"]).splitlines()
    words = [word for word in re.split(r"\s+|(?<=-[IL])", said) if word.startswith("/")]
    real = os.path.realpath(python.parents[1])
    strange = [word for word in (*words, place) if not os.path.realpath(word).startswith(real)]
    if strange or not Path(place).is_dir():
        raise CaseFailed(f"{script.name} names {strange or place}")


def hard_link(subject: Subject) -> None:
    """Hard links of all files in another place, as installers with a cache make, are a tree of their own."""
    place = subject.scratch("hard-links") / "tree"
    try:
        os.link(subject.python.resolve(), place.with_name("probe"))
    except OSError as error:
        raise CaseSkipped(f"no hard links here: {error.strerror}") from error
    left_out = shutil.ignore_patterns("test", "*.a", "__pycache__", "terminfo")
    shutil.copytree(subject.prefix, place, symlinks=True, copy_function=os.link, ignore=left_out)
    source = "import os, sys, ssl, encodings; print(os.path.realpath(sys.prefix), os.path.realpath(encodings.__file__))"
    words = subject.code(source, python=place / "bin" / subject.python.name)
    real = os.path.realpath(place)
    if words.count(real) != 2:
        raise CaseFailed(f"a hard-linked tree in {real} found itself in {words}")


def build_details(subject: Subject) -> None:
    """build-details.json (PEP 739) names its base prefix relative to itself, what is there, and this interpreter."""
    found = next(iter(sorted(subject.prefix.glob("lib/python3.*/build-details.json"))), None)
    if found is None:
        if int(subject.minor.partition(".")[2]) >= 14:
            raise CaseFailed("there is no build-details.json")
        raise CaseSkipped("new in Python 3.14")
    details = json.loads(found.read_text(encoding="utf-8"))
    base = details["base_prefix"]
    if base.startswith("/") or os.path.realpath(found.parent / base) != os.path.realpath(subject.prefix):
        raise CaseFailed(f"base_prefix is {base!r}")
    for name, value in _named(details):
        if value.startswith("/") or not (subject.prefix / value).exists():
            raise CaseFailed(f"{name} is {value!r}, which is not there")
    told, real = _of_interpreter(details), json.loads(subject.code(_OF_ITSELF))["plain"]
    for name, value in told.items():
        if value != real[name]:
            raise CaseFailed(f"{name}: the file has {value}, the interpreter {real[name]}")


def _of_interpreter(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what build-details.json says of the interpreter under the names of PYTHON.json."""
    suffixes = details["suffixes"]
    compiled = dict.fromkeys(("bytecode", "debug_bytecode", "optimized_bytecode"), suffixes["bytecode"])
    return {
        "python_implementation_version": [str(part) for part in details["language"]["version_info"].values()],
        "python_implementation_cache_tag": details["implementation"]["cache_tag"],
        "python_implementation_hex_version": details["implementation"]["hexversion"],
        "python_abi_tag": "".join(details["abi"]["flags"]),
        "python_suffixes": {**compiled, "source": suffixes["source"], "extension": suffixes["extensions"]},
    }


def _named(details: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of build-details.json that name a file or directory, relative to base_prefix, and what they name.

    A distribution without a library may leave its key out: https://packaging.python.org/en/latest/specifications/
    build-details/.
    """
    yield "base_interpreter", details["base_interpreter"]
    for table, keys in PATH_KEYS.items():
        yield from ((f"{table}.{key}", details[table][key]) for key in keys if key in details.get(table, {}))


def pkg_config_program(subject: Subject) -> None:
    """Ask pkg-config, by PKG_CONFIG_PATH alone, for prefix and headers by each name: they are where the tree is."""
    program = shutil.which("pkg-config") or shutil.which("pkgconf")
    if program is None:
        raise CaseSkipped("this machine has no pkg-config")
    place = subject.prefix / "lib" / "pkgconfig"
    environment = {"PKG_CONFIG_PATH": str(place)}
    for name in ("python3", "python3-embed", f"python-{subject.minor}", f"python-{subject.minor}-embed"):
        for variable, wanted in {"prefix": subject.prefix, "includedir": subject.prefix / "include"}.items():
            answer = subject.run([program, f"--variable={variable}", name], env=environment).strip()
            # pkg-config writes blanks with a backslash.
            if os.path.realpath(answer.replace("\\", "")) != os.path.realpath(wanted):
                raise CaseFailed(f"pkg-config answered {answer!r} for {variable} of {name}")


def metadata(subject: Subject) -> None:
    """PYTHON.json says of version, tags, suffixes, paths and variables what the interpreter says of itself.

    Builds for another machine tend to mix them up with those of their own.
    """
    if subject.metadata is None:
        raise CaseSkipped("only a full archive has PYTHON.json")
    wrong = list(contradictions(subject.metadata, json.loads(subject.code(_OF_ITSELF))))
    if wrong:
        raise CaseFailed(f"PYTHON.json says {'; '.join(wrong[:8])}")


def contradictions(stated: Mapping[str, Any], seen: Mapping[str, Any]) -> Iterator[str]:
    """Yield where PYTHON.json is not what the interpreter, lying at ``seen["prefix"]``, says of itself.

    >>> list(contradictions({"python_tag": "cp313"}, {"prefix": "/x", "plain": {"python_tag": "cp314"}, "placed": {}}))
    ["python_tag: 'cp313', not 'cp314'"]
    """
    yield from (
        f"{key}: {stated.get(key)!r:.80}, not {value!r:.80}"
        for key, value in seen["plain"].items()
        if stated.get(key) != value
    )
    for table, values in seen["placed"].items():
        root = {"python_paths": "install", "python_config_vars": "/install"}[table]
        known = {key: value for key, value in stated.get(table, {}).items() if key not in _OF_THE_BUILD}
        real = {
            key: _anywhere(value, seen["prefix"], root) for key, value in values.items() if key not in _OF_THE_BUILD
        }
        for key in sorted({**known, **real}):
            if known.get(key) != real.get(key):
                yield f"{table}.{key}: {known.get(key)!r:.80}, not {real.get(key)!r:.80}"


def _anywhere(value: str, prefix: str, root: str) -> str:
    """Return a value with the place of the distribution as PYTHON.json writes it."""
    return re.sub(rf"{re.escape(prefix)}(?![\w.-])", root, value)


CASES = (
    Case("moving.twice-gcc", lambda subject: moved_twice(subject, "gcc")),
    Case("moving.twice-clang", lambda subject: moved_twice(subject, "clang")),
    Case("moving.recorded-compiler", recorded_compiler),
    Case("moving.configuration", configuration),
    Case("moving.makefile", makefile),
    Case("moving.config-script", config_script),
    Case("moving.hard-link", hard_link),
    Case("moving.build-details", build_details),
    Case("moving.pkg-config-program", pkg_config_program),
    Case("moving.metadata", metadata),
)
