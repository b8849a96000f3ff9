"""SQLite: the optional parts that programs count on."""

from __future__ import annotations

import json
import os
import sqlite3
import unittest
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    """Return what is known of the distribution."""
    known: dict[str, Any] = json.loads(Path(os.environ["DISTTEST_FACTS"]).read_text(encoding="utf-8"))
    return known


class Sqlite(unittest.TestCase):
    def setUp(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def tearDown(self) -> None:
        self.connection.close()

    def first(self, statement: str) -> Any:
        """Return the first column of the first row."""
        return self.connection.execute(statement).fetchone()[0]

    def test_full_text_search(self) -> None:
        """FTS 3, 4 and 5, and the queries with parentheses of FTS 3."""
        for number in (3, 4, 5):
            self.connection.execute(f"create virtual table t{number} using fts{number}(a)")
            self.connection.execute(f"insert into t{number} values ('one two three')")
        found = self.first("select count(*) from t3 where a match '(one OR four) AND three'")
        self.assertEqual(found, 1)

    def test_tokenizers_are_safe(self) -> None:
        """SQL can neither name the address of a tokenizer nor read one: that is a way to run any code."""
        for statement in ("select fts3_tokenizer('mine', x'0011223344556677')", "select fts3_tokenizer('nothing')"):
            with self.assertRaises(sqlite3.OperationalError, msg=statement):
                self.connection.execute(statement)
        self.assertIsNone(self.first("select fts3_tokenizer('simple')"))

    def test_spatial(self) -> None:
        """R-tree and geopoly."""
        self.connection.execute("create virtual table r using rtree(id, x0, x1)")
        self.connection.execute("create virtual table g using geopoly(name)")

    def test_json_and_math(self) -> None:
        """JSON and mathematical functions."""
        self.assertEqual(self.first("select json_extract('{\"a\": [1, 2]}', '$.a[1]')"), 2)
        self.assertEqual(self.first("select round(pow(2, 10))"), 1024.0)

    def test_dbstat(self) -> None:
        """The table of pages."""
        self.connection.execute("create table t(a)")
        self.assertGreater(self.first("select count(*) from dbstat"), 0)

    def test_extensions_can_be_loaded(self) -> None:
        """A library is loaded and its entry point called, where that is switched on.

        SQLite calls any function that is named as the entry point, and takes 0 for success: of the C library isatty
        returns 0 and getpid does not. musl goes by this name of glibc's, too.
        """
        load = "select load_extension('libc.so.6', ?)"
        with self.assertRaisesRegex(sqlite3.OperationalError, "not authorized"):
            self.connection.execute(load, ("isatty",))
        self.connection.enable_load_extension(True)  # noqa: FBT003 - its only parameter
        if "static" not in facts()["options"]:
            self.connection.execute(load, ("isatty",))
            with self.assertRaisesRegex(sqlite3.OperationalError, "error during initialization"):
                self.connection.execute(load, ("getpid",))
        self.connection.enable_load_extension(False)  # noqa: FBT003 - its only parameter

    def test_serialize(self) -> None:
        """A database to bytes and back, backup and incremental blobs."""
        self.connection.execute("create table t(a)")
        self.connection.execute("insert into t values (zeroblob(4))")
        self.connection.commit()
        with self.connection.blobopen("t", "a", 1) as blob:
            blob.write(b"part")
        self.connection.commit()
        for take in (lambda other: other.deserialize(self.connection.serialize()), self.connection.backup):
            other = sqlite3.connect(":memory:")
            take(other)
            self.assertEqual(other.execute("select a from t").fetchone(), (b"part",))
            other.close()

    def test_threads(self) -> None:
        """Connections can be shared between threads."""
        self.assertEqual(sqlite3.threadsafety, 3)
