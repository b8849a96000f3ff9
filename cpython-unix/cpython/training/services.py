"""What servers and build tools do: databases, sockets, files, hashes, compression, imports of many modules."""

import base64
import bz2
import hashlib
import io
import lzma
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
import zipfile
import zlib

STARTS = (
    ("-I", "-S", "-c", "pass"),
    ("-I", "-c", "pass"),
    ("-I", "-c", "import argparse, asyncio, dataclasses, email.message, json, logging, re, typing, urllib.request"),
)


def database() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table item (id integer primary key, name text, price real, data blob)")
        rows = ((n, f"name {n % 97}", n * 1.25, bytes([n % 256]) * 20) for n in range(8000))
        connection.executemany("insert into item values (?, ?, ?, ?)", rows)
        connection.execute("create index names on item (name)")
        for n in range(600):
            connection.execute(
                "select id, price from item where name = ? order by price desc", (f"name {n % 97}",)
            ).fetchall()
            connection.execute("update item set price = price + 1 where id = ?", (n,))
        connection.execute("select name, count(*), avg(price) from item group by name having count(*) > 3").fetchall()


def bytes_work(rng: random.Random) -> None:
    data = b"".join(
        rng.choice((b"lorem ipsum ", b"dolor sit amet ", b"\x00\x01\x02", rng.randbytes(6))) for _ in range(30000)
    )
    for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
        for _ in range(3):
            hashlib.new(name, data).hexdigest()
    for n in range(4000):
        hashlib.sha256(data[n : n + 40]).digest()
        zlib.crc32(data[n : n + 200])
        uuid.uuid5(uuid.NAMESPACE_URL, str(n))
    for level in (1, 6):
        assert zlib.decompress(zlib.compress(data, level)) == data
    assert bz2.decompress(bz2.compress(data[:100000])) == data[:100000]
    assert lzma.decompress(lzma.compress(data[:60000], preset=1)) == data[:60000]
    assert base64.b64decode(base64.b64encode(data)) == data
    data.split(b" "), data.replace(b"ipsum", b"x"), data.find(b"never there"), data.count(b"sit")


def files(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for n in range(150):
            path = root / f"d{n % 12}" / f"file{n}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"line {k} of {n}\n" for k in range(120)), encoding="utf-8")
        for _ in range(5):
            lines = 0
            for path in sorted(root.rglob("*.txt")):
                with path.open(encoding="utf-8") as stream:
                    lines += sum(1 for line in stream if line.rstrip().endswith("7"))
                os.path.join(str(path.parent), path.stem), path.relative_to(root).as_posix(), path.stat().st_size
            assert lines
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in root.rglob("*.txt"):
                archive.write(path, path.relative_to(root))
        with zipfile.ZipFile(packed) as archive:
            assert archive.testzip() is None
        shutil.copytree(root / "d1", root / "copy")


def echo() -> None:
    left, right = socket.socketpair()

    def serve() -> None:
        with right, right.makefile("rb") as stream:
            for line in stream:
                right.sendall(line.upper())

    thread = threading.Thread(target=serve)
    thread.start()
    with left, left.makefile("rb") as stream:
        for n in range(3000):
            left.sendall(b"request %d\n" % n)
            assert stream.readline().startswith(b"REQUEST")
        left.shutdown(socket.SHUT_WR)
    thread.join()


def starts() -> None:
    for _ in range(12):
        for words in STARTS:
            subprocess.run([sys.executable, *words], check=True)


database()
bytes_work(random.Random(26))
files(random.Random(27))
echo()
starts()
