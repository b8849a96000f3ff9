"""The comparison of our extension modules with CPython's Setup files, and what is written from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pythonbuild.inside import setup_modules
from pythonbuild.inside.setup_modules import Mismatch, SetupLine, Wanted

BOOTSTRAP = """
# Modules that are required to start
*static*
atexit atexitmodule.c
_io _io/_iomodule.c \\
    _io/iobase.c
@MODULE_PWD_TRUE@pwd pwdmodule.c
"""
STDLIB = """
*@MODULE_BUILDTYPE@*
DATA=1
@MODULE__JSON_TRUE@_json _json.c   # fast
@MODULE__CTYPES_TRUE@_ctypes _ctypes/_ctypes.c @MODULE__CTYPES_MALLOC_CLOSURE@
#@MODULE_OLD_TRUE@old old.c
*shared*
@MODULE__TKINTER_TRUE@_tkinter _tkinter.c tkappinit.c
@MODULE__GDBM_TRUE@_gdbm _gdbmmodule.c
"""


def source_tree(tmp_path: Path) -> Path:
    modules = tmp_path / "Modules"
    modules.mkdir()
    (modules / "Setup.bootstrap.in").write_text(BOOTSTRAP)
    (modules / "Setup.stdlib.in").write_text(STDLIB)
    (modules / "Setup").write_text("# every line of it is a comment but this one\nxx xxmodule.c\n")
    return tmp_path


def modules_json(tmp_path: Path, **changes: str | None) -> Path:
    builds: dict[str, str | None] = {
        "_ctypes": "static",
        "_gdbm": "disabled",
        "_io": "bootstrap",
        "_json": "static",
        "_tkinter": "shared",
        "atexit": "bootstrap",
        "old": "disabled",
        "xx": "static",
        "pwd": "bootstrap",
    }
    builds.update(changes)
    path = tmp_path / "extension-modules.json"
    link = {"_tkinter": ["-Wl,-rpath,x"]}
    path.write_text(json.dumps({n: {"build": b, "link": link.get(n, [])} for n, b in builds.items() if b}))
    return path


def test_parse_setup_joins_lines_and_drops_conditions() -> None:
    assert setup_modules.parse_setup(BOOTSTRAP) == [
        SetupLine("atexit", ("atexitmodule.c",), configured=False),
        SetupLine("_io", ("_io/_iomodule.c", "_io/iobase.c"), configured=False),
        SetupLine("pwd", ("pwdmodule.c",)),
    ]
    assert [(line.name, line.configured) for line in setup_modules.parse_setup(STDLIB)] == [
        ("_json", True),
        ("_ctypes", True),
        ("old", False),
        ("_tkinter", True),
        ("_gdbm", True),
    ]


def test_write_names_every_module_but_those_of_the_bootstrap(tmp_path: Path) -> None:
    output = tmp_path / "Setup.local"
    setup_modules.write(modules_json(tmp_path), source_tree(tmp_path), output)
    assert output.read_text() == (
        "*static*\n_json _json.c\n_ctypes _ctypes/_ctypes.c\nxx xxmodule.c\n"
        "\n*shared*\n"
        "_tkinter _tkinter.c tkappinit.c $(MODULE__TKINTER_CFLAGS) $(MODULE__TKINTER_LDFLAGS) -Wl,-rpath,x\n"
        "\n*disabled*\nold\n_gdbm\n"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_json": None}, "_json: is in Setup.stdlib.in, and extension-modules.yml does not name it"),
        ({"pwd": None}, "pwd: is in Setup.bootstrap.in, and extension-modules.yml says otherwise"),
        ({"_new": "static"}, "_new: is named, and Setup.stdlib.in does not have it"),
        ({"_new": "bootstrap"}, "_new: is named as bootstrap, and Setup.bootstrap.in does not have it"),
    ],
)
def test_every_difference_is_told(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    with pytest.raises(Mismatch) as caught:
        setup_modules.write(modules_json(tmp_path, **changes), source_tree(tmp_path), tmp_path / "Setup.local")
    assert caught.value.differences == (message,)


def test_flags_of_ours_come_with_those_of_configure() -> None:
    line = SetupLine("_curses", ("_cursesmodule.c",))
    words = setup_modules.setup_line(line, Wanted("static", compile=("-DWIDE",), link=("-lncursesw",)))
    assert words == "_curses _cursesmodule.c -DWIDE $(MODULE__CURSES_CFLAGS) $(MODULE__CURSES_LDFLAGS) -lncursesw"
    with pytest.raises(Mismatch, match="takes a line with '=' for a variable"):
        setup_modules.read_wanted('{"_x": {"build": "static", "compile": ["-DX=1"]}}')


def test_what_was_built_is_compared_with_what_was_wanted(tmp_path: Path) -> None:
    source = tmp_path / "Modules"
    source.mkdir()
    (source / "config.c").write_text('{"_json", PyInit__json},\n{"_io", PyInit__io},\n{"sys", NULL},\n')
    dynload = tmp_path / "lib" / "lib-dynload"
    dynload.mkdir(parents=True)
    for name in ("_tkinter", "_stray"):
        (dynload / f"{name}.cpython-311-x86_64-linux-gnu.so").touch()
    modules = tmp_path / "modules.json"
    builds = {"_io": "bootstrap", "_json": "static", "_tkinter": "shared", "_gdbm": "disabled"}
    modules.write_text(json.dumps({name: {"build": build} for name, build in builds.items()}))
    with pytest.raises(Mismatch) as caught:
        setup_modules.installed(modules, tmp_path, tmp_path / "lib")
    assert caught.value.differences == ("_stray: is a file in lib-dynload, and is not named",)
    builds.update(_json="shared", _tkinter="static", _stray="disabled")
    modules.write_text(json.dumps({name: {"build": build} for name, build in builds.items()}))
    with pytest.raises(Mismatch) as caught:
        setup_modules.installed(modules, tmp_path, tmp_path / "lib")
    assert caught.value.differences == (
        "_json: is shared, and in the table of the interpreter",
        "_json: is shared, and not a file in lib-dynload",
        "_stray: is disabled, and a file in lib-dynload",
        "_tkinter: is static, and not in the table of the interpreter",
        "_tkinter: is static, and a file in lib-dynload",
    )


def test_a_misspelt_build_is_a_mismatch() -> None:
    with pytest.raises(Mismatch, match="unknown build 'statik'"):
        setup_modules.read_wanted('{"_json": {"build": "statik"}}')


def test_modules_that_configure_leaves_out_are_told() -> None:
    states = setup_modules.parse_states("MODULE__SSL_STATE=missing\nMODULE__JSON_STATE=yes\nMODULE_X=1\n")
    wanted = {"_ssl": Wanted("static"), "_json": Wanted("static"), "_abc": Wanted("bootstrap"), "_q": Wanted("shared")}
    assert setup_modules.compare_states(wanted, states) == [
        "_q: is to be shared, and configure says 'nothing'",
        "_ssl: is to be static, and configure says 'missing'",
    ]


def test_main_prints_differences_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    modules, source = modules_json(tmp_path), source_tree(tmp_path)
    (source / "Makefile").write_text(
        "MODULE__JSON_STATE=yes\nMODULE__CTYPES_STATE=missing\nMODULE__TKINTER_STATE=yes\n"
    )
    words = ["configured", f"--modules={modules}", f"--source={source}"]
    assert setup_modules.main(words) == 1
    assert capsys.readouterr().err == "extension module _ctypes: is to be static, and configure says 'missing'\n"
    output = tmp_path / "Setup.local"
    assert setup_modules.main(["write", f"--modules={modules}", f"--source={source}", f"--output={output}"]) == 0
