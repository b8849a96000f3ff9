"""ctypes: callbacks, structures, and the C API of the running interpreter."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
import unittest
from pathlib import Path


def mapped_file(address: int | None) -> str:
    """Return the file that is mapped at an address of this process."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        place, _, _, _, _, *path = line.split(maxsplit=5)
        low, _, high = place.partition("-")
        if address is not None and int(low, 16) <= address < int(high, 16):
            return path[0] if path else ""
    return "nothing"


# Each ends with 77 where the kernel does not know it: PR_MDWE_REFUSE_EXEC_GAIN is new in Linux 6.3.
MDWE = "import ctypes, sys\nif ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)"
SECCOMP = """
import ctypes, sys
code = ctypes.create_string_buffer(bytes.fromhex({code!r}))
program = ctypes.create_string_buffer({head!r} + ctypes.addressof(code).to_bytes({size}, 'little'))
c = ctypes.CDLL(None)
if {code!r} == '' or c.prctl(38, 1, 0, 0, 0) or c.prctl(22, 2, program, 0, 0): sys.exit(77)
"""
# It works if a page that is both is refused (of EPERM musl makes ENOMEM).
CODE_IN_MEMORY = """
import ctypes, mmap, sys, threading
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except OSError:
    pass
else:
    sys.exit('nothing is refused')
thread = threading.Thread(target=print); thread.start(); thread.join()
ctypes.CFUNCTYPE(None)(lambda: None)()
"""
# mmap, mprotect and pkey_mprotect: include/uapi/asm-generic/unistd.h, and x86_64's own table.
CALLS = {"x86_64": (9, 10, 329), **dict.fromkeys(("aarch64", "riscv64", "loongarch64"), (222, 226, 288))}


def a_filter() -> str:
    """Return code that installs a seccomp filter (linux/filter.h) as systemd's MemoryDenyWriteExecute does.

    It answers EPERM to mmap of what is writable and executable, and to mprotect of what shall be executable.
    """
    calls = CALLS.get(os.uname().machine) if sys.maxsize > 1 << 32 else None
    rows: list[tuple[int, int, int, int]] = []
    if calls:
        rows = [
            (0x20, 0, 0, 0),  # number of the call
            (0x15, 2, 0, calls[0]),
            (0x15, 4, 0, calls[1]),
            (0x15, 3, 6, calls[2]),
            (0x20, 0, 0, 32), (0x54, 0, 0, 6), (0x15, 2, 3, 6),  # mmap: the third argument, its two bits
            (0x20, 0, 0, 32), (0x45, 0, 1, 4),  # mprotect: the third argument, its one bit
            (0x06, 0, 0, 0x00050001),
            (0x06, 0, 0, 0x7FFF0000),
        ]  # fmt: skip
    code = b"".join(struct.pack("<HBBI", *row) for row in rows)
    return SECCOMP.format(code=code.hex(), head=struct.pack("<Hxxxxxx", len(rows)), size=8)


class Foreign(unittest.TestCase):
    def c_library(self) -> ctypes.CDLL:
        """Return the C library of the process; skip the test where nothing can be looked up in it."""
        try:
            return ctypes.CDLL(None)
        except OSError as error:
            if "Dynamic loading not supported" not in str(error):
                raise
            self.skipTest("a static program looks up no symbols")

    def test_pythonapi_is_this_interpreter(self) -> None:
        """ctypes.pythonapi is the running interpreter, not a second copy."""
        self.c_library()
        version = ctypes.pythonapi.Py_GetVersion
        version.restype = ctypes.c_char_p
        self.assertEqual(version().decode(), sys.version)
        self.assertEqual(ctypes.pythonapi.Py_IsInitialized(), 1)
        code = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
        self.assertEqual(mapped_file(code), mapped_file(id(None)))

    def test_static_has_no_pythonapi(self) -> None:
        """In a static program ctypes can be imported, and pythonapi is None instead of a crash."""
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        if "static" not in facts["options"]:
            self.skipTest("not a static program")
        self.assertIsNone(ctypes.pythonapi)

    def test_callback(self) -> None:
        """C calls Python: qsort of the C library with a comparison in Python."""
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
        numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
        compare = prototype(lambda a, b: a[0] - b[0])
        self.c_library().qsort(numbers, len(numbers), ctypes.sizeof(ctypes.c_int), compare)
        self.assertEqual(list(numbers), [1, 2, 3, 4, 5])

    def test_numbers(self) -> None:
        """C's functions get and return float and double as they were meant.

        A callback alone does not show it: what makes another number of it on its way in may undo that on its way out.
        """
        library = self.c_library()
        for name, kind in (("sqrtf", ctypes.c_float), ("sqrt", ctypes.c_double)):
            function = getattr(library, name)
            function.argtypes, function.restype = [kind], kind
            self.assertEqual(function(2.25), 1.5, name)
        for name, kind in (("ldexpf", ctypes.c_float), ("ldexp", ctypes.c_double)):
            function = getattr(library, name)
            function.argtypes, function.restype = [kind, ctypes.c_int], kind
            self.assertEqual(function(-0.75, 3), -6.0, name)
        several = library.fmaf
        several.argtypes, several.restype = [ctypes.c_float] * 3, ctypes.c_float
        self.assertEqual(several(1.5, 2.0, 0.25), 3.25)

    def test_closure(self) -> None:
        """A Python function is called through a C function pointer, also where no library can be loaded."""
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_double)
        self.assertEqual(prototype(lambda a, b: a + int(b))(40, 2.5), 42)

    def test_no_writable_code(self) -> None:
        """Where the kernel refuses memory that is writable and executable, threads start and callbacks work."""
        self.c_library()
        ends = {}
        for name, refuse in {"PR_SET_MDWE": MDWE, "seccomp": a_filter()}.items():
            code = f"{refuse}\n{CODE_IN_MEMORY}"
            done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
            self.assertIn(done.returncode, (0, 77), f"{name}: {done.stderr[-400:]}")
            ends[name] = done.returncode
        if set(ends.values()) == {77}:
            self.skipTest(f"this kernel has neither {' nor '.join(ends)}")

    def test_structure_by_value(self) -> None:
        """A structure is returned by value: div of the C library."""

        class Division(ctypes.Structure):
            _fields_ = (("quotient", ctypes.c_int), ("remainder", ctypes.c_int))

        div = self.c_library().div
        div.restype = Division
        result = div(17, 5)
        self.assertEqual((result.quotient, result.remainder), (3, 2))

    def test_one_environment(self) -> None:
        """The C library and os.environ see the same variables."""
        getenv = self.c_library().getenv
        getenv.restype = ctypes.c_char_p
        self.assertEqual(getenv(b"PATH").decode(), os.environ["PATH"])
        os.environ["DISTTEST_NEW"] = "1"
        self.assertEqual(getenv(b"DISTTEST_NEW"), b"1")
