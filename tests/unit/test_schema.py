"""The build record is strict, and the published schemas are those of the models."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from pythonbuild.errors import ValidationError
from pythonbuild.package.model import BuildInfo, Core, Extension, Link, PythonJson
from pythonbuild.package.record import BuildRecord, RecordedJob, RecordedMatch, RecordedSource
from pythonbuild.package.schema import DOCS, documents, schema_of
from tests.unit.records import DIGEST, RECORD
from tests.unit.test_validate_checks import metadata


def test_record_round_trip() -> None:
    for record in (RECORD, replace(RECORD, profile=DIGEST)):
        assert BuildRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
    assert "profile" not in RECORD.to_json()


def test_record_says_what_is_wrong() -> None:
    data = RECORD.to_json()
    with pytest.raises(ValidationError, match=r"build-record\.json: unknown key 'date'"):
        BuildRecord.from_json({**data, "date": "today"})
    for name in sorted(set(data)):
        with pytest.raises(ValidationError, match=f"key '{name}' is missing"):
            BuildRecord.from_json({key: value for key, value in data.items() if key != name})
    with pytest.raises(ValidationError, match=r"flags\.bolt: expected a list"):
        BuildRecord.from_json({**data, "flags": {"bolt": "-x"}})
    data["jobs"][0]["sources"][0]["sha512"] = "x"
    with pytest.raises(ValidationError, match=r"jobs\[0\]: sources\[0\]: unknown key 'sha512'"):
        BuildRecord.from_json(data)


@pytest.mark.parametrize("name", ["PYTHON.schema.json", "build-record.schema.json"])
def test_published_schemas_are_those_of_the_models(name: str) -> None:
    assert (DOCS / name).read_text() == documents()[name], "run: python3 -m pythonbuild.package.schema"


def complaints(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    """A validator of the few words of JSON Schema that ours use; any other word is a mistake here."""
    if "$ref" in schema:
        return complaints(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        every = [complaints(value, one, root) for one in schema["anyOf"]]
        return [] if [] in every else every[0]
    known = {"$schema", "$defs", "title", "description", "type", "properties", "required", "additionalProperties"}
    assert not set(schema) - known - {"items"}
    kinds = {
        "str": "string",
        "int": "integer",
        "bool": "boolean",
        "list": "array",
        "dict": "object",
        "NoneType": "null",
    }
    if kinds[type(value).__name__] != schema["type"]:
        return [f"{value!r} is no {schema['type']}"]
    found: list[str] = []
    if schema["type"] == "array":
        found += [text for item in value for text in complaints(item, schema["items"], root)]
    if schema["type"] == "object":
        found += [f"{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, schema["additionalProperties"])
            found += complaints(item, inner, root) if inner else [f"{name} is unknown"]
    return found


def test_schema_takes_what_the_model_takes_and_nothing_else() -> None:
    schema = schema_of(BuildRecord, "build-record.json")
    data = RECORD.to_json()
    assert complaints(data, schema, schema) == []
    assert complaints({**data, "profile": None}, schema, schema) == []
    assert complaints({**data, "date": "x"}, schema, schema) == ["date is unknown"]
    assert complaints({**data, "image": 1}, schema, schema) == ["1 is no string"]
    del data["jobs"][0]["key"]
    assert complaints(data, schema, schema) == ["key is missing"]
    schema = schema_of(PythonJson, "PYTHON.json")
    assert {"python_abi_tag", "build_info"} <= set(schema["required"])
    assert "tcl_library_path" not in schema["required"]
    assert set(schema["$defs"]) == {"BuildInfo", "Core", "Extension", "Link"}


def test_every_key_of_the_record_is_explained() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", (DOCS / "archives.md").read_text(), re.MULTILINE)
    explained = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    kinds = {RecordedJob: "jobs[].", RecordedSource: "jobs[].sources[].", RecordedMatch: "profile_match."}
    for kind, place in {BuildRecord: "", **kinds}.items():
        for field in fields(kind):
            assert f"{place}{field.name}" in explained


def test_every_key_of_the_metadata_is_explained() -> None:
    text = (DOCS / "python-json.md").read_text()
    words = {word.removeprefix("build_info.") for word in re.findall(r"`([a-z_.*]+)`", text)}
    stems = tuple(word[:-1] for word in words if word.endswith("_*"))
    keys = {field.name for kind in (PythonJson, BuildInfo, Core, Extension, Link) for field in fields(kind)}
    assert {key for key in keys - words if not key.startswith(stems)} - {"build_info"} == set()
    assert "python_stdlib" not in words


def test_schema_of_the_metadata_takes_what_its_model_takes() -> None:
    schema, data = json.loads(documents()["PYTHON.schema.json"]), metadata()
    assert PythonJson.from_json(data).to_json() == data
    assert complaints(data, schema, schema) == []
    assert complaints({**data, "python_config_vars": {"A": 1}}, schema, schema) == ["1 is no string"]
    del data["build_info"]["extensions"]["zlib"][0]["init_fn"]
    assert complaints(data, schema, schema) == ["init_fn is missing"]
