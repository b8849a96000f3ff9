"""Statements about where archives are from: read back with the schema of in-toto and SLSA, as verifiers do."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from pythonbuild import billing
from pythonbuild.package.archives import INSTALL_RECORD, beside
from pythonbuild.package.provenance import provenance_json
from tests.unit import bills
from tests.unit.records import DIGEST, RECORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read(statement: dict[str, Any]) -> None:
    """Parse a statement with the messages of both specifications, which know no other key; raises what is wrong."""
    message = json_format.ParseDict(statement, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    json_format.ParseDict(statement["predicate"], provenance_pb2.Provenance())


def statement() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(provenance_json(bills.ORIGIN, "a.tar.zst", DIGEST))
    return found


def test_statement_is_one_of_in_toto_with_provenance_of_slsa() -> None:
    read(statement())


@pytest.mark.parametrize(
    "broken",
    [
        lambda one: one.pop("subject"),
        lambda one: one.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda one: one["subject"][0].pop("digest"),
        lambda one: one["predicate"].update(builder={}),
        lambda one: one["predicate"]["buildDefinition"].update(key=1),
    ],
)
def test_a_broken_statement_is_not_read(broken: Callable[[dict[str, Any]], object]) -> None:
    one = copy.deepcopy(statement())
    broken(one)
    with pytest.raises((ValueError, json_format.ParseError)):
        read(one)


def test_what_was_asked_for_and_what_went_in() -> None:
    one = statement()
    assert one["subject"] == [{"name": "a.tar.zst", "digest": {"sha256": DIGEST}}]
    definition = one["predicate"]["buildDefinition"]
    asked = definition["externalParameters"]
    assert (asked["python"], asked["target"], asked["options"]) == ("3.14.7", RECORD.target, "noopt")
    found = {(each["name"], each.get("uri")) for each in definition["resolvedDependencies"]}
    assert ("zlib-1.3.1.tar.gz", "https://example.org/zlib-1.3.1.tar.gz") in found
    assert ("zlib_1.3.1.orig.tar.gz", "pkg:deb/debian/zlib@1.3.1?arch=source") in found
    assert ("tkinter-base-prefix.patch", None) in found
    assert any(name == "libstdc++6.deb" for name, _ in found)
    assert all(len(each["digest"]["sha256"]) == 64 for each in definition["resolvedDependencies"])


def test_the_record_that_it_names_is_the_one_in_the_archive(tmp_path: Path) -> None:
    (byproduct,) = statement()["predicate"]["runDetails"]["byproducts"]
    written = beside(tmp_path, RECORD)[INSTALL_RECORD]
    assert isinstance(written, bytes)
    assert byproduct["digest"]["sha256"] == hashlib.sha256(written).hexdigest()


def test_it_lies_beside_the_archive_and_names_its_digest(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.zst"
    archive.write_bytes(b"x")
    paths = billing.write_beside(archive, bills.bill(), bills.ORIGIN, bills.CREATED)
    one = json.loads((tmp_path / "a.tar.zst.intoto.json").read_text())
    assert tmp_path / "a.tar.zst.intoto.json" in paths
    assert one["subject"][0]["digest"]["sha256"] == hashlib.sha256(b"x").hexdigest()
