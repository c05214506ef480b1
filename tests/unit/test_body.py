"""Check which bodies are objects, and under which name they go."""

import pytest

from schemas.body import MAX_NAME_LENGTH, event_name, parse_object
from schemas.errors import BadBody, NoEventName, NotAnObject


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (b"{}", {}),
        (b' {"a": [1, null]}\n', {"a": [1, None]}),
        ('{"name": "Björn"}'.encode(), {"name": "Björn"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"$a.b": "\\u0000"}', {"$a.b": "\x00"}),
        (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
    ],
)
def test_an_object_is_read(body, parsed):
    assert parse_object(body) == parsed


@pytest.mark.parametrize(
    "text", ["36893488147419103232", "9" * 5_000, "-" + "9" * 20_000, "1" + "0" * 400]
)
@pytest.mark.parametrize("beside", ["", "\\ud800"])
def test_an_integer_beyond_64_bit_is_no_integer_any_more(text, beside):
    parsed = parse_object(f'{{"a": {text}, "b": "{beside}"}}'.encode())

    assert isinstance(parsed["a"], float)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"[]",
        b'"push"',
        b"41",
        b"null",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": "\\ud800", "b": NaN}',
        b'{"a": "\\ud800"} {}',
    ],
)
def test_anything_else_is_refused(body):
    with pytest.raises(NotAnObject):
        parse_object(body)


def test_what_is_refused_is_not_quoted():
    with pytest.raises(BadBody) as raised:
        parse_object(b'{"token": "hush"')

    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"event_name": "user_create"}, "user_create"),
        ({"event_name": "push", "object_kind": "tag_push"}, "push"),
        ({"object_kind": "merge_request"}, "merge_request"),
        ({"event_name": None, "object_kind": "merge_request"}, "merge_request"),
        ({"event_name": "x" * MAX_NAME_LENGTH}, "x" * MAX_NAME_LENGTH),
        ({"event_name": "Of the future: 1"}, "Of the future: 1"),
    ],
)
def test_an_event_is_named_by_its_body(payload, name):
    assert event_name(payload) == name


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event_name": ""},
        {"event_name": ["push"]},
        {"event_name": 5, "object_kind": "push"},
        {"event_name": "x" * 10_000},
        {"event_name": "pusch\n"},
        {"event_name": "push\x00"},
        {"event_name": "größe"},
        {"event_name": "\ud800"},
        {"event_name": None, "object_kind": {}},
    ],
)
def test_an_event_without_a_usable_name_is_refused(payload):
    with pytest.raises(NoEventName):
        event_name(payload)
