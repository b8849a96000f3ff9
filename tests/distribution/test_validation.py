"""Archives are validated as fast as is promised, and their bills of materials are valid by the official schemas.

The archives are the one that PYTHONBUILD_ARCHIVE names, else all that lie in ``dist/``; nothing is built here. The
schemas are those which tests/unit/test_sbom.py applies to what is made by hand.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.error import SPDXParsingError
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from pythonbuild.package.sbom import CYCLONEDX, FORMATS, INSTALL_PLACES, PLACES, SPDX
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix
from pythonbuild.validate import limits_of, read_identity, validate
from pythonbuild.validate.archive import opened

DIST = ROOT / "dist"
FOUND = [Path(os.environ["PYTHONBUILD_ARCHIVE"])] if "PYTHONBUILD_ARCHIVE" in os.environ else sorted(
    path for path in DIST.glob("cpython-*.tar.*") if path.suffix != ".json"
)  # fmt: skip
# Seconds of the processor, by the kind of archive, as docs/validation.md promises.
FULL_SECONDS, INSTALLATION_SECONDS = 20.0, 5.0
# A machine that does other things has colder caches; three times as slow is a mistake of ours.
GENEROUS = 3

pytestmark = pytest.mark.slow
each = pytest.mark.parametrize("archive", FOUND, ids=lambda path: path.name)


def complaints(name: str, document: bytes, place: Path) -> list[str]:
    """What the official validator of a format says of a document. One that it can't parse is a complaint, too."""
    if name == CYCLONEDX:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode())
        return [] if error is None else [str(error)]
    path = place / "a.spdx.json"
    path.write_bytes(document)
    try:
        return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]
    except SPDXParsingError as error:
        return [*error.messages]


def documents(archive: Path) -> dict[str, bytes]:
    """Return the bytes of the bills of materials in an archive and beside it, by their place."""
    places = {*PLACES.values(), *INSTALL_PLACES.values()}
    with opened(archive) as reader:
        found = {entry.path: reader.open(member).read() for entry, member in reader if entry.path in places}
    beside = (archive.with_name(f"{archive.name}.{name}.json") for name in ("spdx", "cdx"))
    return found | {path.name: path.read_bytes() for path in beside if path.is_file()}


def format_of(place: str) -> str:
    return CYCLONEDX if place.endswith(".cdx.json") else SPDX


def seconds(work: Callable[[], object]) -> float:
    """Return how long this process worked at something: what others do at the same time doesn't count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def promised(kind: str) -> float:
    return INSTALLATION_SECONDS if kind.startswith("install") else FULL_SECONDS


@each
def test_bills_of_materials_are_valid_by_the_official_schemas(archive: Path, tmp_path: Path) -> None:
    found = documents(archive)
    assert {format_of(place) for place in found if "/" in place} == set(FORMATS)
    different = {text: place for place, text in found.items()}  # those beside the archive are as those in it
    said = {place: complaints(format_of(place), text, tmp_path) for text, place in different.items()}
    assert said == {place: [] for place in said}


@pytest.mark.skipif(not FOUND, reason="no archive in dist/")
def test_the_schemas_complain_about_a_bill_of_an_archive_that_was_changed(tmp_path: Path) -> None:
    found = {format_of(place): json.loads(text) for place, text in documents(FOUND[0]).items()}
    changes: dict[str, Callable[[Any], object]] = {
        SPDX: lambda data: data["files"][0]["checksums"][0].update(checksumValue="x"),
        CYCLONEDX: lambda data: data["components"][0].pop("name"),
    }
    for name, change in changes.items():
        assert complaints(name, json.dumps(found[name]).encode(), tmp_path) == []
        change(found[name])
        assert complaints(name, json.dumps(found[name]).encode(), tmp_path) != []


@each
def test_validation_is_as_fast_as_is_promised(archive: Path) -> None:
    identity = read_identity(archive)
    limits = limits_of(Matrix.load(ROOT / "targets.yml").target(identity.triple), identity.words)
    took = seconds(lambda: validate(archive, limits))
    assert took <= GENEROUS * promised(identity.kind), f"{took:.1f} s for {identity.kind}"


def test_work_that_takes_too_long_is_noticed() -> None:
    assert seconds(lambda: sum(range(5_000_000))) > 10 * seconds(lambda: sum(range(50)))
    assert seconds(lambda: time.sleep(0.3)) < 0.2
    assert (promised("full"), promised("install_only_stripped"), promised("debuginfo")) == (20, 5, 20)
