"""Every check has a distribution that passes and a smallest change that fails."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pythonbuild.package.archives import INSTALL_RECORD, RECORD
from pythonbuild.package.model import PythonJson
from pythonbuild.package.record import RecordedJob
from pythonbuild.package.sbom import CYCLONEDX, FORMATS, PLACES, SPDX
from pythonbuild.validate.bills import applied
from pythonbuild.validate.checks import CHECKS, name_of, notes, run
from pythonbuild.validate.foreign import Pe
from pythonbuild.validate.model import Elf, Entry, Finding, Form, Limits, Segment, StaticLibrary, Tree
from pythonbuild.validate.modules import C_API
from tests.unit import bills, records

if TYPE_CHECKING:
    from collections.abc import Callable

TRIPLE = "x86_64-unknown-linux-gnu"
LIMITS = Limits(
    triple=TRIPLE,
    machine="x86_64",
    allowed_needed=frozenset({"libc.so.6", "libm.so.6"}),
    max_glibc="2.17",
    interpreter_type="EXEC",
    program_interpreter="/lib64/ld-linux-x86-64.so.2",
    platform_tag="linux-x86_64",
    modules={"zlib": "static", "_gdbm": "disabled"},
    hardening=frozenset({"stack-protector", "fortify"}),
    library_hardening=frozenset({"stack-protector", "fortify"}),
)
PYTHON = "python/install/bin/python3.14"
LIBPYTHON = "python/install/lib/libpython3.14.so.1.0"
TCL = "python/install/lib/libtcl9.0.so"
CONFIG = "python/install/lib/python3.14/config-3.14-x86_64-linux-gnu"
STATIC, MAKEFILE = f"{CONFIG}/libpython3.14.a", f"{CONFIG}/Makefile"
DETAILS = "python/install/lib/python3.14/build-details.json"
VARS = "python/install/lib/python3.14/_sysconfig_vars__linux_x86_64-linux-gnu.json"
PC = "python/install/lib/pkgconfig/python-3.14.pc"
PYC = "python/install/lib/python3.14/__pycache__/abc.cpython-314.pyc"
SYSCONFIG = "python/install/lib/python3.14/_sysconfigdata__linux_x86_64-linux-gnu.py"
DIST_INFO = "python/install/lib/python3.14/site-packages/pip-26.dist-info"
HEADER = "# system configuration generated and used by the sysconfig module\n"
JSON = "python/PYTHON.json"
LIBZ = "python/build/lib/libz.a"
OBJECT = "python/build/Modules/config.o"
ARCHITECTURE = "X86_64 (64 bits, little-endian)"
HARDENED = frozenset({"__stack_chk_fail", "__memcpy_chk"})
API = C_API | {"PyInit_zlib"}
EXT_SUFFIX = ".cpython-314-x86_64-linux-gnu.so"
VERSION_INFO = {"major": 3, "minor": 14, "micro": 7, "releaselevel": "final", "serial": 0}
VARIABLES = {
    "prefix": "/install",
    **dict.fromkeys(("CC", "LDSHARED", "BLDSHARED", "LINKCC"), "clang"),
    "CXX": "clang++",
    "AR": "ar",
    "ABIFLAGS": "",
    "EXT_SUFFIX": EXT_SUFFIX,
    "MULTIARCH": "x86_64-linux-gnu",
    "VERSION": "3.14",
}
ANY_MACHINE = {
    **VARIABLES,
    **dict.fromkeys(("CC", "LDSHARED", "BLDSHARED", "LINKCC"), "cc"),
    "CXX": "c++",
    "SIZEOF_INT": 4,
    "userbase": "~/.local",
}
CONFIG_VARS = {
    **VARIABLES,
    "CC": "cc",
    "SIZEOF_INT": "4",
    "AR": "ar",
    **dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase"), "/install"),
    "py_version": "3.14.7",
    "py_version_short": "3.14",
    "py_version_nodot": "314",
    "abiflags": "",
}
DIGESTS = dict.fromkeys((PYTHON, LIBPYTHON, TCL, LIBZ, STATIC), records.DIGEST)
BILLS = bills.bills_for(DIGESTS, full=True)
INSTALLED_DIGESTS = dict.fromkeys((path.replace("install/", "") for path in (PYTHON, LIBPYTHON, TCL)), records.DIGEST)
INSTALLED_BILLS = bills.bills_for(INSTALLED_DIGESTS, full=False)


def elf(**changes: Any) -> Elf:
    good = Elf(
        machine="X86_64",
        bits=64,
        little_endian=True,
        kind="DYN",
        needed=("libc.so.6",),
        versions=frozenset({"GLIBC_2.2.5", "GLIBC_2.17"}),
        segments=(
            Segment(kind="LOAD", flags="RX", align=4096),
            Segment(kind="LOAD", flags="RW", align=4096),
            Segment(kind="GNU_STACK", flags="RW", align=0),
            Segment(kind="GNU_RELRO", flags="R", align=1),
        ),
        build_id="abcdef",
        bind_now=True,
    )
    return replace(good, **changes)


def build_info() -> dict[str, Any]:
    return {
        "object_file_format": "elf",
        "inittab_object": "build/Modules/config.o",
        "inittab_source": "build/Modules/config.o",
        "inittab_cflags": [],
        "core": {
            "objs": ["build/Modules/config.o"],
            "shared_lib": LIBPYTHON.removeprefix("python/"),
            "static_lib": STATIC.removeprefix("python/"),
            "links": [
                {"name": "m", "system": True},
                {"name": "tcl9.0", "path_dynamic": "install/lib/libtcl9.0.so"},
            ],
        },
        "extensions": {
            "zlib": [
                {
                    "in_core": False,
                    "init_fn": "PyInit_zlib",
                    "required": False,
                    "variant": "default",
                    "objs": ["build/Modules/config.o"],
                    "links": [{"name": "z", "path_static": "build/lib/libz.a"}],
                    "licenses": ["Zlib"],
                    "license_paths": ["licenses/LICENSE.zlib.txt"],
                }
            ]
        },
    }


def metadata() -> dict[str, Any]:
    return {
        "version": "8",
        "optimizations": "noopt",
        "python_tag": "cp314",
        "python_abi_tag": "",
        "python_platform_tag": "linux-x86_64",
        "python_implementation_name": "cpython",
        "python_implementation_cache_tag": "cpython-314",
        "python_implementation_hex_version": 51251184,
        "python_implementation_version": ["3", "14", "7", "final", "0"],
        "python_bytecode_magic_number": "2b0e0d0a",
        "python_paths_abstract": {
            **dict.fromkeys(("stdlib", "platstdlib", "purelib", "platlib"), "{base}/lib/python{py_version_short}"),
            **dict.fromkeys(("include", "platinclude"), "{base}/include/python{py_version_short}"),
            "data": "{base}",
            "scripts": "{base}/bin",
        },
        "python_config_vars": dict(CONFIG_VARS),
        "python_suffixes": {
            **{key: [".pyc"] for key in ("bytecode", "debug_bytecode", "optimized_bytecode")},
            "extension": [EXT_SUFFIX, ".abi3.so", ".so"],
            "source": [".py"],
        },
        "python_stdlib_test_packages": [],
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ["builtin", "shared-library"],
        "libpython_link_mode": "shared",
        "run_tests": "build/Modules/config.o",
        "target_triple": TRIPLE,
        "build_options": "noopt",
        "python_version": "3.14.7",
        "python_major_minor_version": "3.14",
        "python_exe": "install/bin/python3.14",
        "python_paths": {
            **dict.fromkeys(("stdlib", "platstdlib", "purelib", "platlib"), "install/lib/python3.14"),
            **dict.fromkeys(("include", "platinclude"), "install/include/python3.14"),
            "data": "install",
            "scripts": "install/bin",
        },
        "crt_features": ["glibc-dynamic", "glibc-max-symbol-version:2.17"],
        "licenses": ["Python-2.0"],
        "license_path": "licenses/LICENSE.cpython.txt",
        "tcl_library_path": "install/lib",
        "tcl_library_paths": ["python3.14"],
        "build_info": build_info(),
    }


def makefile(**changes: str) -> str:
    """Return a makefile with the variables that matter; one of ``changes`` that is empty is left out."""
    variables = {
        "CC": "\t\tcc -pthread",
        "CXX": "\t\tc++",
        "LINKCC": "\t$(PURIFY) $(CC)",
        "AR": " ar",
        "PURIFY": "",
        "LDSHARED": "\t$(CC) -shared $(PY_LDFLAGS)",
        "BLDSHARED": "$(CC) -shared",
        "LDCXXSHARED": "$(CXX) -shared",
        "prefix": "\t/install\nprefix:=\t$(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../../..)",
        **changes,
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items() if value or name == "PURIFY")


def details(**changes: Any) -> str:
    """Return build-details.json, whose values of ``changes`` are others."""
    data = {
        "base_prefix": "../..",
        "base_interpreter": "./bin/python3.14",
        "platform": "linux-x86_64",
        "language": {"version": "3.14", "version_info": VERSION_INFO},
        "implementation": {
            "name": "cpython",
            "cache_tag": "cpython-314",
            "version": VERSION_INFO,
            "hexversion": 51251184,
            "_multiarch": "x86_64-linux-gnu",
        },
        "abi": {"flags": [], "extension_suffix": EXT_SUFFIX, "stable_abi_suffix": ".abi3.so"},
        "suffixes": {"source": [".py"], "bytecode": [".pyc"], "extensions": [EXT_SUFFIX, ".abi3.so", ".so"]},
        "libpython": {"dynamic": "./lib/libpython3.14.so.1.0"},
        "c_api": {"headers": "./include/python3.14", "pkgconfig_path": "./lib/pkgconfig"},
    }
    return json.dumps({**data, **changes})


def pkg_config(**changes: str) -> str:
    variables = {
        "prefix": "${pcfiledir}/../..",
        "exec_prefix": "${prefix}",
        "libdir": "${exec_prefix}/lib",
        "includedir": "${prefix}/include",
        **changes,
    }
    lines = [f"{name}={value}" for name, value in variables.items() if name.islower()]
    return "\n".join(
        ["# See: man pkg-config", *lines, "", f"Libs: {changes.get('Libs', '-L${libdir} -lpython3.14')}\n"]
    )


def sysconfig(**changes: Any) -> str:
    """Return sysconfig data; a variable that is None is left out."""
    values = {name: value for name, value in {**VARIABLES, **changes}.items() if value is not None}
    return f"{HEADER}build_time_vars = {values!r}\n"


def mode_of(path: str) -> int:
    return 0o755 if "/bin/" in path else 0o644


def good() -> Tree:
    files = (
        JSON, RECORD, "python/build/Modules/config.o", "python/build/lib/libz.a", PYTHON, LIBPYTHON, TCL, SYSCONFIG,
        "python/install/include/python3.14/Python.h", "python/install/lib/python3.14/LICENSE.txt",
        "python/licenses/LICENSE.cpython.txt", "python/licenses/LICENSE.zlib.txt",
        STATIC, MAKEFILE, DETAILS, VARS, PC, PYC,
    )  # fmt: skip
    names = {f"python/install/bin/{name}": "python3.14" for name in ("python3", "python")}
    names |= {f"python/install/lib/pkgconfig/{name}.pc": "python-3.14.pc" for name in ("python3", "python3-embed")}
    links = (Entry(path=path, kind="symlink", target=target) for path, target in names.items())
    interpreter = elf(
        kind="EXEC",
        interpreter="/lib64/ld-linux-x86-64.so.2",
        exported=API,
        imported=HARDENED,
        needed=("libc.so.6", "libm.so.6", "libtcl9.0.so"),
        rpath=("$ORIGIN/../lib",),
    )
    return Tree(
        name=f"cpython-3.14.7+20261123-{TRIPLE}-noopt-full.tar.zst",
        form=Form(compression="zstd", window=1 << 27),
        entries=(*(Entry(path=path, kind="file", size=1, mode=mode_of(path)) for path in files), *links),
        elf={PYTHON: interpreter, LIBPYTHON: elf(exported=API, imported=HARDENED), TCL: elf()},
        objects={OBJECT: "elf-object"},
        object_machines={OBJECT: ARCHITECTURE},
        static=dict.fromkeys((LIBZ, STATIC), StaticLibrary(kinds={"elf-object": 3}, machines={ARCHITECTURE: 3})),
        marks={OBJECT: LIMITS.hardening},
        bytecode={"2b0e0d0a": PYC},
        text={
            SYSCONFIG: sysconfig(SIZEOF_INT=4),
            MAKEFILE: makefile(),
            DETAILS: details(),
            VARS: json.dumps(ANY_MACHINE),
            PC: pkg_config(),
        },
        metadata=PythonJson.from_json(metadata()),
        record=records.RECORD,
        record_path=RECORD,
        options=frozenset({"noopt"}),
        digests=DIGESTS,
        bills=BILLS,
    )


def installation() -> Tree:
    full = good()
    moved = {path: path.replace("python/install/", "python/") for path in [e.path for e in full.entries]}
    kept = [e for e in full.entries if e.path.startswith("python/install/") and e.path != STATIC]
    stripped = {path: replace(facts, debuglink="cdef.debug") for path, facts in full.elf.items()}
    return replace(
        full,
        name=f"cpython-3.14.7+20261123-{TRIPLE}-install_noopt.tar.zst",
        entries=tuple(replace(entry, path=moved[entry.path]) for entry in kept),
        elf={moved[path]: facts for path, facts in stripped.items()},
        text={moved[path]: text for path, text in full.text.items()},
        objects={},
        static={},
        metadata=None,
        record_path=INSTALL_RECORD,
        digests=INSTALLED_DIGESTS,
        bills=INSTALLED_BILLS,
    )


def findings(tree: Tree, limits: Limits = LIMITS) -> list[Finding]:
    return list(run(tree, limits))


def test_the_good_distribution_passes() -> None:
    assert findings(good()) == []


def test_the_good_installation_passes() -> None:
    tree = installation()
    assert [finding.message for finding in findings(tree)] == [
        "has no licence texts", "has no text of the licence of zlib", "has no text of the licence of cpython",
    ]  # fmt: skip
    for name in ("zlib", "cpython"):
        tree = with_entry(f"python/share/licenses/LICENSE.{name}.txt")(tree)
    assert findings(tree) == []
    stem = f"cpython-3.14.7+20261123-{TRIPLE}"
    assert findings(replace(tree, name=f"{stem}-install_only_stripped.tar.gz", form=Form(compression="gzip"))) == []
    unstripped = {path: replace(facts, debuglink="", sections=DEBUG_INFO) for path, facts in tree.elf.items()}
    assert (
        findings(replace(tree, name=f"{stem}-install_only.tar.gz", elf=unstripped, form=Form(compression="gzip"))) == []
    )


def with_tcl(**changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, elf={**tree.elf, TCL: elf(**changes)})


def with_python(**changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, elf={**tree.elf, PYTHON: replace(tree.elf[PYTHON], **changes)})


def with_entry(path: str, kind: str = "file", target: str = "", mode: int = 0o644) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, entries=(*tree.entries, Entry(path=path, kind=kind, target=target, mode=mode)))


def with_library(**changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, static={**tree.static, LIBZ: replace(tree.static[LIBZ], **changes)})


def hardened(*options: str, **changes: Any) -> Callable[[Tree], Tree]:
    """Return a change of what the record says of the compiler, and of the interpreter."""
    flags: dict[str, tuple[str, ...]] = {"make": ("CFLAGS_NODIST=-g1 " + " ".join(options),)}
    return lambda tree: with_python(**changes)(replace(tree, record=replace(records.RECORD, flags=flags)))


def large_library(*imported: str) -> Callable[[Tree], Tree]:
    """Return a change of Tcl into a library with much code, which calls ``imported``."""
    segments = (replace(SEGMENT, start=0, end=300_000), STACK, RELRO)
    return with_tcl(segments=segments, imported=frozenset(imported))


def large_archive(*marks: str) -> Callable[[Tree], Tree]:
    """Return a change of zlib into a static library with much code, of which some has ``marks``."""

    def change(tree: Tree) -> Tree:
        entries = tuple(replace(entry, size=2 << 20) if entry.path == LIBZ else entry for entry in tree.entries)
        return replace(tree, entries=entries, marks={**tree.marks, LIBZ: frozenset(marks)})

    return change


def with_sysconfig(**changes: Any) -> Callable[[Tree], Tree]:
    return with_text(SYSCONFIG, sysconfig(**{"SIZEOF_INT": 4, **changes}))


def with_vars(**changes: Any) -> Callable[[Tree], Tree]:
    return with_text(VARS, json.dumps({**ANY_MACHINE, **changes}))


def with_config_vars(**changes: str) -> Callable[[Tree], Tree]:
    return with_facts(python_config_vars={**CONFIG_VARS, **changes})


def with_suffixes(**changes: list[str]) -> Callable[[Tree], Tree]:
    return with_facts(python_suffixes={**metadata()["python_suffixes"], **changes})


def with_core(**changes: Any) -> Callable[[Tree], Tree]:
    """Return a change of PYTHON.json's core; a key that is None is left out."""
    info = build_info()
    core = {key: value for key, value in {**info["core"], **changes}.items() if value is not None}
    return with_facts(build_info={**info, "core": core})


def everywhere(**changes: Any) -> Callable[[Tree], Tree]:
    """Return a change of variables in all places that have them."""

    def change(tree: Tree) -> Tree:
        tree = with_config_vars(**{name: str(value) for name, value in changes.items()})(tree)
        return with_vars(**changes)(with_sysconfig(**changes)(tree))

    return change


def circle_free(tree: Tree) -> Tree:
    """Add links of which each leads to the next one, and the last one to a file: as many as Linux follows."""
    for number in range(39):
        tree = with_entry(f"python/x{number}", "symlink", f"x{number + 1}")(tree)
    return with_entry("python/x39")(tree)


def circle(*path: str) -> Callable[[Tree], Tree]:
    """Return a change that adds links, each to the next one, and the last one to the first."""

    def change(tree: Tree) -> Tree:
        for place, target in zip(path, (*path[1:], path[0]), strict=True):
            tree = with_entry(f"python/{place}", "symlink", target)(tree)
        return tree

    return change


def with_extensions(*names: str) -> Callable[[Tree], Tree]:
    """Return a change of PYTHON.json into one that names just these extension modules."""
    info = build_info()
    unit = info["extensions"]["zlib"]
    return with_facts(build_info={**info, "extensions": dict.fromkeys(names, unit)})


def pointing(path: str, target: str) -> Callable[[Tree], Tree]:
    """Return a change of one symbolic link."""

    def change(tree: Tree) -> Tree:
        return with_entry(path, "symlink", target)(without(path)(tree))

    return change


def installed_with_module(name: str) -> Callable[[Tree], Tree]:
    """Return a change of the full archive into an installation with an extension module that is a file."""
    path = f"python/lib/python3.14/lib-dynload/{name}.cpython-314-x86_64-linux-gnu.so"

    def change(tree: Tree) -> Tree:
        found = installed("install_noopt.tar.zst")(tree)
        return replace(found, elf={**found.elf, path: elf()})

    return change


def without(path: str) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, entries=tuple(entry for entry in tree.entries if entry.path != path))


def no_licences(tree: Tree) -> Tree:
    return replace(tree, entries=tuple(entry for entry in tree.entries if "/licenses/" not in entry.path))


def with_text(path: str, text: str) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, text={**tree.text, path: text})


def with_facts(**changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, metadata=PythonJson.from_json({**metadata(), **changes}))


def with_options(*words: str) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, options=frozenset(words))


def with_extension(**changes: Any) -> Callable[[Tree], Tree]:
    info = build_info()
    unit = {**info["extensions"]["zlib"][0], **changes}
    return with_facts(build_info={**info, "extensions": {"zlib": [unit]}})


def with_record(**changes: Any) -> Callable[[Tree], Tree]:
    return lambda tree: replace(tree, record=replace(records.RECORD, **changes))


def with_sources(**changes: Any) -> RecordedJob:
    return replace(records.ZLIB, sources=tuple(replace(source, **changes) for source in records.ZLIB.sources))


def with_job(name: str) -> Callable[[Tree], Tree]:
    """Return a change that says of a recipe of the toolchain that it was built."""
    job = replace(records.ZLIB, name=name, role="toolchain", sources=())
    return with_record(jobs=(job, records.ZLIB, records.CPYTHON))


def with_bill(change: Callable[[dict[str, Any]], object], *names: str) -> Callable[[Tree], Tree]:
    """Return a change of the documents called ``names``, of both if none is named."""
    places = [PLACES[name] for name in names or FORMATS]

    def changed(tree: Tree) -> Tree:
        found = copy.deepcopy(dict(tree.bills))
        for place in places:
            data = found[place]
            assert isinstance(data, dict)
            change(data)
        return replace(tree, bills=found)

    return changed


def without_component(data: dict[str, Any]) -> None:
    for key in ("packages", "components"):
        data[key] = [one for one in data.get(key, ()) if one["name"] != "zlib"]


def without_patches(data: dict[str, Any]) -> None:
    for one in data.get("components", ()):
        one.pop("pedigree", None)
    data["relationships"] = [
        link for link in data.get("relationships", ()) if link["relationshipType"] != "PATCH_APPLIED"
    ]
    if "packages" in data:
        data["files"] = [one for one in data["files"] if not one["fileName"].startswith("./patches/")]


def without_words(*words: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for one in (*data.get("packages", ()), *data.get("components", ())):
            for word in words:
                one.pop(word, None)

    return change


def without_origin(data: dict[str, Any]) -> None:
    for link in data["relationships"]:
        if link["relationshipType"] == "GENERATED_FROM":
            link["relationshipType"] = "OTHER"


def installed(name: str, **changes: Any) -> Callable[[Tree], Tree]:
    """Return a change of the full archive into an installation, and of its interpreter."""

    def change(_full: Tree) -> Tree:
        tree = installation()
        place = tree.interpreter or ""
        elf = {**tree.elf, place: replace(tree.elf[place], **changes)}
        return replace(tree, name=f"cpython-3.14.7+20261123-{TRIPLE}-{name}", elf=elf)

    return change


def with_dynamic_module(name: str) -> Callable[[Tree], Tree]:
    path = f"python/install/lib/python3.14/lib-dynload/{name}.so"
    return lambda tree: replace(tree, elf={**tree.elf, path: elf()})


DEBUG_INFO = frozenset({".symtab", ".debug_info"})
STRIPPED = "install_only_stripped.tar.gz"
SEGMENT = Segment(kind="LOAD", flags="RX", align=4096)
STACK = Segment(kind="GNU_STACK", flags="RW", align=0)
RELRO = Segment(kind="GNU_RELRO", flags="R", align=1)
SYSCONFIG_TEXT = HEADER + "build_time_vars = {}\n"
FAILING: list[tuple[str, str, Callable[[Tree], Tree]]] = [
    ("encoding", "more data", lambda tree: replace(tree, form=Form(compression="zstd", single_frame=False))),
    ("encoding", "window", lambda tree: replace(tree, form=Form(compression="zstd", window=(1 << 27) + 1))),
    ("file-name", "is gzip data", lambda tree: replace(tree, form=Form(compression="gzip", window=1 << 15))),
    ("file-name", "expect of .tar.zst", lambda tree: replace(tree, name=tree.name.replace(".zst", ".xz"))),
    (
        "installer-paths",
        "is missing: installers",
        lambda tree: replace(tree, name=tree.name.replace("3.14.7", "3.15.0")),
    ),
    ("installer-paths", "is missing: installers", with_options("freethreaded", "noopt")),
    (
        "sysconfig-escapes",
        "'t' behind a backslash",
        lambda tree: replace(tree, text={SYSCONFIG: HEADER + r"build_time_vars = {'CC': 'cc\t\'\\', 'CFLAGS': '\\n'}"}),
    ),
    ("members", "outside the one", with_entry("README.md")),
    ("members", "hardlink", with_entry("python/a", "hardlink", "python/PYTHON.json")),
    ("members", "is a other", with_entry("python/pipe", "other")),
    ("members", "leads outside", with_entry("python/../../etc/passwd")),
    ("members", "leads outside", with_entry("python/a", "symlink", "/usr/bin/python3")),
    ("members", "leads outside", with_entry("python/a", "symlink", "../../b")),
    ("members", "occurs twice", with_entry(PYTHON)),
    ("members", "not UTF-8", with_entry("python/\udcff")),
    ("modes", "set-user-ID", with_entry("python/su", mode=0o4755)),
    ("modes", "others may change", with_entry("python/a", mode=0o666)),
    ("modes", "not all may read", with_entry("python/a", mode=0o640)),
    ("modes", "not all may start", with_entry("python/install/bin/a", mode=0o644)),
    ("modes", "not all may start", with_entry("python/a", "dir", mode=0o700)),
    ("symlinks", "which is not there", with_entry("python/a", "symlink", "b")),
    ("symlinks", "without an end", circle("x")),
    ("symlinks", "without an end", circle("x", "y")),
    ("symlinks", "without an end", circle(*(f"x{number}" for number in range(100)))),
    ("symlinks", "without an end", lambda tree: circle("x", "y")(with_entry("python/z", "symlink", "./x")(tree))),
    ("pkg-config", "says prefix is '/usr/local'", with_text(PC, pkg_config(prefix="/usr/local"))),
    ("pkg-config", "says libdir is '/usr/lib'", with_text(PC, pkg_config(libdir="/usr/lib"))),
    ("pkg-config", "says prefix is nothing", with_text(PC, "")),
    ("pkg-config", "says prefix is '/x'", with_text(PC, pkg_config() + "prefix=/x\n")),
    ("pkg-config", "names '/usr/lib'", with_text(PC, pkg_config(Libs="-L/usr/lib -lpython3.14"))),
    ("pkg-config", "is missing", without("python/install/lib/pkgconfig/python3-embed.pc")),
    ("build-details", "says base_prefix is '/opt/py'", with_text(DETAILS, details(base_prefix="/opt/py"))),
    ("build-details", "says base_prefix is '../../..'", with_text(DETAILS, details(base_prefix="../../.."))),
    ("build-details", "says base_prefix is a list", with_text(DETAILS, details(base_prefix=[]))),
    ("build-details", "is not JSON", with_text(DETAILS, "{")),
    ("build-details", "is not JSON", with_text(DETAILS, "[" * 200_000)),
    ("build-details", "is not JSON", with_text(DETAILS, "9" * 5000)),
    ("build-details", "is not a JSON object", with_text(DETAILS, "[]")),
    ("build-details", "has no build-details.json", lambda tree: replace(tree, text={})),
    ("build-details", "says nothing of base_interpreter", with_text(DETAILS, '{"base_prefix": "../.."}')),
    (
        "build-details",
        "not relative to base_prefix",
        with_text(DETAILS, details(base_interpreter="/install/bin/python3.14")),
    ),
    (
        "build-details",
        "c_api.headers is './inc', which is not there",
        with_text(DETAILS, details(c_api={"headers": "./inc"})),
    ),
    ("build-details", "libpython is a list, which is no object", with_text(DETAILS, details(libpython=[]))),
    ("build-details", "libpython.static is a dict", with_text(DETAILS, details(libpython={"static": {}}))),
    ("build-details", "says platform is 'linux-arm', not", with_text(DETAILS, details(platform="linux-arm"))),
    ("build-details", "says platform is nothing", with_text(DETAILS, details(platform=None))),
    ("build-details", "says abi.flags is '', not 'd'", with_text(SYSCONFIG, sysconfig(ABIFLAGS="d", SIZEOF_INT=4))),
    ("build-details", "says abi.flags is nothing", with_text(DETAILS, details(abi="t"))),
    (
        "build-details",
        "says abi.extension_suffix is '.so'",
        with_text(DETAILS, details(abi={"flags": [], "extension_suffix": ".so"})),
    ),
    (
        "build-details",
        "says suffixes.extensions is '.cpython-314-aarch64-linux-gnu.so .so', not",
        with_text(DETAILS, details(suffixes={"extensions": [".cpython-314-aarch64-linux-gnu.so", ".so"]})),
    ),
    ("build-details", "says suffixes.source is nothing", with_text(DETAILS, details(suffixes=[]))),
    ("build-details", "says language.version is '3.13'", with_text(DETAILS, details(language={"version": "3.13"}))),
    (
        "build-details",
        "says language.version_info.micro is 6, not 7",
        with_text(DETAILS, details(language={"version_info": {**VERSION_INFO, "micro": 6}})),
    ),
    (
        "build-details",
        "says implementation.hexversion is a int",
        with_text(DETAILS, details(implementation={"hexversion": 10**4000})),
    ),
    (
        "build-details",
        "says implementation._multiarch is 'x86_64-linux-musl'",
        with_text(DETAILS, details(implementation={"_multiarch": "x86_64-linux-musl"})),
    ),
    ("build-tools", "says CC is '/usr/lib/llvm-22/bin/clang'", with_vars(CC="/usr/lib/llvm-22/bin/clang")),
    ("build-tools", "says CC is 'clang'", with_vars(CC="clang")),
    ("build-tools", "says AR is ''", with_vars(AR="")),
    ("build-tools", "says AR is a list", with_vars(AR=[])),
    ("build-tools", "says userbase is '/tmp/.local'", with_vars(userbase="/tmp/.local")),
    ("build-tools", "says prefix is '/usr'", with_vars(prefix="/usr")),
    ("build-tools", "what sysconfig data does not: 'SIZEOF_INT'", with_vars(SIZEOF_INT=8)),
    ("build-tools", "is not JSON", with_text(VARS, '{"a": ' * 200_000)),
    ("build-tools", "has no _sysconfig_vars_*.json", lambda tree: replace(tree, text={})),
    ("build-tools", "has no config-*/Makefile", lambda tree: replace(tree, text={})),
    (
        "build-tools",
        "CC is '/usr/lib/llvm-22/bin/clang'",
        with_text(MAKEFILE, makefile(CC=" /usr/lib/llvm-22/bin/clang")),
    ),
    ("build-tools", "LDSHARED is '/opt/cc'", with_text(MAKEFILE, makefile(CC="/opt/cc"))),
    ("build-tools", "says AR is nothing", with_text(MAKEFILE, makefile(AR=""))),
    ("build-tools", "CXX is '$(CXX)'", with_text(MAKEFILE, makefile(CXX="$(CXX)"))),
    ("build-tools", "does not find the prefix", with_text(MAKEFILE, makefile(prefix="/install"))),
    ("build-tools", "'/usr/local'", with_text(MAKEFILE, makefile() + "prefix := /usr/local\n")),
    ("layout", "must be the first", lambda tree: replace(tree, entries=tree.entries[::-1])),
    ("layout", "missing from a full", no_licences),
    ("layout", "is missing", without("python/install/include/python3.14/Python.h")),
    ("readable-elf", "broken", lambda tree: replace(tree, broken={TCL: "broken"})),
    ("machine", "is for AARCH64", with_tcl(machine="AARCH64")),
    ("machine", "big-endian", with_tcl(little_endian=False)),
    ("machine", "(32 bits", with_tcl(bits=32)),
    ("glibc-ceiling", "GLIBC_2.18", with_tcl(versions=frozenset({"GLIBC_2.18"}))),
    ("glibc-ceiling", "GLIBC_PRIVATE", with_tcl(versions=frozenset({"GLIBC_PRIVATE"}))),
    ("glibc-ceiling", "GLIBC_ABI_DT_RELR", with_tcl(versions=frozenset({"GLIBC_ABI_DT_RELR"}))),
    ("needed", "libX11.so.6", with_tcl(needed=("libX11.so.6",))),
    ("needed", "not in the distribution", with_tcl(needed=("$ORIGIN/../lib/libfoo.so",))),
    ("executable-stack", "no PT_GNU_STACK", with_tcl(segments=(SEGMENT,))),
    ("executable-stack", "RWX", with_tcl(segments=(SEGMENT, replace(STACK, flags="RWX")))),
    ("writable-code", "RWX", with_tcl(segments=(replace(SEGMENT, flags="RWX"), STACK))),
    ("text-relocations", "TEXTREL", with_tcl(textrel=True)),
    ("copy-relocations", "environ", with_tcl(copy_relocations=("environ",))),
    ("page-alignment", "4096", with_tcl(segments=(replace(SEGMENT, align=512), STACK))),
    ("hidden-symbols", "SSL_read", with_tcl(exported=frozenset({"SSL_read", "Tcl_Eval"}))),
    ("hidden-symbols", "inflate", with_tcl(exported=frozenset({"inflate"}))),
    ("banned-symbols", "pthread_yield", with_tcl(imported=frozenset({"pthread_yield"}))),
    ("python-api", "PyList_New", with_python(exported=frozenset())),
    ("python-api", "no interpreter", lambda tree: replace(tree, elf={TCL: elf()})),
    ("python-api", "needs libpython", with_python(needed=("libpython3.14.so.1.0",))),
    ("python-api", "does not need libpython", with_options("noopt", "shared")),
    ("python-api", "second copy", with_options("noopt", "shared")),
    ("flavor", "mean 'd'", with_options("debug")),
    ("flavor", "is missing", with_options("freethreaded", "noopt")),
    ("flavor", "python_abi_tag is 't'", with_facts(python_abi_tag="t")),
    ("flavor", "Py_DEBUG is '1'", with_facts(python_config_vars={"Py_DEBUG": "1"})),
    ("read-only-relocations", "RELRO", with_python(segments=(SEGMENT, STACK))),
    ("read-only-relocations", "RELRO", with_tcl(segments=(SEGMENT, STACK))),
    ("bind-now", "first used", with_tcl(bind_now=False)),
    ("read-only-relocations", "RELRO", with_python(segments=(SEGMENT, STACK), dynamic=False)),
    ("stack-protector", "no code of CPython", with_python(imported=frozenset({"__memcpy_chk", "memcpy"}))),
    ("stack-protector", "1 object files", lambda tree: replace(tree, marks={OBJECT: frozenset({"fortify"})})),
    ("stack-protector", "has no code with", large_library("__memcpy_chk")),
    ("stack-protector", "has no code with", large_archive("fortify")),
    ("fortify", "no code of CPython", with_python(imported=frozenset({"__stack_chk_fail", "memcpy"}))),
    ("fortify", "1 object files", lambda tree: replace(tree, marks={OBJECT: frozenset({"stack-protector"})})),
    ("fortify", "has no code with", large_library("__stack_chk_fail")),
    ("fortify", "has no code with", large_archive("stack-protector")),
    ("branch-protection", "not marked IBT, SHSTK", hardened("-fcf-protection=full")),
    ("branch-protection", "not marked IBT", hardened("-fcf-protection=none", "-fcf-protection")),
    ("branch-protection", "not marked BTI", hardened("-mbranch-protection=bti", features=frozenset({"PAC"}))),
    ("page-alignment", "can't map", with_tcl(segments=(replace(SEGMENT, start=0x1800, address=0x3000), STACK))),
    ("static-libraries", "llvm-bitcode", with_library(odd=("a.o (llvm-bitcode)",))),
    ("static-libraries", "members for AARCH64", with_library(machines={"AARCH64": 1, ARCHITECTURE: 2})),
    ("static-libraries", "is empty", with_library(kinds={})),
    ("static-libraries", "no table of symbols", with_library(indexed=False)),
    ("object-files", "is for ARM,", lambda tree: replace(tree, object_machines={"python/build/a.o": "ARM"})),
    ("other-systems", "of macOS", lambda tree: replace(tree, macho={"python/install/lib/a.so": ()})),
    ("other-systems", "of Windows", lambda tree: replace(tree, pe={"python/a.exe": Pe(machine="AMD64", dll=False)})),
    ("system-links", "links X11", with_extension(links=[{"name": "X11", "system": True}])),
    ("system-links", "does not say where", with_extension(links=[{"name": "X11"}])),
    ("extension-modules", "does not export PyInit_zlib", with_extension(shared_lib=TCL.removeprefix("python/"))),
    ("extension-modules", "does not name", with_dynamic_module("_zlib")),
    ("c-api", "does not export PyArg_ParseTuple", with_python(exported=API - {"PyArg_ParseTuple"})),
    ("c-api", "lacks 1 names of the C API", with_python(exported=API | {"PyNew_Function"})),
    ("extension-set", "lacks the extension module zlib", with_extensions()),
    ("extension-set", "_gdbm, which is disabled", with_extensions("zlib", "_gdbm")),
    ("extension-set", "other, which is not in the list", with_extensions("zlib", "other")),
    ("extension-set", "has zlib as a file", with_extension(shared_lib=TCL.removeprefix("python/"))),
    ("extension-set", "_gdbm is disabled", installed_with_module("_gdbm")),
    ("extension-set", "other is nothing known", installed_with_module("other")),
    ("built-in-modules", "does not export PyInit_zlib", with_python(exported=C_API)),
    ("built-in-modules", "does not export PyInit_zlib", installed("install_noopt.tar.zst", exported=C_API)),
    ("built-in-modules", "modules that are files", with_extension(shared_lib=TCL.removeprefix("python/"))),
    ("annotated-libraries", "needs libX11.so.6, which", with_python(needed=("libc.so.6", "libX11.so.6"))),
    (
        "annotated-libraries",
        "needs libm.so.6, libtcl9.0.so, which",
        with_facts(build_info={**build_info(), "core": {"objs": [], "links": []}}),
    ),
    ("programs", "is not a symbolic link", without("python/install/bin/python")),
    ("programs", "leads to python/install/bin/python3.14-config", pointing(PYTHON[:-3], "python3.14-config")),
    ("sysconfig-form", "the prefix '/usr'", with_sysconfig(prefix="/usr")),
    ("sysconfig-form", "the prefix None", with_sysconfig(prefix=None)),
    ("sysconfig-form", "says nothing of CC", with_sysconfig(CC=None)),
    ("sysconfig-form", "says nothing of LINKCC", with_sysconfig(LINKCC="")),
    ("sysconfig-form", "has \"r'x'", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': r'x'}"))),
    ("sysconfig-form", "has '0x10", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': 0x10}"))),
    ("sysconfig-form", "has '1_0", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': 1_0}"))),
    ("sysconfig-form", "'''x", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': '''x'''}"))),
    ("licences", "of the licence of zlib", without("python/licenses/LICENSE.zlib.txt")),
    ("licences", "of the licence of musl", with_job("musl")),
    ("licences", "of the licence of compiler-rt", with_job("compiler-rt")),
    ("licences", "of the licence of sysroot-glibc", with_job("sysroot-glibc")),
    ("build-paths-in-programs", "/tools/deps/ssl", lambda tree: replace(tree, leaks={TCL: ("/tools/deps/ssl",)})),
    ("build-paths", "/tools/deps/lib", with_facts(python_config_vars={"LDFLAGS": "-L/tools/deps/lib"})),
    ("interpreter-kind", "type DYN", with_python(kind="DYN")),
    ("interpreter-kind", "not DYN", with_record(without=("non-pie",))),
    ("interpreter-kind", "asks for", with_python(interpreter="/lib/ld-musl-x86_64.so.1")),
    ("interpreter-kind", "RUNPATH", with_python(runpath=("$ORIGIN/../lib",))),
    ("relative-rpath", "not relative", with_tcl(rpath=("/tools/deps/lib",))),
    ("relative-rpath", "not relative", with_tcl(rpath=("",))),
    ("relative-rpath", "outside the distribution", with_tcl(runpath=("$ORIGIN/../../../lib",))),
    ("build-paths", "/tools/deps/lib", with_text("python/install/lib/pkgconfig/a.pc", "Libs: -L/tools/deps/lib -lz")),
    ("build-paths", "/build/Python", with_text("python/install/bin/x", "srcdir='/build/Python-3.14.7'")),
    ("build-paths", "/build/pip-26", with_text(f"{DIST_INFO}/direct_url.json", '{"url": "file:///build/pip-26.whl"}')),
    ("build-paths", "/install/lib", with_text("python/install/lib/tclConfig.sh", "TCL_SPEC='-L/install/lib'")),
    ("build-paths", "/install", with_text(f"{DIST_INFO}/RECORD", "/install")),
    ("shebangs", "/install/bin/python3.14", with_text("python/install/bin/pip", "#!/install/bin/python3.14\n")),
    ("sysconfig-data", "two lines", with_text(SYSCONFIG, "build_time_vars = {}")),
    ("sysconfig-data", "not one dictionary", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{f()}"))),
    ("sysconfig-data", "32-bit", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': 4294967296}"))),
    ("sysconfig-data", "32-bit", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'A': None}"))),
    ("sysconfig-data", "compiler", with_text(SYSCONFIG, SYSCONFIG_TEXT.replace("{}", "{'CC': '/usr/bin/clang'}"))),
    ("sysconfig-data", "compiler 'zig' in LINKCC", with_sysconfig(LINKCC="zig cc")),
    ("sysconfig-data", "compiler 'zig' in LDCXXSHARED", with_sysconfig(LDCXXSHARED="zig c++ -shared")),
    ("sysconfig-data", "has no", lambda tree: replace(tree, text={})),
    ("identity", "is not a name", lambda tree: replace(tree, name="python.tar.zst")),
    ("identity", "python_version", with_facts(python_version="3.14.6")),
    ("identity", "build_options", with_facts(build_options="pgo")),
    ("identity", "was checked as", lambda tree: replace(tree, name=tree.name.replace("x86_64", "aarch64"))),
    ("identity", "named full", lambda tree: replace(tree, metadata=None)),
    ("metadata-paths", "licenses/none", with_facts(license_path="licenses/none")),
    ("metadata-paths", "build/lib/none.a", with_extension(links=[{"name": "z", "path_static": "build/lib/none.a"}])),
    ("metadata-paths", "objs names build/none.o", with_extension(objs=["build/none.o"])),
    ("metadata-schema", "unknown key", lambda tree: replace(tree, metadata=None, metadata_error="unknown key 'x'")),
    ("metadata-facts", "by files and record", with_facts(crt_features=["glibc-dynamic"])),
    ("metadata-facts", "llvm-bitcode", lambda tree: replace(tree, objects={"python/build/a.o": "llvm-bitcode"})),
    ("metadata-facts", "python_platform_tag is 'linux-aarch64'", with_facts(python_platform_tag="linux-aarch64")),
    ("metadata-facts", "python_exe", with_facts(python_exe="install/bin/python3")),
    ("metadata-facts", "crt_features", with_facts(crt_features=["glibc-dynamic", "glibc-max-symbol-version:2.40"])),
    ("metadata-facts", "crt_features", with_facts(crt_features=["musl-dynamic", "musl-version:1.2.6"])),
    ("metadata-words", "version is '8X', not '8'", with_facts(version="8X")),
    ("metadata-words", "optimizations is 'pgo', not 'noopt'", with_facts(optimizations="pgo")),
    ("metadata-words", "python_tag is 'cp313'", with_facts(python_tag="cp313")),
    ("metadata-words", "major_minor_version is '3.13'", with_facts(python_major_minor_version="3.13")),
    ("metadata-words", "implementation_name is 'pypy'", with_facts(python_implementation_name="pypy")),
    ("metadata-words", "cache_tag is 'cpython-313'", with_facts(python_implementation_cache_tag="cpython-313")),
    ("metadata-words", "hex_version is 51251185", with_facts(python_implementation_hex_version=51251185)),
    ("metadata-words", "a number of 13288 bits", with_facts(python_implementation_hex_version=10**4000)),
    (
        "metadata-words",
        "implementation_version",
        with_facts(python_implementation_version=["3", "14", "7", "beta", "0"]),
    ),
    ("metadata-words", "symbol_visibility is 'dllexport'", with_facts(python_symbol_visibility="dllexport")),
    ("metadata-words", "module_loading", with_facts(python_extension_module_loading=["builtin"])),
    ("metadata-words", "python_version is 'main', which is no", with_facts(python_version="main")),
    (
        "metadata-files",
        "magic_number is 'f30d0d0a'; files have 2b0e0d0a",
        with_facts(python_bytecode_magic_number="f30d0d0a"),
    ),
    ("metadata-files", "files have", lambda tree: replace(tree, bytecode={**tree.bytecode, "f30d0d0a": PYC})),
    ("metadata-files", "python_suffixes.source is None", with_facts(python_suffixes={})),
    ("metadata-files", "python_suffixes.bytecode", with_suffixes(bytecode=[".pyo"])),
    ("metadata-files", "which no Python has", with_suffixes(other=[".x"])),
    ("metadata-files", "sysconfig data has", with_suffixes(extension=[".cpython-313.so", ".abi3.so", ".so"])),
    ("metadata-files", "without .abi3.so", with_suffixes(extension=[".cpython-314-x86_64-linux-gnu.so", ".so"])),
    ("metadata-files", "files end in '.so'", with_dynamic_module("_zlib")),
    ("metadata-files", "libpython_link_mode is 'static'", with_facts(libpython_link_mode="static")),
    ("metadata-files", "names no objects of the core", with_core(objs=[])),
    (
        "metadata-files",
        "names 1 object files nowhere",
        lambda tree: replace(tree, objects={"python/build/a.o": "elf-object"}),
    ),
    ("metadata-files", "core: shared_lib is None", with_core(shared_lib=None)),
    ("metadata-files", "core: static_lib is None", with_core(static_lib=None)),
    ("metadata-variables", "python_config_vars is empty", with_facts(python_config_vars={})),
    ("metadata-variables", "lacks 1 variables", with_sysconfig(NEW="x")),
    ("metadata-variables", "python_config_vars.SIZEOF_INT is '8'", with_config_vars(SIZEOF_INT="8")),
    ("metadata-variables", "python_config_vars.CC is 'gcc'", with_config_vars(CC="gcc")),
    ("metadata-variables", "python_config_vars.py_version is '3.14.6'", with_config_vars(py_version="3.14.6")),
    ("metadata-variables", "python_config_vars.base is '/usr'", with_config_vars(base="/usr")),
    ("metadata-variables", "python_paths lacks data", with_facts(python_paths={})),
    ("metadata-variables", "python_paths_abstract lacks data", with_facts(python_paths_abstract={})),
    (
        "metadata-variables",
        "python_paths.scripts is 'install/lib'",
        with_facts(python_paths={**metadata()["python_paths"], "scripts": "install/lib"}),
    ),
    ("metadata-variables", "means None", with_facts(python_paths_abstract={"data": "{base}" * 1000})),
    ("metadata-variables", "means None", with_config_vars(base="x" * 5000)),
    ("licences", "without a licence", with_extension(licenses=[])),
    ("licences", "without a licence text", with_extension(license_paths=[])),
    ("licences", "no licence of Python", with_facts(licenses=[])),
    ("licences", "no licence texts", no_licences),
    ("licences", "LICENSE.txt", without("python/install/lib/python3.14/LICENSE.txt")),
    ("build-ids", "has no build-id", with_tcl(build_id="")),
    ("debug-links", "names nothing", installed("install_noopt.tar.zst", debuglink="")),
    ("debug-links", "names abcdef.debug", installed(STRIPPED, debuglink="abcdef.debug")),
    ("debug-links", "holds debug information", installed(STRIPPED, sections=DEBUG_INFO)),
    ("build-record", "is missing", lambda tree: replace(tree, record=None, record_path="")),
    ("build-record", "unknown key", lambda tree: replace(tree, record=None, record_error="unknown key 'x'")),
    ("build-record", "belongs at", lambda tree: replace(tree, record_path=INSTALL_RECORD)),
    ("build-record", "the file name says '3.14.6'", lambda t: replace(t, name=t.name.replace("3.14.7", "3.14.6"))),
    ("build-record", "the file name says 'noopt'", with_record(options="debug")),
    ("build-record", "PYTHON.json says 'noopt'", with_record(options="debug")),
    ("build-record", "PYTHON.json says 'x86_64", with_record(target="aarch64-unknown-linux-gnu")),
    ("build-record", "the file name says 'freethreaded'", installed(f"freethreaded-{STRIPPED}")),
    ("build-record", "knows 1", with_record(schema=2)),
    ("build-record", "image is 'latest'", with_record(image="latest")),
    ("build-record", "profile is ''", with_record(profile="")),
    ("build-record", "key of job zlib", with_record(jobs=(replace(records.ZLIB, key="ABC"), records.CPYTHON))),
    ("build-record", "2 jobs zlib", with_record(jobs=(records.ZLIB, *records.RECORD.jobs))),
    ("build-record", "its jobs built []", with_record(jobs=(records.ZLIB,))),
    ("bills-of-materials", "is missing", lambda tree: replace(tree, bills={PLACES[SPDX]: BILLS[PLACES[SPDX]]})),
    ("bills-of-materials", "not JSON", lambda tree: replace(tree, bills={**BILLS, PLACES[SPDX]: "is not JSON"})),
    ("bills-of-materials", "'SPDX-3.0'", with_bill(lambda data: data.update(spdxVersion="SPDX-3.0"), SPDX)),
    ("bills-of-materials", "KeyError", with_bill(lambda data: data.pop("relationships"), SPDX)),
    ("bills-of-materials", "'1.4'", with_bill(lambda data: data.update(specVersion="1.4"), CYCLONEDX)),
    (
        "bills-of-materials",
        f"does not name {TCL}",
        lambda t: replace(t, bills=bills.bills_for({PYTHON: "a"}, full=True)),
    ),
    ("bills-of-materials", "it has abc", lambda tree: replace(tree, digests={**DIGESTS, TCL: "abc"})),
    ("bills-of-materials", f"names {TCL}, which is not", lambda t: replace(t, digests={PYTHON: records.DIGEST})),
    ("bills-of-materials", "made of", with_bill(without_origin, SPDX)),
    ("bills-of-materials", "made of", with_bill(lambda data: data.update(dependencies=[]), CYCLONEDX)),
    ("bills-of-materials", "lacks zlib 1.3.1", with_bill(without_component)),
    ("bills-of-materials", "differs from python/sbom.cdx.json", with_bill(without_component, CYCLONEDX)),
    (
        "bills-of-materials",
        "another sha256 of zlib",
        with_record(jobs=(with_sources(sha256=("0" * 64,)), records.CPYTHON)),
    ),
    ("bills-of-materials", "lacks zlib 1.3.2", with_record(jobs=(with_sources(version="1.3.2"), records.CPYTHON))),
    ("bills-of-materials", "the patches [] of cpython 3.14.7", with_bill(without_patches, SPDX)),
    ("bills-of-materials", "the patches [] of cpython 3.14.7", with_bill(without_patches, CYCLONEDX)),
    (
        "bills-of-materials",
        "the build record has ['a.patch']",
        with_record(jobs=(replace(records.ZLIB, patches=("a.patch",)), records.CPYTHON)),
    ),
    ("bills-of-materials", "no package URL of zlib 1.3.1", with_bill(without_words("externalRefs"), SPDX)),
    ("bills-of-materials", "no package URL of libstdc++6", with_bill(without_words("purl"), CYCLONEDX)),
    ("bills-of-materials", "no licence of zlib 1.3.1", with_bill(without_words("licenseDeclared"), SPDX)),
    ("bills-of-materials", "no licence of cpython", with_bill(without_words("licenses"), CYCLONEDX)),
    ("build-record", "has no sha256", with_record(jobs=(with_sources(sha256=()), records.CPYTHON))),
    ("build-record", "sha256 of zlib is 'x'", with_record(jobs=(with_sources(sha256=("x",)), records.CPYTHON))),
]


@pytest.mark.parametrize(("check", "message", "change"), FAILING)
def test_each_defect_is_found(check: str, message: str, change: Callable[[Tree], Tree]) -> None:
    found = [finding for finding in findings(change(good())) if finding.check == check]
    assert any(message in finding.message for finding in found), found


def test_every_check_can_fail() -> None:
    assert {name_of(check) for check in CHECKS} == {name for name, _, _ in FAILING}


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["-fcf-protection"], {"features": frozenset({"IBT", "SHSTK"})}),
        (["-mbranch-protection=standard"], {"features": frozenset({"BTI", "PAC"})}),
        (["-fcf-protection=full", "-fcf-protection=none"], {}),
    ],
)
def test_hardening_that_is_there(options: list[str], changes: dict[str, Any]) -> None:
    tree = hardened(*options, **changes)(good())
    library = replace(tree.elf[LIBPYTHON], **changes)
    assert findings(replace(tree, elf={**tree.elf, LIBPYTHON: library})) == []


@pytest.mark.parametrize(
    "change",
    [
        large_library("__stack_chk_fail", "__memcpy_chk"),
        large_archive("stack-protector", "fortify"),
        everywhere(SIZEOF_INT=-4, LIBS="", CFLAGS="-DX='\\'\"\\\\"),
        circle_free,
        pointing("python/install/bin/python", "python3"),
    ],
)
def test_what_is_right(change: Callable[[Tree], Tree]) -> None:
    assert findings(change(good())) == []


def test_hardening_that_is_not_demanded() -> None:
    plain = replace(with_python(imported=frozenset())(good()), marks={})
    plain = replace(plain, elf={**plain.elf, LIBPYTHON: elf(exported=API)})
    assert {finding.check for finding in findings(plain)} == {"stack-protector", "fortify"}
    assert findings(plain, replace(LIMITS, hardening=frozenset())) == []
    switched_off = replace(plain, record=replace(records.RECORD, without=("fortify",)))
    assert {finding.check for finding in findings(switched_off)} == {"stack-protector"}


def test_the_way_to_call_functions() -> None:
    limits = replace(LIMITS, abi="hard")
    tree = replace(good(), elf={path: replace(facts, abi="hard") for path, facts in good().elf.items()})
    assert findings(tree, limits) == []
    found = findings(with_tcl(abi="soft")(tree), limits)
    assert [(one.check, one.message) for one in found] == [("machine", "calls functions by the ABI soft, not hard")]


def test_modules_that_are_files_and_are_not_there() -> None:
    limits = replace(LIMITS, modules={**(LIMITS.modules or {}), "_tkinter": "shared", "_testcapi": "test"})
    tree = installed_with_module("_tkinter")(good())
    assert [one.message for one in findings(tree, limits) if one.check == "extension-set"] == []
    found = [one.message for one in findings(installation(), limits) if one.check == "extension-set"]
    assert found == ["lacks the extension module _tkinter, which is a file"]


def test_any_module_may_be_there_where_none_is_known() -> None:
    assert findings(with_extensions("zlib", "other")(good()), replace(LIMITS, modules=None)) == []


def test_launchers_that_pip_carries_are_no_mistake() -> None:
    path = "python/install/lib/python3.14/site-packages/pip/_vendor/distlib/t64.exe"
    assert findings(replace(good(), pe={path: Pe(machine="AMD64", dll=False)})) == []


def test_code_that_is_there_twice_is_noted() -> None:
    (note,) = notes(good(), LIMITS)
    assert str(note).startswith(f"duplicate-code: {LIBPYTHON}: exports 39 functions and objects that {PYTHON} has too")
    assert list(notes(with_python(exported=frozenset())(good()), LIMITS)) == []


def test_patches_of_jobs_that_share_a_source_are_those_of_what_is_inside() -> None:
    lent = replace(records.CPYTHON, name="aarch64-unknown-linux-gnu/cpython", role="tool", patches=())
    profile = replace(records.CPYTHON, name="cpython-profile", role="profile", patches=("b.patch",))
    assert findings(with_record(jobs=(lent, records.ZLIB, profile, records.CPYTHON))(good())) == []
    tool = replace(records.ZLIB, name="tool", role="tool", sources=(), patches=("a.patch",))
    assert applied([tool, lent, records.CPYTHON]) == {
        ("tool", "1.3.1"): {"a.patch"},
        ("cpython", "3.14.7"): {"tkinter-base-prefix.patch"},
    }


def test_tools_need_no_licence_and_what_is_linked_in_has_one() -> None:
    for name in ("gperf", "x86_64-unknown-linux-musl/musl"):
        assert findings(with_job(name)(good())) == []
    assert findings(with_entry("python/licenses/LICENSE.musl.txt")(with_job("musl")(good()))) == []


def test_public_domain_needs_no_licence() -> None:
    tree = with_extension(licenses=None, license_public_domain=True)(good())
    assert findings(tree) == []


def test_parts_of_cpython_need_no_licence_of_their_own() -> None:
    link = {"name": "Hacl_Hash_MD5", "path_static": "build/Modules/config.o"}
    assert findings(with_extension(links=[link], licenses=None, license_paths=None)(good())) == []


def test_no_glibc_version_is_allowed_where_there_is_none() -> None:
    found = [
        finding for finding in findings(good(), replace(LIMITS, max_glibc=None)) if finding.check == "glibc-ceiling"
    ]
    assert len(found) == 3


@pytest.mark.parametrize(
    "text",
    [
        "$(srcdir)/Tools/build/generate.py $(top)/build/x",
        "prefix=${pcfiledir}/../..",
        "https://example.org/home/index.html",
        "a comment on /install/lib",
    ],
)
def test_harmless_texts(text: str) -> None:
    assert findings(with_text("python/install/bin/tool", text)(good())) == []
