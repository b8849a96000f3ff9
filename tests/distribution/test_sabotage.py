"""Each quirk's test fails on a tree that was broken on purpose: a test that can't fail proves nothing.

The archive is the one that PYTHONBUILD_ARCHIVE names, else one that lies in ``dist/``; nothing is built here.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pythonbuild.disttest import inside
from pythonbuild.disttest.model import Case, CaseSkipped, Outcome
from pythonbuild.disttest.relocation import starts
from pythonbuild.disttest.runner import CASES, try_case
from pythonbuild.disttest.subject import Subject, prepare, record_path

DIST = Path(__file__).parents[2] / "dist"
# A full archive is taken before others, because it has more to break, and the newest of them.
FOUND = [Path(os.environ["PYTHONBUILD_ARCHIVE"])] if "PYTHONBUILD_ARCHIVE" in os.environ else sorted(
    (path for path in DIST.glob("cpython-*-x86_64-unknown-linux-gnu-*.tar.zst") if "debuginfo" not in path.name),
    key=lambda path: ("-full." not in path.name, -path.stat().st_mtime),
)  # fmt: skip
KNOWN = {case.name: case for case in (Case("start.version", starts), *CASES)}
# What it breaks are the files of a copy of the tree, or it returns another subject.
Sabotage = Callable[[Subject], Subject | None]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FOUND, reason="no archive in dist/")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """Unpack the archive once."""
    base = tmp_path_factory.mktemp("whole")
    yield prepare(FOUND[0], base)
    shutil.rmtree(base, ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """Put a file in the place of one that is a hard link of another tree's."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(data)
    path.chmod(mode)


def edit(subject: Subject, pattern: str, old: str, new: str) -> None:
    """Replace text by a regular expression in every file that ``pattern`` finds. Its byte code goes, being unchecked."""
    changed = 0
    for path in sorted(subject.prefix.glob(pattern)):
        if path.is_symlink():
            continue
        text = path.read_text()
        broken = re.sub(old, new, text, flags=re.MULTILINE)
        if broken != text:
            write(path, broken.encode())
            for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
                compiled.unlink()
            changed += 1
    assert changed, f"nothing to break in {pattern}"


def add(subject: Subject, directory: str, name: str, text: str) -> None:
    """Put a new text file into a directory that a pattern finds."""
    (next(subject.prefix.glob(directory)) / name).write_text(text)


def patch(subject: Subject, old: bytes, new: bytes, *patterns: str) -> None:
    """Replace bytes by as many others, in the interpreter or in the files that patterns find."""
    assert len(old) == len(new)
    found = [path for pattern in patterns for path in subject.prefix.glob(pattern)] or [subject.python.resolve()]
    broken = {path: path.read_bytes() for path in found if old in path.read_bytes()}
    assert broken, f"{old!r} is nowhere"
    for path, data in broken.items():
        write(path, data.replace(old, new))


def rename(subject: Subject, pattern: str) -> None:
    """Give another name to the first file or directory that a pattern finds."""
    found = min(subject.prefix.glob(pattern))
    found.rename(found.with_name("gone"))


def remove(subject: Subject, *patterns: str) -> None:
    """Remove files and directories."""
    found = [path for pattern in patterns for path in subject.prefix.glob(pattern)]
    assert found
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def customize(subject: Subject, code: str) -> None:
    """Let the interpreter run code at every start, which takes something away."""
    place = next(subject.prefix.glob("lib/python3.*/site-packages"))
    (place / "sitecustomize.py").write_text(code)


def headers(subject: Subject, kind: int, change: Callable[[bytearray, int], None]) -> None:
    """Change the program headers of one kind in the interpreter (64 bits, little-endian: elf.h)."""
    data = bytearray(subject.python.read_bytes())
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    for place in range(start, start + size * count, size):
        if struct.unpack_from("<I", data, place)[0] == kind:
            change(data, place)
    write(subject.python, bytes(data))


def library(subject: Subject, source: str, *options: str) -> None:
    """Add a library that the machine's compiler makes."""
    place = subject.scratch("made")
    (place / "made.c").write_text(source)
    target = next(subject.prefix.glob("lib/python3.*/lib-dynload")) / "made.so"
    command = [subject.compiler(), "-shared", "-fPIC", place / "made.c", "-o", target, *options]
    subprocess.run([str(word) for word in command], check=True)


def with_record(subject: Subject, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the build record says."""
    path = record_path(subject.prefix)
    assert path is not None
    record = json.loads(path.read_text())
    change(record)
    write(path, json.dumps(record).encode())


def with_metadata(subject: Subject, change: Callable[[dict[str, Any]], object]) -> Subject:
    """Return the subject with something else in its PYTHON.json."""
    metadata = copy.deepcopy(dict(subject.metadata or {}))
    change(metadata)
    return replace(subject, metadata=metadata)


def not_an_object(subject: Subject) -> Subject:
    """Put a text in the place of the object that lists the built-in modules."""
    text = subject.scratch("text") / "config.o"
    text.write_text("not an object")
    return with_metadata(subject, lambda metadata: metadata["build_info"].update(inittab_object=str(text)))


def stand_in(subject: Subject, home: str) -> None:
    """Put a program before the interpreter that takes ``home``, C code, for the program's own place."""
    real = subject.prefix / "real"
    subject.python.resolve().rename(real)
    place = subject.scratch("stand-in")
    (place / "main.c").write_text(
        "#define _GNU_SOURCE\n#include <libgen.h>\n#include <limits.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
        "#include <string.h>\n#include <unistd.h>\n"
        "int main(int argc, char **argv) { char own[PATH_MAX] = {0}, home[PATH_MAX + 8]; (void)argc;\n"
        f'{home}\nsnprintf(home, sizeof home, "%s/..", dirname(own)); setenv("PYTHONHOME", home, 1);\n'
        f'execv("{real}", argv); return 9; }}\n'
    )
    subprocess.run([subject.compiler(), "-w", place / "main.c", "-o", subject.python], check=True)


by_argv0 = partial(stand_in, home="strcpy(own, argv[0]);")
by_own_file = partial(stand_in, home='readlink("/proc/self/exe", own, PATH_MAX - 1);')
no_slashes = partial(stand_in, home='if (strstr(argv[0], "//")) return 3; readlink("/proc/self/exe", own, 4000);')
by_new_instruction = partial(
    stand_in, home='__asm__("vpxord %zmm0, %zmm0, %zmm0"); readlink("/proc/self/exe", own, PATH_MAX - 1);'
)


def reads_what_nobody_wrote(subject: Subject) -> None:
    """Let a library that every start loads decide by a byte of new memory."""
    library(subject, "#include <stdlib.h>\nint x(void) { volatile char *new = malloc(9); return *new ? 3 : 4; }")
    place = "sys.base_prefix + '/lib/python3.%d/lib-dynload/made.so' % sys.version_info[1]"
    customize(subject, f"import ctypes, sys\nctypes.CDLL({place}).x()\n")


def brings_the_lock_back(subject: Subject) -> None:
    """Let a module of the standard library load an extension that does not say that it needs no global lock."""
    source = (
        '#include <Python.h>\nstatic struct PyModuleDef made = {PyModuleDef_HEAD_INIT, "made"};\n'
        "PyMODINIT_FUNC PyInit_made(void) { return PyModule_Create(&made); }\n"
    )
    library(subject, source, f"-I{next(subject.prefix.glob('include/python3.*'))}")
    edit(subject, "lib/python3*/numbers.py", r"\Z", "\nimport made\n")


def no_descriptions(subject: Subject) -> None:
    """Let the interpreter know no terminal by itself, and no directory of the machine's descriptions."""
    patch(subject, b"xterm", b"yterm")
    patch(subject, b"/terminfo", b"/terminfX")


def unnamed_libraries(metadata: dict[str, Any]) -> None:
    """Leave out which libraries a built-in module needs."""
    metadata["build_info"]["extensions"]["_sqlite3"][0]["links"] = []


def set_flags(data: bytearray, place: int) -> None:
    struct.pack_into("<I", data, place + 4, 7)


def small_alignment(data: bytearray, place: int) -> None:
    struct.pack_into("<Q", data, place + 48, 16)


def forget(data: bytearray, place: int) -> None:
    struct.pack_into("<I", data, place, 0)


def newer_dwarf(subject: Subject) -> None:
    """Let the first unit of debug information be of DWARF 5 (64 bits, little-endian: elf.h)."""
    program = subject.python.resolve()
    data = bytearray(program.read_bytes())
    start, (size, count, names) = struct.unpack_from("<Q", data, 40)[0], struct.unpack_from("<HHH", data, 58)
    rows = [struct.unpack_from("<IIQQQQ", data, start + size * number) for number in range(count)]
    place = next(row[4] for row in rows if data.startswith(b".debug_info\0", rows[names][4] + row[0]))
    struct.pack_into("<H", data, place + 4, 5)
    write(program, bytes(data))


def lost_tail_calls(subject: Subject) -> None:
    """Let record and configuration agree that the interpreter has no tail calls, as a build would that lost them."""
    with_record(subject, lambda record: record["stages"].remove("tail-call"))
    edit(subject, "lib/python3*/_sysconfig*", " '--with-tail-call-interp'", "")
    edit(subject, "include/python3*/pyconfig.h", "^#define (_?Py_TAIL_CALL_INTERP) 1$", r"/* #undef \1 */")


SQLITE = """
import sqlite3
class Poor(sqlite3.Connection):
    def execute(self, statement, *rest):
        return super().execute('select 1' if 'fts3_tokenizer' in statement else statement, *rest)
whole = sqlite3.connect
sqlite3.connect = lambda *a, **k: whole(*a, factory=Poor, **k)
"""
CODE_MEMORY = "import ctypes, mmap\nwhole = ctypes.CFUNCTYPE\nctypes.CFUNCTYPE = lambda *a: (mmap.mmap(-1, 4096, prot=7), whole(*a))[1]\n"
COPY = "import ctypes, glob, sys\nctypes.pythonapi = ctypes.PyDLL(glob.glob(sys.base_prefix + '/lib/libpython3.*.so.1.0')[0])\n"
NO_VALUE = """
import _multiprocessing
class Poor(_multiprocessing.SemLock):
    def _get_value(self):
        raise NotImplementedError  # what CPython does where configure found sem_getvalue broken
_multiprocessing.SemLock = Poor
"""
NO_CERTIFICATES = "import os; os.environ['SSL_CERT_FILE'] = '/nonexistent'"
ZSTD = "from compression import zstd\nzstd.CompressionParameter.bounds = lambda self: (0, 0)\n"

# number of the quirk (BESIDE: of none, but users count on it), the test that must notice, a pattern of what it then says, what is broken
BESIDE = 0
TABLE: tuple[tuple[int, str, str, Sabotage], ...] = (
    (1, "relocation.symlink", "No module named 'encodings'", by_argv0),
    (1, "relocation.chained-symlink", "No module named 'encodings'", by_argv0),
    (2, "relocation.argv0", "'/dev/null', .* non-zero exit", by_argv0),
    (3, "venv.through-symlink", "No module named 'encodings'", by_argv0),
    (4, "venv.copies", "No module named 'encodings'", by_own_file),
    (5, "relocation.double-slash", "exited with 3", no_slashes),
    (6, "moving.configuration", "'LIBDIR', '/install2/lib'", lambda s: edit(s, "lib/python3*/_sysconfigdata*.py", '"LIBDIR": "[^"]*"', '"LIBDIR": "/install2/lib"')),
    (6, "relocation.moved", "'LIBDIR', '/opt/lib'", lambda s: edit(s, "lib/python3*/_sysconfigdata*.py", '"LIBDIR": "[^"]*"', '"LIBDIR": "/opt/lib"')),
    (6, "moving.twice-gcc", r"'probe.c', '-o', 'probe.o'\]' returned non-zero", lambda s: remove(s, "include/python3*/Python.h")),
    (6, "moving.twice-clang", r"'probe.c', '-o', 'probe.o'\]' returned non-zero", lambda s: remove(s, "include/python3*/Python.h")),
    (6, "moving.recorded-compiler", "rcs.*libprobe.a|No such file", lambda s: edit(s, "lib/python3*/_sysconfigdata*.py", '"AR": "[^"]*"', '"AR": ""')),
    (6, "moving.makefile", "names '/install'", lambda s: edit(s, "lib/python3*/config-*/Makefile", r"^prefix:=.*\n", "")),
    (6, "moving.makefile", "tools are", lambda s: edit(s, "lib/python3*/config-*/Makefile", "^AR=.*", "AR=")),
    (6, "moving.config-script", "names .*/install", lambda s: edit(s, "bin/python3*-config", "^prefix_real=.*", "prefix_real=/install")),
    (7, "text.build-paths", "Makefile: .*/tools/deps/lib", lambda s: edit(s, "lib/python3*/config-*/Makefile", "^LIBS=", "LIBS= -L/tools/deps/lib ")),
    (7, "text.build-paths", "direct_url.json: .*/build/pip.whl", lambda s: add(s, "lib/python3*/site-packages/pip-*.dist-info", "direct_url.json", '{"url": "file:///build/pip.whl"}')),
    (7, "text.build-paths", "tclConfig.sh: .*/install/lib", lambda s: add(s, "lib", "tclConfig.sh", "TCL_LIB_SPEC='-L/install/lib -ltcl9.0'")),
    (8, "relocation.pip-script", "bin/pip3.* can't be started", lambda s: edit(s, "bin/pip3.*", r"\A(?s:.*?)' '''\n", "#!/install/bin/python3\n")),
    (8, "relocation.config-script", "--prefix answered '/install'", lambda s: edit(s, "bin/python3*-config", "^prefix_real=.*", "prefix_real=/install")),
    (9, "building.pkg-config", "says prefix='/install'", lambda s: edit(s, "lib/pkgconfig/python-3*.pc", "^prefix=.*", "prefix=/install")),
    (9, "building.pkg-config", "lacks python3-embed.pc", lambda s: remove(s, "lib/pkgconfig/python3-embed.pc")),
    (9, "moving.pkg-config-program", "python3-embed", lambda s: remove(s, "lib/pkgconfig/python3-embed.pc")),
    (9, "moving.pkg-config-program", "answered '/install' for prefix of", lambda s: edit(s, "lib/pkgconfig/python-3*.pc", "^prefix=.*", "prefix=/install")),
    (10, "moving.build-details", "base_prefix is '/install'", lambda s: edit(s, "lib/python3*/build-details.json", '"base_prefix": "[^"]*"', '"base_prefix": "/install"')),
    (10, "moving.build-details", "c_api.headers is './include/nothing'", lambda s: edit(s, "lib/python3*/build-details.json", '"headers": "[^"]*"', '"headers": "./include/nothing"')),
    (10, "moving.build-details", "python_suffixes: the file has .*cpython-3-none", lambda s: edit(s, "lib/python3*/build-details.json", r"\.cpython-3[^\"]*(?=\",\s*\"\.abi3)", ".cpython-3-none.so")),
    (11, "start.version", "printed 'Could not find platform dependent libraries", lambda s: remove(s, "lib/python3*/lib-dynload")),
    (12, "relocation.foreign-library-path", "libtcl[^:]*: cannot open shared object file|Error loading shared library libtcl", lambda s: remove(s, "lib/libtcl*.so")),
    (13, "building.extension-with-libpython", "cannot find -lpython3", lambda s: remove(s, "lib/libpython3.*.so.1.0")),
    (14, "elf.python-api", "does not export PyList_New", by_argv0),
    (15, "building.stable-library", r"libpython3\.\d+t?d?\.so\.1\.0: cannot open|shared library libpython3", lambda s: remove(s, "lib/libpython3.*.so.1.0")),
    (16, "foreign.pythonapi-is-this-interpreter", r"- \S*/lib/libpython3.*\+ \S*/bin/python3", lambda s: customize(s, COPY)),
    (17, "elf.hidden-symbols", "made.so: exports 1 symbols.*SSL_read", lambda s: library(s, "int SSL_read(void) { return 0; }")),
    (18, "elf.python-api", "does not export PyList_New", by_own_file),
    (18, "building.extension", "Python.h: No such file", lambda s: remove(s, "include/python3*/Python.h")),
    (22, "building.relink", "config.o.*(format not recognized|syntax error)", not_an_object),
    (22, "building.embedding-statically", "undefined reference to .sqlite3_", lambda s: with_metadata(s, unnamed_libraries)),
    (23, "elf.needed", "made.so: needs libresolv", lambda s: library(s, "int x;", "-Wl,--no-as-needed", "-lresolv")),
    (24, "terminal.readline-is-libedit", "'libedit' not found in", lambda s: patch(s, b"editing using libedit", b"editing using libread")),
    (25, "elf.glibc-ceiling", "made.so: wants GLIBC_2.25", lambda s: library(s, "int getentropy(void *, unsigned long); int x(void) { return getentropy(0, 0); }")),
    (26, "machines.clock-step", "did not end within", lambda s: patch(s, b"\0sem_clockwait\0", b"\0sem_clockwaiX\0")),
    (27, "crypto.randomness", "no attribute 'getrandom'", lambda s: customize(s, "import os; del os.getrandom")),
    (28, "processes.system-calls", r"\['memfd_create'\] != \[\]", lambda s: patch(s, b"\0memfd_create\0", b"\0memfd_creatX\0")),
    (29, "processes.sockets", "not true : AF_VSOCK", lambda s: patch(s, b"\0AF_VSOCK\0", b"\0AF_VSOCX\0")),
    (29, "processes.sockets", "41 != 40", lambda s: customize(s, "import socket; socket.AF_VSOCK = 41")),
    (30, "elf.glibc-ceiling", "made.so: wants GLIBC_2.25", lambda s: library(s, "void explicit_bzero(void *, unsigned long); void x(void) { explicit_bzero(0, 0); }")),
    (31, "elf.banned-symbols", "made.so: imports pthread_yield", lambda s: library(s, "int pthread_yield(void); int x(void) { return pthread_yield(); }")),
    (32, "elf.glibc-ceiling", "bin/python3.*: wants GLIBC_2.22", lambda s: patch(s, b"\0GLIBC_2.17\0", b"\0GLIBC_2.22\0")),
    (33, "machines.lowest-processor", "killed by SIGILL|signal 4", by_new_instruction),
    (34, "elf.page-alignment", "bin/python3.*: has a segment aligned to 16", lambda s: headers(s, 1, small_alignment)),
    (35, "elf.executable-stack", "bin/python3.*: has a stack with the flags RWX", lambda s: headers(s, 0x6474E551, set_flags)),
    (35, "elf.writable-code", "bin/python3.*: has a LOAD segment with the flags RWX", lambda s: headers(s, 1, set_flags)),
    (36, "foreign.no-writable-code", "mmap.mmap.*(Permission denied|not permitted|Out of memory)", lambda s: customize(s, CODE_MEMORY)),
    (37, "foreign.closure", "0 != 42", lambda s: customize(s, "import ctypes\nctypes.CFUNCTYPE = lambda *a: (lambda f: (lambda *b: 0))")),
    (38, "elf.read-only-relocations", "bin/python3.*: has no PT_GNU_RELRO", lambda s: headers(s, 0x6474E552, forget)),
    (38, "elf.stack-protector", "bin/python3.*: ", lambda s: patch(s, b"\0__stack_chk_fail\0", b"\0__stack_chk_fall\0")),
    (39, "foreign.static-has-no-pythonapi", "is not None", lambda s: customize(s, "import ctypes; ctypes.pythonapi = object()")),
    (40, "naming.platform-tags", "for this machine alone", lambda s: edit(s, "lib/python3*/site-packages/pip/_vendor/packaging/tags.py", r"\Z", "\ndef sys_tags(**k): return iter(())\n")),
    (41, "naming.multiarch", "linux-other' does not end in", lambda s: edit(s, "lib/python3*/_sysconfig*", '"SOABI": "[^"]*"', '"SOABI": "cpython-314-x86_64-linux-other"')),
    (42, "elf.banned-symbols", "made.so: imports preadv2", lambda s: library(s, "long preadv2(int, void *, int, long, int); long x(void) { return preadv2(0, 0, 0, 0, 0); }")),
    (43, "processes.deep-recursion-in-a-thread", "0 != 1", lambda s: customize(s, "import builtins; builtins.RecursionError = type('E', (Exception,), {})")),
    (44, "instruments.allocators", "killed by SIGABRT", lambda s: customize(s, "import os\nif os.environ.get('PYTHONMALLOC') == 'mimalloc': os.abort()")),
    (45, "machines.certificates-red-hat", "with /etc/pki/tls/cert.pem the server was refused", lambda s: patch(s, b"/etc/pki/tls/cert.pem\0", b"/etc/pki/tls/nope.pem\0")),
    (45, "machines.certificates-debian", "ca-certificates.crt the server was refused", lambda s: patch(s, b"/ca-certificates.crt\0", b"/ca-nothing-seen.crt\0")),
    (45, "machines.certificates-hashed", r"\.0 the server was refused", lambda s: patch(s, b"/etc/ssl/certs\0", b"/etc/ssl/cexts\0")),
    (45, "machines.certificates-alpine", "with /etc/ssl/cert.pem the server was refused", lambda s: patch(s, b"\0/etc/ssl/cert.pem\0", b"\0/etc/ssl/nope.pem\0")),
    (45, "machines.certificates-suse", "with /etc/ssl/ca-bundle.pem the server was refused", lambda s: patch(s, b"/etc/ssl/ca-bundle.pem\0", b"/etc/ssl/no-bundle.pem\0")),
    (45, "machines.certificates-fedora-43", "extracted/pem/tls-ca-bundle.pem the server was refused", lambda s: patch(s, b"/extracted/pem/tls-ca-bundle.pem\0", b"/extracted/pem/tls-no-bundle.pem\0")),
    (45, "crypto.trust-store", "no certificate from", lambda s: customize(s, NO_CERTIFICATES)),
    (47, "machines.no-terminal-descriptions", "setupterm: could not find terminal", lambda s: patch(s, b"xterm", b"yterm")),
    (47, "machines.terminal-descriptions", "'disttest-probe'.*could not find terminal", lambda s: patch(s, b"/lib/terminfo", b"/lib/terminof")),
    (47, "terminal.bundled-descriptions", "xterm-256color: .*could not find terminal", no_descriptions),
    (48, "venv.plain", "usable init.tcl|msgcat", lambda s: remove(s, "lib/tcl*/init.tcl", "lib/tcl*/msgcat*", "lib/tcl*/*/msgcat*")),
    (48, "graphics.interpreter", "usable init.tcl|msgcat", lambda s: remove(s, "lib/tcl*/init.tcl", "lib/tcl*/msgcat*", "lib/tcl*/*/msgcat*")),
    (48, "graphics.window-in-venv", "tk.tcl", lambda s: remove(s, "lib/tk*/tk.tcl")),
    (49, "graphics.symbols-of-tk", "(libtcl|libtk)[^:]*: (cannot open|No such file)|shared library libt", lambda s: remove(s, "lib/libtk*.so", "lib/libtcl*tk*.so")),
    (50, "graphics.window", 'bad cursor spec "watch"', lambda s: patch(s, b"\0watch\0", b"\0wXtch\0", "lib/libt*tk*.so", "lib/libtk*.so")),
    (51, "sqlite.full-text-search", "no such module: fts5", lambda s: patch(s, b"\0fts5\0", b"\0ftsX\0")),
    (51, "sqlite.spatial", "no such module: rtree", lambda s: patch(s, b"\0rtree\0", b"\0rtreX\0")),
    (51, "sqlite.spatial", "no such module: geopoly", lambda s: patch(s, b"\0geopoly\0", b"\0geopolX\0")),
    (51, "sqlite.json-and-math", "no such function: json_extract", lambda s: patch(s, b"\0json_extract\0", b"\0json_extracX\0")),
    (51, "sqlite.dbstat", "no such table: dbstat", lambda s: patch(s, b"\0dbstat\0", b"\0dbstaX\0")),
    (51, "sqlite.serialize", "no attribute 'deserialize'", lambda s: patch(s, b"\0deserialize\0", b"\0deserializX\0")),
    (51, "sqlite.extensions-can-be-loaded", "no such function: load_extension", lambda s: patch(s, b"\0load_extension\0", b"\0load_extensioX\0")),
    (51, "sqlite.tokenizers-are-safe", "OperationalError not raised", lambda s: customize(s, SQLITE)),
    (52, "compression.zstd", "0 not greater than 0", lambda s: customize(s, ZSTD)),
    (53, "crypto.known-digests", "sm3", lambda s: patch(s, b"SM3:1.2.156.10197.1.401", b"SMX:1.2.156.10197.9.401")),
    (55, "library.hash-algorithm", "fnvhash13", lambda s: patch(s, b"\0siphash13\0", b"\0fnvhash13\0")),
    (56, "processes.time-zone", "no attribute 'tzset'", lambda s: customize(s, "import time; del time.tzset")),
    (56, "processes.multiprocessing", "NotImplementedError", lambda s: customize(s, NO_VALUE)),
    (57, "moving.metadata", "python_abi_tag: 'x'", lambda s: with_metadata(s, lambda m: m.update(python_abi_tag="x"))),
    (59, "building.recorded-flags", "fdebug-default-version=4", lambda s: edit(s, "lib/python3*/_sysconfigdata*.py", '"CFLAGS": "', '"CFLAGS": "-fdebug-default-version=4 ')),
    (59, "building.recorded-flags", "unguarded-availability-new", lambda s: edit(s, "lib/python3*/_sysconfigdata*.py", '"CFLAGS": "', '"CFLAGS": "-Werror=unguarded-availability-new ')),
    (59, "building.recorded-flags", "relative to a build: .*-LModules/_hacl", lambda s: edit(s, "lib/python3*/_sysconfig*", '"MODLIBS": "', '"MODLIBS": "-LModules/_hacl ')),
    (59, "building.sdist", r"'probe.c', '-o', 'probe.o'\]' returned non-zero", lambda s: remove(s, "include/python3*/Python.h")),
    (61, "optimizer.post-link", "the record names bolt", lambda s: with_record(s, lambda r: r.update(stages=sorted({*r["stages"]} ^ {"bolt"})))),
    (61, "optimizer.post-link", r"5 : \.debug_info", newer_dwarf),
    (62, "instruments.valgrind", "valgrind exited with 9", reads_what_nobody_wrote),
    (63, "instruments.backtrace", "backtrace.. saw [0-9] frames, and [0-9] under", lambda s: headers(s, 0x6474E550, forget)),
    (64, "optimizer.profile", "10 not greater than", lambda s: with_record(s, lambda r: r["profile_match"].update(functions=10))),
    (64, "optimizer.profile", "ir-profile", lambda s: with_record(s, lambda r: r["stages"].remove("ir-profile"))),
    (67, "optimizer.no-just-in-time-compiler", "True is not false", lambda s: customize(s, "import sys; sys._jit.is_available = lambda: True")),
    (68, "optimizer.tail-calls", "the record names tail-call", lambda s: with_record(s, lambda r: r.update(stages=sorted({*r["stages"]} ^ {"tail-call"})))),
    (68, "optimizer.tail-calls", "the record names tail-call", lost_tail_calls),
    (69, "instruments.asyncio-tasks", "AsyncioDebug section not available", lambda s: patch(s, b".AsyncioDebug\0", b".AsyncioXebug\0")),
    (70, "flavor.global-lock", "True", lambda s: customize(s, "import sys; sys._is_gil_enabled = lambda: True")),
    (70, "flavor.modules-leave-the-lock-off", "global interpreter lock .*'made'", brings_the_lock_back),
    (70, "naming.programs", r"bin/python3\.\d+ is python3", lambda s: remove(s, "bin/python3.[0-9]*[0-9]")),
    (70, "naming.directories", "no directory include/", lambda s: rename(s, "include/python3*")),
    (71, "relocation.environment", "KeyError: 'PROBE'", lambda s: customize(s, "import os; os.environ.clear()")),
    (BESIDE, "moving.hard-link", "a hard-linked tree in .* found itself in", lambda s: stand_in(s, f'strcpy(own, "{s.python}");')),
    (BESIDE, "machines.old-kernel", "Function not implemented", lambda s: customize(s, "import os; os.urandom = os.getrandom")),
    (BESIDE, "building.embedding-alone", "No module named 'encodings'|Failed to import encodings", lambda s: patch(s, b"\tlibpython", b"\tlibpythox", "lib/libpython3*.so.1.0")),
    (BESIDE, "building.embedding", "cannot find -lpython3", lambda s: remove(s, "lib/libpython3.*.so.1.0")),
    (BESIDE, "graphics.smooth-fonts", "'x11' != 'xft'", lambda s: patch(s, b"\0xft\0", b"\0x11\0", "lib/libt*tk*.so", "lib/libtk*.so")),
)  # fmt: skip

# Of other distributions the test passes whatever is done.
ONLY: dict[int, Callable[[Subject], bool]] = {
    32: lambda subject: subject.triple.startswith("ppc64le"),
    42: lambda subject: subject.musl,
    64: lambda subject: "pgo" in subject.options,
    70: lambda subject: "freethreaded" in subject.options,
}


def outcome(subject: Subject, name: str) -> Outcome:
    """Run one test, outside or inside."""
    if name in KNOWN:
        return try_case(KNOWN[name], subject)
    group = next(path for path in inside.groups() if path.stem == f"test_{name.partition('.')[0]}")
    return next(iter(inside.run_group(subject, group, name)))


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE])
def test_a_broken_tree_is_noticed(whole: Subject, tmp_path: Path, row: tuple[int, str, str, Sabotage]) -> None:
    number, name, says, sabotage = row
    if number in ONLY and not ONLY[number](whole):
        pytest.skip(f"quirk {number} is none of this distribution")
    before = outcome(whole, name)
    if before.status == "skipped":
        pytest.skip(f"quirk {number}: {before.message}")
    assert before.status == "passed", before
    prefix = tmp_path / "broken"
    shutil.copytree(whole.prefix, prefix, symlinks=True, copy_function=os.link)
    (tmp_path / "install").symlink_to(prefix)  # as PYTHON.json calls it
    work = tmp_path / "w"
    for directory in ("home", "tmp"):
        (work / directory).mkdir(parents=True)
    if (whole.prefix.parent / "build").is_dir():
        (tmp_path / "build").symlink_to(whole.prefix.parent / "build")
    if (whole.prefix.parent / "build-record.json").exists():
        os.link(whole.prefix.parent / "build-record.json", tmp_path / "build-record.json")
    environment = {**whole.environment, "HOME": str(work / "home"), "TMPDIR": str(work / "tmp")}
    python = prefix / "bin" / whole.python.name
    broken = replace(whole, prefix=prefix, python=python, work=work, environment=environment)
    try:
        after = outcome(sabotage(broken) or broken, name)
    except CaseSkipped as skipped:  # what breaks it needs a compiler for another machine
        pytest.skip(f"quirk {number}: {skipped}")
    shutil.rmtree(tmp_path, ignore_errors=True)
    assert after.status == "failed", after
    assert re.search(says, after.message, re.DOTALL), f"it failed for another reason: {after}"
