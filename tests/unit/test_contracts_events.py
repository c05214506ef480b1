"""The JSON Schema of an event takes what its marshmallow schema takes, and no more."""

import json
from copy import deepcopy
from typing import ClassVar

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from marshmallow import Schema, ValidationError, fields, validate

from operations.contracts.convert import json_schema
from operations.contracts.events import event_schema, event_schemas, path_of
from schemas.test_deliveries import is_test_delivery
from tests.samples.decide import HANDLERS
from tests.samples.load import event_of, names, payload

#: As others read them: from JSON.
SCHEMAS = json.loads(json.dumps(event_schemas(HANDLERS)))
ODD = [None, "", "x", "x" * 70_000, 0, -1, 7, 1.5, 2**63, True, [], {}, ["x"], [{}]]
#: Words that mean the same in draft-07, which AsyncAPI reads, and in 2020-12.
WORDS = {"$id", "$schema", "allOf", "anyOf", "const", "description", "enum", "items"}
WORDS |= {"maxLength", "maximum", "minLength", "minimum", "pattern", "properties"}
WORDS |= {"required", "title", "type"}
REAL = [it for it in names() if not is_test_delivery(event_of(it), payload(it))]


def validator(event):
    return Draft202012Validator(SCHEMAS[path_of(event)])


def is_taken(event, body):
    try:
        HANDLERS[event].schema.load(deepcopy(body))
    except ValidationError:
        return False
    return True


def places(body, path=()):
    """Where a body has values: keys, and the keys of objects and lists below them."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def changed(body, path, value):
    made = deepcopy(body)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


def words(schema):
    for word, value in schema.items():
        yield word
        inner = value.values() if word == "properties" else [value]
        for it in inner:
            for one in it if isinstance(it, list) else [it]:
                if isinstance(one, dict):
                    yield from words(one)


@pytest.mark.parametrize("path", SCHEMAS)
def test_it_is_json_schema_and_says_what_it_is_of(path):
    schema = SCHEMAS[path]

    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)
    assert set(words(schema)) <= WORDS
    assert path == f"schemas/{schema['title']}.json"
    assert schema["$id"].endswith(f":{schema['title']}")


@pytest.mark.parametrize("name", REAL)
def test_every_sample_is_valid(name):
    errors = validator(event_of(name)).iter_errors(payload(name))

    assert [error.message for error in errors] == []


@pytest.mark.parametrize("event", sorted(HANDLERS))
def test_both_take_and_refuse_the_same_odd_values(event):
    check, sample = validator(event), payload(event)
    found = [it for it in places(sample) if it[0] not in {"event_name", "object_kind"}]

    bodies = [changed(sample, path, odd) for path in found for odd in ODD]

    unlike = [
        (path, odd)
        for body, (path, odd) in zip(
            bodies, ((path, odd) for path in found for odd in ODD), strict=True
        )
        if check.is_valid(body) != is_taken(event, body)
    ]
    assert unlike == []


def test_what_bears_another_name_is_not_valid():
    assert not validator("user_create").is_valid(payload("user_rename"))


def test_a_body_without_any_time_is_not_valid():
    body = payload("user_create", created_at=..., updated_at=...)

    assert not validator("user_create").is_valid(body)
    assert not validator("user_create").is_valid(body | {"created_at": None})


def test_the_fields_of_other_packages_are_told_too():
    class Badge(Schema):
        """A badge.

        What more there is to say stays here.
        """

        id = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
        label = fields.String(load_default=None)
        kind = fields.Constant("badge")

    made = json_schema(Badge())

    assert made["description"] == "A badge."
    assert made["required"] == ["id"]
    assert made["properties"]["id"] == {"type": "integer", "minimum": 1}
    assert made["properties"]["label"] == {"type": ["string", "null"]}
    assert made["properties"]["kind"]["const"] == "badge"
    assert made["additionalProperties"] is False


def test_no_name_of_an_event_leads_out_of_the_folder():
    assert path_of("../x/y") == "schemas/..%2Fx%2Fy.json"


def test_rules_of_a_schema_and_its_name_stand_beside_each_other():
    class Ruled(Schema):
        rules: ClassVar = {"allOf": [{"required": ["id"]}]}

    made = event_schema("ruled", Ruled())

    assert made["allOf"][0] == {"required": ["id"]}
    assert len(made["allOf"]) == 2
