"""A Rust extension: validating, refusing with the place of the mistake, and serializing."""

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError, core_schema

schema = core_schema.typed_dict_schema(
    {
        "name": core_schema.typed_dict_field(core_schema.str_schema(min_length=2)),
        "ages": core_schema.typed_dict_field(core_schema.list_schema(core_schema.int_schema(ge=0))),
    }
)
validator = SchemaValidator(schema)
assert validator.validate_json('{"name": "Ada", "ages": ["36", 7]}') == {"name": "Ada", "ages": [36, 7]}
try:
    validator.validate_python({"name": "A", "ages": [-1]})
except ValidationError as error:
    places = {problem["loc"] for problem in error.errors()}
    assert places == {("name",), ("ages", 0)}, places
else:
    raise AssertionError("what is wrong was accepted")
assert SchemaSerializer(schema).to_json({"name": "Ada", "ages": [36]}) == b'{"name":"Ada","ages":[36]}'
