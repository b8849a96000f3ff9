"""The interpreter is of the flavor that its archive claims."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
import unittest
from pathlib import Path

# Each links a library of its own, or keeps state of its own: what could bring the global lock back.
_MODULES = (
    "_asyncio _bz2 _ctypes _curses _datetime _dbm _decimal _elementtree _hashlib _lzma _multiprocessing _socket "
    "_sqlite3 _ssl _struct _tkinter _uuid _zoneinfo array math mmap pyexpat readline select unicodedata zlib"
)


class Flavor(unittest.TestCase):
    def setUp(self) -> None:
        facts = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
        self.options = set(facts["options"])
        if not self.options:
            self.skipTest("neither PYTHON.json nor the file name says which flavor this is")
        self.free = "freethreaded" in self.options
        self.pydebug = "debug" in self.options
        self.flags = "t" * self.free + "d" * self.pydebug

    def test_abi_flags(self) -> None:
        """Flags of the ABI in the interpreter's own words, in names of extension modules and in paths."""
        version = f"{sys.version_info[0]}{sys.version_info[1]}"
        self.assertEqual(sys.abiflags, self.flags)
        self.assertIn(f".cpython-{version}{self.flags}-", sysconfig.get_config_var("EXT_SUFFIX"))
        thread = "t" * self.free
        self.assertEqual(Path(sysconfig.get_path("stdlib")).name, f"python3.{sys.version_info[1]}{thread}")

    def test_debug(self) -> None:
        """Assertions of the interpreter are compiled in, or not."""
        self.assertEqual(hasattr(sys, "gettotalrefcount"), self.pydebug)
        self.assertEqual(bool(sysconfig.get_config_var("Py_DEBUG")), self.pydebug)

    def test_global_lock(self) -> None:
        """The global interpreter lock is there, or is not."""
        self.assertEqual(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), self.free)
        if sys.version_info >= (3, 13):
            self.assertEqual(sys._is_gil_enabled(), not self.free)  # noqa: SLF001 - it has no other name

    def test_modules_leave_the_lock_off(self) -> None:
        """No module of the standard library turns the global lock on again."""
        if not self.free:
            self.skipTest("this flavor has the lock")
        code = (
            "import sys, importlib\n"
            "for n in sys.argv[1:]:\n"
            "    importlib.import_module(n)\n"
            "    assert not sys._is_gil_enabled(), n"
        )
        modules = [name for name in _MODULES.split() if name != "_tkinter" or "static" not in self.options]
        command = [sys.executable, "-I", "-W", "error", "-c", code, *modules]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-400:])

    def test_threads_share_objects(self) -> None:
        """Several threads write to one list and one dictionary: nothing is lost."""
        seen: list[int] = []
        table: dict[int, int] = {}

        def work(start: int) -> None:
            for number in range(start, start + 5000):
                seen.append(number)
                table[number] = number

        threads = [threading.Thread(target=work, args=(5000 * number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(seen), list(range(40000)))
        self.assertEqual(table, {number: number for number in range(40000)})

    def test_libpython(self) -> None:
        """The process has libpython in memory if and only if the flavor is shared."""
        if not Path("/proc/self/maps").exists():
            self.skipTest("no /proc")
        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libpython" in line}
        self.assertEqual(len(mapped), 1 if "shared" in self.options else 0, mapped)

    def test_configuration(self) -> None:
        """What configure was told is what the flavor says."""
        words = str(sysconfig.get_config_var("CONFIG_ARGS"))
        if {"debug", "noopt", "lto", "pgo"} & self.options:
            self.assertEqual("--with-lto" in words, "lto" in self.options, words)
            self.assertEqual("--enable-optimizations" in words, "pgo" in self.options, words)

    def test_wheel_tag(self) -> None:
        """pip's first choice are wheels of this very ABI."""
        from pip._vendor.packaging.tags import sys_tags

        version = f"cp{sys.version_info[0]}{sys.version_info[1]}"
        first = next(iter(sys_tags()))
        self.assertEqual((first.interpreter, first.abi), (version, version + self.flags))
