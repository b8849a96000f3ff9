"""JSON Schemas of PYTHON.json and build-record.json, generated from their dataclasses.

The published ones lie in ``docs/``. After a change of a model write them anew::

    python3 -m pythonbuild.package.schema
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

from pythonbuild.package.model import PythonJson
from pythonbuild.package.record import BuildRecord

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCS = Path(__file__).parents[2] / "docs"
SCALARS = {str: "string", int: "integer", bool: "boolean"}


def documents() -> dict[str, str]:
    """Return the text of every published schema by its file name."""
    kinds: dict[str, tuple[type, str]] = {
        "PYTHON.schema.json": (PythonJson, "PYTHON.json"),
        "build-record.schema.json": (BuildRecord, "build-record.json"),
    }
    return {name: json.dumps(schema_of(*words), indent=2) + "\n" for name, words in kinds.items()}


def schema_of(kind: type, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a dataclass, with docstrings as descriptions."""
    definitions: dict[str, Any] = {}
    root = object_schema(kind, definitions)
    return {"$schema": DIALECT, "title": title, **root, "$defs": dict(sorted(definitions.items()))}


def object_schema(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one dataclass; those inside it go into ``definitions``."""
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    return {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": {field.name: value_schema(hints[field.name], definitions) for field in fields},
        "required": [field.name for field in fields if field.default is dataclasses.MISSING],
        "additionalProperties": False,
    }


def value_schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value of the type ``hint``."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [value_schema(inner[0], definitions), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": value_schema(inner[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": value_schema(inner[1], definitions)}
    if dataclasses.is_dataclass(hint):
        kind = typing.cast("type", hint)
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}
            definitions[kind.__name__] = object_schema(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return {"type": SCALARS[hint]}


def main() -> None:
    """Write the published schemas."""
    for name, text in documents().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
