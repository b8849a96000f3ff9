"""The wheels that CPython carries for ``ensurepip``, as components: found in its source, and read as wheels are."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packageurl import PackageURL

from pythonbuild.errors import DataError
from pythonbuild.package.parts import WHEEL
from pythonbuild.package.sbom import Component, Download, cpe_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

# As the CPE dictionary names them.
CPES = {"pip": "cpe:2.3:a:pypa:pip", "setuptools": "cpe:2.3:a:python:setuptools"}
# Older wheels say what they are licensed under in words, not as SPDX has it (PEP 639).
CLASSIFIERS = {"License :: OSI Approved :: MIT License": "MIT"}
_ID = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def bundled(source: Path) -> tuple[Component, ...]:
    """Return the wheels in an archive or a tree of CPython's source; ``DataError`` where one can't be read."""
    return tuple(component_of(path, data) for path, data in wheels_in(source))


def wheels_in(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each wheel for ``ensurepip``; wheels that CPython's tests have are none of them."""
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                if member.isfile() and WHEEL.fullmatch(member.name) and (stream := archive.extractfile(member)):
                    yield member.name, stream.read()
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DataError(f"{source}: the wheels in it can't be read: {error}") from None


def component_of(path: str, data: bytes) -> Component:
    """Return the wheel ``data`` of that ``path``; ``DataError`` for one that has no metadata."""
    wheel = WHEEL.fullmatch(path)
    if wheel is None:
        raise DataError(f"{path} is no wheel for ensurepip")
    name, version = wheel["name"], wheel["version"]
    purl = PackageURL("pypi", None, name, version).to_string()
    digest = hashlib.sha256(data).hexdigest()
    return Component(
        ref=name,
        name=name,
        version=version,
        role="library",
        purl=purl,
        cpe=cpe_name(CPES[name], version) if name in CPES else None,
        licenses=licences(metadata_of(path, data)),
        downloads=(Download(file=PurePosixPath(path).name, sha256=digest, purl=purl),),
    )


def metadata_of(path: str, data: bytes) -> Message:
    """Return the core metadata of a wheel, which lies in its ``.dist-info``."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            place = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return BytesParser().parsebytes(wheel.read(place))
    except (zipfile.BadZipFile, StopIteration) as error:
        raise DataError(f"{path}: has no metadata as wheels have: {error or 'no METADATA'}") from None


def licences(metadata: Message) -> tuple[str, ...]:
    """Return what a wheel is licensed under, as SPDX has it: one expression, or nothing where that can't be told."""
    words = [metadata.get("License-Expression"), *map(CLASSIFIERS.get, metadata.get_all("Classifier", []))]
    return tuple([word for word in words if word and _ID.fullmatch(word)][:1])
