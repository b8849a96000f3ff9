"""What is taken out of an installation's text files, and how they become relative."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from pythonbuild.inside import relocate


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("clang --config=/build/clang.cfg -pthread", "clang -pthread"),
        ("-I/tools/deps/include -DX=1", " -DX=1"),
        ("-L/tools/deps/lib -lssl -lcrypto", " -lssl -lcrypto"),
        ("'CC=clang --config=/build/clang.cfg' '--enable-shared'", " '--enable-shared'"),
        ("RUNSHARED=\tLD_LIBRARY_PATH=/build/cpython", "RUNSHARED="),
        ("/usr/lib/llvm-22/bin/llvm-profdata merge", " merge"),
        ("llvm-ar rcs", "ar rcs"),
        ("AR=\t/usr/lib/llvm-22/bin/llvm-ar", "AR=\tar"),
        ("/tools/host/bin/llvm-ranlib", "ranlib"),
        ("$(TOOLS)/bin/llvm-ar", "$(TOOLS)/bin/llvm-ar"),
        ("READELF=\t@READELF@", "READELF=\treadelf"),
        ("-I/install/include -L/install/lib", "-I/install/include -L/install/lib"),
        (
            "$(srcdir)/Tools/build/x.py $(DESTDIR)/in/x /builder/x",
            "$(srcdir)/Tools/build/x.py $(DESTDIR)/in/x /builder/x",
        ),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert relocate.clean(text) == cleaned


def test_clean_leaves_spaces_of_untouched_values() -> None:
    assert relocate.clean_value(" -lpthread  -ldl ") == " -lpthread  -ldl "
    assert relocate.clean_value(7) == 7


def test_sysconfigdata_has_the_form_that_installers_read() -> None:
    raw = "# x\nbuild_time_vars = {'CC': 'clang --config=/build/c', 'N': 1, 'CONFIG_ARGS': \"'--a' 'CC=x'\"}\n"
    values = relocate.clean_variables(relocate.parse_sysconfigdata(raw))
    text = relocate.format_sysconfigdata(values)
    head, _, body = text.partition("build_time_vars = ")
    assert head == "# system configuration generated and used by the sysconfig module\n"
    assert json.loads(body) == {"CC": "clang", "N": 1, "CONFIG_ARGS": "'--a'", "PYTHON_BUILD_STANDALONE": 1}
    assert relocate.parse_sysconfigdata(text) == values


@pytest.mark.parametrize("value", [None, True, 1.5])
def test_sysconfigdata_refuses_what_installers_refuse(value: object) -> None:
    with pytest.raises(TypeError, match="X is"):
        relocate.format_sysconfigdata({"X": value})  # type: ignore[dict-item]


def test_sysconfigdata_without_variables() -> None:
    with pytest.raises(ValueError, match="no assignment"):
        relocate.parse_sysconfigdata("import os\n")


MAKEFILE = """\
CC=\t\tclang --config=/build/x -pthread
CXX=\t\tclang++
LINKCC=\t\t$(PURIFY) $(CC)
AR=\t\t/usr/lib/llvm-22/bin/llvm-ar
CONFIG_ARGS=\t '--prefix=/install' 'CC=clang x' 'PKG_CONFIG_PATH='
MODULE_CTYPES_CFLAGS=-O1 -I/tools/deps/include
MODULE_CTYPES_LDFLAGS=-L/tools/deps/lib -lffi
RUNSHARED=\tLD_LIBRARY_PATH=/build/cpython
prefix=\t\t/install
exec_prefix=\t${prefix}
LIBDIR=\t\t${exec_prefix}/lib
all:
\t@printf '%s\\n' '$(prefix)' '$(LIBDIR)' '$(LINKCC)' '$(CXX)' '$(AR)' '$(MODULE_CTYPES_LDFLAGS)'
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make, which ci/check installs")
@pytest.mark.parametrize("how", ["read", "included"])
def test_a_makefile_follows_its_place(tmp_path: Path, how: str) -> None:
    place = tmp_path / "moved"
    makefile = place / "lib/python3.14/config-3.14/Makefile"
    makefile.parent.mkdir(parents=True)
    makefile.write_text(relocate.movable_makefile(MAKEFILE, "'--prefix=/install'"))
    (tmp_path / "own.mk").write_text(f"include {makefile}\n")
    file = makefile if how == "read" else tmp_path / "own.mk"
    said = subprocess.run(["make", "-s", "-f", file, "all"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert said.stdout.splitlines() == [str(place), f"{place}/lib", " cc -pthread", "c++", "ar", "-lffi"]


def test_a_makefile_is_still_what_sysconfig_reads(tmp_path: Path) -> None:
    path = tmp_path / "Makefile"
    path.write_text(relocate.movable_makefile(MAKEFILE, "'--prefix=/install'"))
    values = sysconfig._parse_makefile(str(path))  # type: ignore[attr-defined]
    assert (values["prefix"], values["LIBDIR"]) == ("/install", "/install/lib")
    assert (values["RUNSHARED"], values["MODULE_CTYPES_CFLAGS"]) == ("", "-O1")
    assert (values["CC"], values["AR"], values["CONFIG_ARGS"]) == ("cc -pthread", "ar", "'--prefix=/install'")


def test_trampoline_runs_from_a_moved_place_through_a_link(tmp_path: Path) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    script = place / "tool"
    script.write_bytes(relocate.trampoline(b"#!/install/bin/python3\nimport sys\nprint(sys.argv[1:])\n"))
    script.chmod(0o755)
    python = place / "python3"
    python.write_text('#!/bin/sh\necho "interpreter $*"\n')
    python.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(script)
    shown = subprocess.run([str(link), "x"], capture_output=True, text=True, check=True).stdout
    assert shown == f"interpreter {link} x\n"


def test_trampoline_is_python_too_and_leaves_other_scripts() -> None:
    text = relocate.trampoline(b"#!/install/bin/python3.14\nX = 1\n", "../")
    namespace: dict[str, object] = {}
    exec(compile(text, "script", "exec"), namespace)  # noqa: S102
    assert namespace["X"] == 1
    assert b"/../python3.14" in text
    assert relocate.trampoline(b"#!/bin/sh\nexit\n") == b"#!/bin/sh\nexit\n"


def test_build_details_become_relative() -> None:
    details = {
        "base_prefix": "/install",
        "base_interpreter": "/install/bin/python3.14",
        "libpython": {"dynamic": "/install/lib/libpython3.14.so", "link_extensions": False},
        "language": {"version": "3.14"},
    }
    assert relocate.relative_build_details(details, "lib/python3.14") == {
        "base_prefix": "../..",
        "base_interpreter": "./bin/python3.14",
        "libpython": {"dynamic": "./lib/libpython3.14.so", "link_extensions": False},
        "language": {"version": "3.14"},
    }


def installation(prefix: Path) -> Path:
    library = prefix / "lib" / "python3.14"
    config = library / "config-3.14-x86_64-linux-gnu"
    config.mkdir(parents=True)
    (prefix / "lib" / "pkgconfig").mkdir()
    (prefix / "bin").mkdir()
    (library / "_sysconfigdata__linux_x.py").write_text("build_time_vars = {'CC': 'clang --config=/build/x'}\n")
    (library / "_sysconfig_vars__linux_x.json").write_text(
        '{"CC": "clang --config=/build/x", "userbase": "/tmp/.local"}'
    )
    (library / "build-details.json").write_text('{"base_prefix": "/install", "libpython": {"static": "/install/x"}}')
    (config / "Makefile").write_text(MAKEFILE)
    (config / "libpython3.14.a").write_bytes(b"")
    (config / "python-config.py").write_text("#!/install/bin/python3.14\n")
    (prefix / "lib" / "pkgconfig" / "python-3.14.pc").write_text("prefix=/install\nLibs: -L/tools/deps/lib -lx\n")
    (prefix / "bin" / "pydoc3.14").write_text("#!/install/bin/python3.14\n")
    (prefix / "bin" / "python3.14").write_bytes(b"\x7fELF\xff/build/")
    (prefix / "bin" / "python3").symlink_to("python3.14")
    return prefix


def test_rewrite_leaves_no_trace(tmp_path: Path) -> None:
    prefix = installation(tmp_path / "install")
    assert relocate.main([str(prefix)]) == 0
    texts = {p.name: p.read_text() for p in prefix.rglob("*") if p.is_file() and not p.name.startswith("python3")}
    assert not [name for name, text in texts.items() if "/build/" in text or "/tools/" in text]
    assert texts["python-3.14.pc"] == "prefix=${pcfiledir}/../..\nLibs: -lx\n"
    assert json.loads(texts["build-details.json"])["libpython"]["static"] == (
        "./lib/python3.14/config-3.14-x86_64-linux-gnu/libpython3.14.a"
    )
    assert "/../../../bin/python3.14" in texts["python-config.py"]
    told = json.loads(texts["_sysconfig_vars__linux_x.json"])
    assert (told["CC"], told["userbase"]) == ("cc", "~/.local")
    assert '"CC": "clang"' in texts["_sysconfigdata__linux_x.py"]
    assert "clang" not in texts["Makefile"]
    assert texts["pydoc3.14"].startswith("#!/bin/sh\n")
    assert (prefix / "bin" / "python3.14").read_bytes() == b"\x7fELF\xff/build/"
