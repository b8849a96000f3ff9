"""Every extension module can be imported, and the list is the one that was promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import unittest
from pathlib import Path

# Modules of CPython's own tests, which some of them crash on purpose, and one that prints at import.
_NOT_IMPORTED = {"_testembed", "this", "antigravity"}
# Modules that are objects of the core, with no line in any Setup file.
_OF_THE_CORE = {"builtins", "sys", "_imp", "_warnings", "marshal", "_tokenize", "_ast", "_string", "gc"}
# The parts of the standard library that a pruning might take away.
_PACKAGES = [
    "asyncio",
    "concurrent.futures",
    "email",
    "encodings.idna",
    "ensurepip",
    "http.client",
    "idlelib",
    "json",
    "logging.config",
    "multiprocessing.pool",
    "pydoc_data.topics",
    "sqlite3",
    "tomllib",
    "turtledemo",
    "unittest.mock",
    "urllib.request",
    "venv",
    "xml.etree.ElementTree",
    "zoneinfo",
]
# What users miss first when a build silently lost a library.
_EXPECTED = [
    "_asyncio",
    "_bz2",
    "_ctypes",
    "_curses",
    "_curses_panel",
    "_dbm",
    "_decimal",
    "_elementtree",
    "_hashlib",
    "_lzma",
    "_multiprocessing",
    "_posixshmem",
    "_queue",
    "_socket",
    "_sqlite3",
    "_ssl",
    "_struct",
    "_tkinter",
    "_uuid",
    "_zoneinfo",
    "array",
    "binascii",
    "cmath",
    "fcntl",
    "grp",
    "math",
    "mmap",
    "pyexpat",
    "readline",
    "resource",
    "select",
    "syslog",
    "termios",
    "unicodedata",
    "zlib",
]


def shared_modules() -> list[str]:
    """Names of the extension modules that are files."""
    place = Path(sysconfig.get_path("platstdlib")) / "lib-dynload"
    return sorted({path.name.split(".")[0] for path in place.glob("*.so")})


def extension_modules() -> list[str]:
    """PYTHON.json's list where there is one, else what the interpreter itself knows."""
    facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
    names = facts["extensions"] or [*sys.builtin_module_names, *shared_modules()]
    return sorted(set(names) - _NOT_IMPORTED)


class Extensions(unittest.TestCase):
    def test_import_each(self) -> None:
        """Import all in one process: one for each would take long. The last name printed is the one that failed."""
        names = extension_modules()
        self.assertGreater(len(names), 60)
        code = "import sys, importlib\nfor n in sys.argv[1:]:\n    print(n, flush=True)\n    importlib.import_module(n)"
        done = subprocess.run(
            [sys.executable, "-I", "-W", "ignore", "-c", code, *names], capture_output=True, text=True, check=False
        )
        last = done.stdout.split()[-1:] or ["?"]
        self.assertEqual(done.returncode, 0, f"at {last[0]}: {done.stderr[-600:]}")

    def test_expected(self) -> None:
        """The modules that every distribution must have can be imported."""
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        missing = []
        names = [*_EXPECTED, *(["_zstd"] if sys.version_info >= (3, 14) else [])]
        if "static" in facts["options"]:
            names.remove("_tkinter")  # Tk is a shared library
        for name in names:
            try:
                __import__(name)
            except ImportError as error:
                missing.append(str(error))
        self.assertEqual(missing, [])

    def test_list_is_complete(self) -> None:
        """Every module that the interpreter has is in PYTHON.json."""
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        if not facts["extensions"]:
            self.skipTest("no PYTHON.json")
        unnamed = {*sys.builtin_module_names, *shared_modules()} - set(facts["extensions"])
        self.assertEqual(sorted(unnamed - _OF_THE_CORE), [])

    def test_standard_library(self) -> None:
        """Packages that a pruned standard library might have lost."""
        for name in _PACKAGES:
            with self.subTest(name):
                __import__(name)
