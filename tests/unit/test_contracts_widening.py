"""What a newer schema allows beyond an older one is found, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from operations.contracts.events import event_schemas
from operations.contracts.widening import widened
from tests.samples.decide import HANDLERS

SCHEMAS = json.loads(json.dumps(event_schemas(HANDLERS)))

STRING, NUMBER = {"type": "string", "maxLength": 9}, {"type": "integer", "minimum": 1}


def an_object(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


def lines(old, new):
    return list(widened(old, new, "it"))


@pytest.mark.parametrize("path", SCHEMAS)
def test_an_event_that_did_not_change_breaks_nobody(path):
    assert lines(SCHEMAS[path], SCHEMAS[path]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (an_object(a=STRING), an_object(a=STRING, b=STRING)),
        (an_object(a=STRING), an_object(["a"], a=STRING)),
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"type": "number"}, {"type": "integer"}),
        ({}, STRING),
        (STRING, STRING | {"maxLength": 8, "minLength": 2, "pattern": "^x"}),
        (STRING, STRING | {"description": "What it is.", "x-since": 2}),
        (STRING | {"description": "What it was."}, STRING),
        ({"enum": ["a", "b"]}, {"const": "a"}),
        ({"anyOf": [STRING, NUMBER]}, NUMBER),
        ({"anyOf": [STRING, NUMBER]}, {"anyOf": [NUMBER]}),
        ({"allOf": [STRING]}, STRING),
        (
            {"type": "array", "items": NUMBER},
            {"type": "array", "items": NUMBER | {"const": 7}},
        ),
    ],
    ids=str,
)
def test_what_is_told_more_narrowly_breaks_nobody(old, new):
    assert lines(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (an_object(a=STRING), an_object(), "it.a: is told no more"),
        (an_object(["a"], a=STRING), an_object(a=STRING), "it.a: may be absent now"),
        ({"type": "string"}, {"type": ["string", "null"]}, "it: may be null now"),
        ({"type": "integer"}, {"type": "number"}, "it: may be number now"),
        ({"type": "string"}, {}, "it: may be anything now"),
        (
            {"type": "string"},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "it: may be integer now",
        ),
        (STRING, STRING | {"maxLength": 10}, "it: maxLength was 9, is 10 now"),
        (STRING, {"type": "string"}, "it: maxLength was 9, is unbounded now"),
        (NUMBER, NUMBER | {"minimum": 0}, "it: minimum was 1, is 0 now"),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, "it: may be 'b' now"),
        ({"const": "a"}, {"type": "string"}, "it: may be any value now"),
        ({"pattern": "^a"}, {"pattern": "^b"}, "it: pattern was ^a, is ^b now"),
        (
            {"items": an_object(a=STRING)},
            {"items": an_object()},
            "it[].a: is told no more",
        ),
        (
            {"anyOf": [{"type": "string"}]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "it: may be told in another way now: {'type': 'null'}",
        ),
        (
            {"allOf": [{"required": ["a"]}]},
            {"type": "object"},
            "it: need not be so any more: {'required': ['a']}",
        ),
        (
            {"additionalProperties": False},
            {},
            "it: additionalProperties was False, is unbounded now",
        ),
    ],
    ids=str,
)
def test_what_a_reader_does_not_know_is_named(old, new, line):
    assert lines(old, new) == [line]


VALUES = st.sampled_from([None, "", "a", "abcdef", 0, 1, 5, True, [], ["a"], {}]) | (
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from([None, "a", 5]) for name in ("a", "b")}
    )
)
SIMPLE = st.sampled_from(
    [
        {},
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "maximum": 4},
        {"type": "string", "maxLength": 3},
        {"enum": ["a", 5]},
        {"const": "a"},
        {"type": "array", "items": {"type": "string"}},
    ]
)
OBJECTS = st.builds(
    lambda a, b, required: an_object(required, a=a, b=b),
    SIMPLE,
    SIMPLE,
    st.lists(st.sampled_from("ab"), unique=True),
)
ANY = SIMPLE | OBJECTS
ALL = ANY | st.lists(ANY, min_size=1, max_size=3).flatmap(
    lambda ways: st.sampled_from([{"anyOf": ways}, {"allOf": ways}])
)


@given(ALL, ALL, st.lists(VALUES, max_size=10))
def test_what_is_said_to_break_nobody_lets_no_new_value_through(old, new, values):
    if lines(old, new) == []:
        was, now = Draft202012Validator(old), Draft202012Validator(new)

        assert [it for it in values if now.is_valid(it) and not was.is_valid(it)] == []
