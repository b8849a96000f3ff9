"""A small valid build record, for the tests of what writes and reads one."""

from __future__ import annotations

from pythonbuild.package.record import SCHEMA, BuildRecord, RecordedJob, RecordedSource

TRIPLE = "x86_64-unknown-linux-gnu"
DIGEST = "0123456789abcdef" * 4

ZLIB = RecordedJob(
    name="zlib",
    role="library",
    version="1.3.1",
    key=DIGEST,
    sources=(RecordedSource(name="zlib", version="1.3.1", licenses=("Zlib",), sha256=(DIGEST,)),),
    patches=(),
)
CPYTHON = RecordedJob(
    name="cpython",
    role="cpython",
    version="3.14.7",
    key=DIGEST[::-1],
    sources=(RecordedSource(name="cpython", version="3.14.7", licenses=("Python-2.0",), sha256=(DIGEST,)),),
    patches=("tkinter-base-prefix.patch",),
)
RECORD = BuildRecord(
    schema=SCHEMA,
    python="3.14.7",
    target=TRIPLE,
    options="noopt",
    stages=("tail-calls",),
    without=(),
    flags={"configure": ("--enable-shared",), "bolt": ()},
    image=DIGEST,
    toolchain={"clang-22": "1:22.1"},
    jobs=(ZLIB, CPYTHON),
)
