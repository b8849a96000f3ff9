"""Further libraries, and facts that the interpreter must report of itself."""

from __future__ import annotations

import decimal
import importlib
import locale
import os
import sys
import sysconfig
import tempfile
import unittest
import uuid
from pathlib import Path

# LIMAGIC(LC_CTYPE) of glibc, locale/localeinfo.h: written in the byte order of the processors that can read the file.
LOCALE_MAGIC = 0x20090720


def foreign_locale_data(path: str = "/usr/lib/locale/C.utf8/LC_CTYPE") -> bool:
    """Whether the locale that tests run in is compiled for the other byte order, as under an emulator it may be."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == LOCALE_MAGIC.to_bytes(4, "little" if sys.byteorder == "big" else "big")
    except OSError:
        return False


class Library(unittest.TestCase):
    def test_decimal(self) -> None:
        """The C implementation (libmpdec) computes."""
        self.assertTrue(decimal.HAVE_THREADS)
        with decimal.localcontext() as context:
            context.prec = 40
            self.assertEqual(str(decimal.Decimal(2).sqrt()), "1.414213562373095048801688724209698078570")

    def test_uuid(self) -> None:
        """libuuid makes an identifier from the time."""
        self.assertTrue(importlib.import_module("_uuid").has_uuid_generate_time_safe)
        self.assertEqual(uuid.uuid1().version, 1)

    def test_dbm(self) -> None:
        """A small database on disk, by Berkeley DB and, from 3.13, SQLite."""
        import dbm.ndbm

        with tempfile.TemporaryDirectory() as place:
            with dbm.ndbm.open(f"{place}/a", "c") as database:
                database[b"k"] = b"v"
            with dbm.ndbm.open(f"{place}/a", "r") as database:
                self.assertEqual(database[b"k"], b"v")

    def test_xml(self) -> None:
        """Expat parses, and is not an old one with known holes."""
        import pyexpat
        from xml.etree import ElementTree as Tree

        self.assertGreaterEqual(pyexpat.version_info, (2, 6))
        self.assertEqual(Tree.fromstring("<a b='&lt;'>x</a>").get("b"), "<")  # noqa: S314 - its own text

    def test_locale_and_files(self) -> None:
        """Names that are not ASCII work as file names and in the locale that was set."""
        try:
            self.assertTrue(locale.setlocale(locale.LC_ALL, ""))
        except locale.Error as error:
            if foreign_locale_data():
                raise unittest.SkipTest("this machine's locale data is for the other byte order") from error
            raise
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "\u4e16\u754c \u00e9"
            path.write_text("x", encoding="utf-8")
            self.assertEqual(os.listdir(place), [path.name])

    def test_hash_algorithm(self) -> None:
        """Strings are hashed by SipHash: cross builds tend to fall back to a weaker one."""
        self.assertTrue(sys.hash_info.algorithm.startswith("siphash"), sys.hash_info.algorithm)

    def test_sysconfig(self) -> None:
        """Paths lie below the prefix, and compilers are plain names."""
        for name, path in sysconfig.get_paths().items():
            self.assertTrue(path.startswith(sys.prefix), f"{name}: {path}")
        for name in ("CC", "CXX", "LDSHARED"):
            program = str(sysconfig.get_config_var(name)).split()[0]
            self.assertNotIn("/", program, name)

    def test_modules_lie_in_the_distribution(self) -> None:
        """sys.path names nothing outside the distribution."""
        outside = [path for path in sys.path if not os.path.realpath(path).startswith(os.path.realpath(sys.prefix))]
        self.assertEqual(outside, [])

    def test_certain_numbers(self) -> None:
        """Mathematics of the C library and the compiler: a few values to the last bit."""
        import cmath
        import math

        self.assertEqual(math.exp(1).hex(), "0x1.5bf0a8b145769p+1")
        self.assertEqual(math.fsum([0.1] * 10), 1.0)
        self.assertAlmostEqual(cmath.sqrt(-1).imag, 1.0)
