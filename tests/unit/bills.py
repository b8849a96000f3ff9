"""A small bill of materials that says the same as tests.unit.records, and what both documents make of it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pythonbuild.package.cyclonedx import cyclonedx_json
from pythonbuild.package.provenance import Origin
from pythonbuild.package.sbom import (
    CYCLONEDX,
    INSTALL_PLACES,
    PLACES,
    SPDX,
    AppliedPatch,
    Bill,
    BilledFile,
    Component,
    Contents,
    Download,
    cpe_name,
)
from pythonbuild.package.spdx import spdx_json
from tests.unit.records import DIGEST, RECORD

PIP = "Python-3.14.7/Lib/ensurepip/_bundled/pip-26.0-py3-none-any.whl"
SHA1 = DIGEST[:40]
CREATED = datetime(2020, 1, 1, tzinfo=UTC)
ZLIB = Component(
    ref="zlib",
    name="zlib",
    version="1.3.1",
    role="library",
    purl="pkg:github/madler/zlib@v1.3.1",
    cpe=cpe_name("cpe:2.3:a:zlib:zlib", "1.3.1"),
    licenses=("Zlib",),
    downloads=(
        Download(file="zlib_1.3.1.orig.tar.gz", sha256=DIGEST, purl="pkg:deb/debian/zlib@1.3.1?arch=source"),
        Download(file="zlib-1.3.1.tar.gz", sha256=DIGEST, url="https://example.org/zlib-1.3.1.tar.gz"),
    ),
)
SQLITE = Component(
    ref="sqlite", name="sqlite", version="3.53.4", role="library", purl="pkg:generic/sqlite@3.53.4", public_domain=True
)
CPYTHON = Component(
    ref="cpython",
    name="cpython",
    version="3.14.7",
    role="interpreter",
    purl="pkg:github/python/cpython@v3.14.7",
    licenses=("Python-2.0", "CNRI-Python"),
    downloads=(Download(file="Python.tar.xz", sha256=DIGEST, url="https://example.org/Python.tar.xz"),),
    patches=(AppliedPatch(name="tkinter-base-prefix.patch", sha1=SHA1, sha256=DIGEST),),
)
CXX = Component(
    ref="deb:libstdc++6",
    name="libstdc++6",
    version="14.2.0-19",
    role="package",
    purl="pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=trixie",
    downloads=(Download(file="libstdc++6.deb", sha256=DIGEST, purl="pkg:deb/debian/libstdc%2B%2B6@14.2.0-19"),),
)


def billed(path: str, made_of: str = "cpython", linked: tuple[str, ...] = ()) -> BilledFile:
    return BilledFile(path=path, sha1=SHA1, sha256=DIGEST, contents=Contents(made_of=(made_of,), linked=linked))


def bill(*files: BilledFile) -> Bill:
    return Bill(
        name="cpython-3.14.7-x86_64-unknown-linux-gnu-noopt",
        version="3.14.7",
        created=CREATED,
        components=(ZLIB, SQLITE, CPYTHON, CXX),
        files=files
        or (billed("python/bin/python3.14", linked=("sqlite", "zlib")), billed("python/lib/libz.a", "zlib")),
    )


ORIGIN = Origin(record=RECORD, key=DIGEST, components=bill().components)


def documents(one: Bill) -> dict[str, Any]:
    return {SPDX: json.loads(spdx_json(one)), CYCLONEDX: json.loads(cyclonedx_json(one))}


def bills_for(files: dict[str, str], *, full: bool) -> dict[str, Any]:
    """Both documents as the validator reads them, for programs and libraries by their digest."""
    listed = tuple(replace(billed(path), sha256=digest) for path, digest in files.items())
    places = PLACES if full else INSTALL_PLACES
    return {places[name]: data for name, data in documents(bill(*listed)).items()}


def wheel(*lines: str, place: str = "pip-26.0.dist-info/METADATA") -> bytes:
    """A wheel that has nothing but its metadata."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(place, "\n".join(["Metadata-Version: 2.4", *lines, ""]))
    return stream.getvalue()


def source_with(*paths: str) -> bytes:
    """An archive of CPython's source with wheels in it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz") as archive:
        for path in paths:
            data = wheel("License-Expression: MIT")
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
