"""SQLite: the optional parts that programs count on."""

from __future__ import annotations

import sqlite3
import unittest
from typing import Any


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
        """enable_load_extension is there."""
        self.connection.enable_load_extension(True)  # noqa: FBT003 - its only parameter
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
