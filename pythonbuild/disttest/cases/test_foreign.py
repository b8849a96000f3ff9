"""ctypes: callbacks, structures, and the C API of the running interpreter."""

from __future__ import annotations

import ctypes
import json
import os
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
        code = (
            "import ctypes, sys, threading\n"
            "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):\n"  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN; Linux 6.3
            "    sys.exit(77)\n"
            "thread = threading.Thread(target=print); thread.start(); thread.join()\n"
            "ctypes.CFUNCTYPE(None)(lambda: None)()\n"
        )
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
        if done.returncode == 77:
            self.skipTest("this kernel has no PR_SET_MDWE")
        self.assertEqual(done.returncode, 0, done.stderr[-400:])

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
