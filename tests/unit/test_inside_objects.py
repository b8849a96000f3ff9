"""The description of what links into another program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pythonbuild.inside import objects


def rule(name: str, objects: str, dependencies: str, words: str) -> str:
    target = f"Modules/{name}$(EXT_SUFFIX)"
    return f"{target}:  {objects}{dependencies}; $(BLDSHARED)  {objects} {words} $(MODULE_LDFLAGS_SHARED) -o {target}\n"


# The two forms that makesetup has written: with LDEPS since 3.14, without before.
MAKEFILE = (
    "Modules/_abc.o: $(srcdir)/Modules/_abc.c; $(CC) -c x\n"
    + rule("_abc", "Modules/_abc.o", " $(MODULE__ABC_LDEPS)", "$(MODULE__ABC_LDFLAGS)")
    + rule("_ssl", "Modules/_ssl.o", "", "$(MODULE__SSL_LDFLAGS)")
    + rule("_md5", "Modules/md5module.o", "", "Modules/_hacl/libHacl_Hash_MD5.a")
    + rule("_tkinter", "Modules/_tkinter.o Modules/tkappinit.o", "", "$(MODULE__TKINTER_LDFLAGS) -Wl,-rpath,'$$ORIGIN'")
)
CONFIG_C = """
extern PyObject* PyInit__abc(void);
    {"_abc", PyInit__abc},
    {"marshal", PyMarshal_Init},
    {"sys", NULL},
    {0, 0}
"""
VARIABLES = {
    "EXT_SUFFIX": ".cpython-314-x86_64-linux-gnu.so",
    "INSTSONAME": "libpython3.14.so.1.0",
    "LIBDEST": "/install/lib/python3.14",
    "LIBM": "-lm",
    "LIBPL": "/install/lib/python3.14/config-3.14-x86_64-linux-gnu",
    "LIBRARY": "libpython3.14.a",
    "LIBS": "-lpthread -ldl",
    "MODULE_LDFLAGS_SHARED": "$(if ,-L. -lpython3.14)",
    "MODULE__SSL_LDFLAGS": "-L/tools/deps/lib -lssl -lcrypto -lssl -lm",
    "MODULE__TKINTER_LDFLAGS": "-ltcl9.0",
}
MODULES = {
    "_abc": {"build": "bootstrap", "needs": []},
    "_gdbm": {"build": "disabled", "needs": []},
    "_md5": {"build": "static", "needs": []},
    "_ssl": {"build": "static", "needs": ["openssl"]},
    "_tkinter": {"build": "shared", "needs": ["tcl"]},
}


def built_tree(root: Path) -> tuple[Path, Path, Path]:
    """Return a source tree after make, a directory of libraries, and an installation."""
    source, libraries, prefix = root / "source", root / "libraries", root / "install"
    library_objects = ("Python/ceval.o", "Modules/config.o", "Modules/_abc.o", "Modules/_ssl.o", "Modules/md5module.o")
    shared = ("Modules/_tkinter.o", "Modules/tkappinit.o", "Modules/_hacl/libHacl_Hash_MD5.a", objects.MAIN_OBJECT)
    for path in (*library_objects, *shared, *objects.COPIED):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(path)
    (source / "Makefile").write_text(MAKEFILE)
    (source / "Modules/config.c").write_text(CONFIG_C)
    data = source / "build" / "lib.linux-x86_64-3.14"
    data.mkdir(parents=True)
    (data / "_sysconfigdata__linux_x.py").write_text(f"build_time_vars = {VARIABLES!r}\n")
    libraries.mkdir()
    for name in ("libssl.a", "libcrypto.a"):
        (libraries / name).write_text(name)
    (prefix / "lib").mkdir(parents=True)
    (prefix / "lib" / "libtcl9.0.so").write_text("")
    (root / "library-objects").write_text("\n".join(library_objects))
    (root / "modules.json").write_text(json.dumps(MODULES))
    return source, libraries, prefix


def gathered(root: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    source, libraries, prefix = built_tree(root)
    paths = {
        "source": source,
        "libraries": libraries,
        "prefix": prefix,
        "library-objects": root / "library-objects",
        "modules": root / "modules.json",
        "output": root / "build",
        "core": root / "core.json",
        "extensions": root / "extensions.json",
    }
    assert objects.main([*(f"--{name}={path}" for name, path in paths.items()), "--format=elf"]) == 0
    core = json.loads((root / "core.json").read_text())
    return root / "build", core, json.loads((root / "extensions.json").read_text())


def test_core_lists_only_its_own_objects(tmp_path: Path) -> None:
    _, core, _ = gathered(tmp_path)
    assert core["objs"] == ["build/Programs/python.o", "build/Python/ceval.o"]
    assert [link["name"] for link in core["links"]] == ["pthread", "dl", "m"]
    assert core["static_lib"] == "install/lib/python3.14/config-3.14-x86_64-linux-gnu/libpython3.14.a"
    assert core["shared_lib"] == "install/lib/libpython3.14.so.1.0"
    assert core["object_file_format"] == "elf"


def test_extensions_say_what_they_link(tmp_path: Path) -> None:
    _, _, extensions = gathered(tmp_path)
    assert sorted(extensions) == ["_abc", "_md5", "_ssl", "_tkinter", "marshal", "sys"]
    assert extensions["_ssl"][0]["links"] == [
        {"name": "ssl", "path_static": "build/lib/libssl.a"},
        {"name": "crypto", "path_static": "build/lib/libcrypto.a"},
        {"name": "m", "system": True},
    ]
    assert extensions["_md5"][0]["links"] == [
        {"name": "Hacl_Hash_MD5", "path_static": "build/Modules/_hacl/libHacl_Hash_MD5.a"}
    ]
    assert extensions["_ssl"][0]["recipes"] == ["openssl"]
    assert extensions["_abc"][0]["required"] is True
    assert extensions["_tkinter"][0]["links"] == [{"name": "tcl9.0", "path_dynamic": "install/lib/libtcl9.0.so"}]
    suffix = VARIABLES["EXT_SUFFIX"]
    assert extensions["_tkinter"][0]["shared_lib"] == f"install/lib/python3.14/lib-dynload/_tkinter{suffix}"
    assert extensions["sys"][0]["init_fn"] == "NULL"
    assert extensions["sys"][0]["in_core"] is True


def test_every_path_that_is_named_exists(tmp_path: Path) -> None:
    build, core, extensions = gathered(tmp_path)
    candidates = [candidate for several in extensions.values() for candidate in several]
    paths = {*core["objs"], core["inittab_object"], core["inittab_source"]}
    paths |= {path for candidate in candidates for path in candidate["objs"]}
    paths |= {link["path_static"] for candidate in candidates for link in candidate["links"] if "path_static" in link}
    assert [path for path in sorted(paths) if not (build.parent / path).exists()] == []
    assert [path for path in objects.COPIED if not (build / path).exists()] == []
