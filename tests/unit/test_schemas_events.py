"""Check that every schema takes what it should, and survives all the rest."""

import traceback
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from handlers import NULL, Delete, Mention, Move, Put
from handlers.registry import load
from schemas.catalogue import SYSTEM_HOOKS
from schemas.event import DatedSchema, Event
from tests.samples.load import event_of, names, payload

HANDLERS = load()
REAL = [name for name in names() if ".test-" not in name]
#: Of these the host tells no time, or not on top.
UNDATED = {"push", "tag_push", "repository_update", "merge_request"}
DATED = [
    name
    for name in REAL
    if event_of(name) in {*SYSTEM_HOOKS} - UNDATED
    or isinstance(HANDLERS[event_of(name)].schema, DatedSchema)
]

texts = st.text(st.characters(codec=None), max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**30]),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(["", "[REDACTED]", "$name", "a.b", "\x00", "x" * 5_000, "\ud800"]),
    st.sampled_from(
        ["2024-05-06T07:08:09Z", "2024-05-06", "9999-12-31T23:59:59-14:00"]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def damaged_samples(draw):
    """A sample with some values replaced, one level down too, and keys removed."""
    name = draw(st.sampled_from(REAL))
    body = payload(name)
    keys = st.lists(st.sampled_from(sorted(body)), max_size=4, unique=True)
    for key in draw(keys):
        nested = body[key]
        if isinstance(nested, dict) and nested and draw(st.booleans()):
            body[key] = {
                **nested,
                draw(st.sampled_from(sorted(nested))): draw(anything),
            }
        elif draw(st.booleans()):
            body[key] = draw(anything)
        else:
            del body[key]
    return event_of(name), body


def decide(event, body):
    """Return the changes, or None if the schema refuses the body."""
    handler = HANDLERS[event]
    try:
        loaded = handler.schema.load(body)
    except ValidationError:
        return None
    return handler(loaded)


@given(st.sampled_from(sorted(HANDLERS)), st.dictionaries(texts, anything, max_size=6))
def test_any_object_is_an_event_or_a_validation_error(event, body):
    decide(event, body)


@settings(max_examples=400)
@given(damaged_samples())
def test_a_damaged_payload_is_decided_or_refused(damaged):
    changes = decide(*damaged)

    for change in changes or []:
        assert isinstance(change, Put | Mention | Delete | Move)
        assert is_storable(change)


def is_storable(change):
    """Whether MongoDB could take all that `change` holds."""
    return all(map(fits, leaves([getattr(change, name) for name in change.__slots__])))


def leaves(value):
    match value:
        case dict():
            yield from leaves([*value, *value.values()])
        case list() | tuple():
            for inner in value:
                yield from leaves(inner)
        case _:
            yield value


def fits(leaf):
    match leaf:
        case str():
            return bool(leaf.encode()) or not leaf
        case int():
            return -(2**63) <= leaf < 2**63
        case datetime():
            return leaf.tzinfo is UTC and leaf.microsecond % 1_000 == 0
        case _:
            return leaf is None or leaf is NULL


@pytest.mark.parametrize("name", DATED)
def test_an_event_of_a_row_must_tell_a_time(name):
    body = payload(name, created_at=None, updated_at=...)

    with pytest.raises(ValidationError, match="no created_at and no updated_at"):
        HANDLERS[event_of(name)].schema.load(body)


@pytest.mark.parametrize("name", DATED)
@pytest.mark.parametrize("told", ["created_at", "updated_at"])
def test_one_time_is_enough(name, told):
    times = {"created_at": None, "updated_at": None, told: "2024-05-06T07:08:09Z"}

    event = HANDLERS[event_of(name)].schema.load(payload(name, **times))

    assert getattr(event, told) == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize("name", ["push", "tag_push", "repository_update"])
def test_a_push_has_no_time(name):
    event = HANDLERS[name].schema.load(payload(name))

    assert (event.created_at, event.updated_at) == (None, None)


def test_a_merge_request_has_the_times_of_its_attributes():
    event = HANDLERS["merge_request"].schema.load(payload("merge_request.merged"))

    assert event.created_at == datetime(2024, 4, 9, 8, 40, tzinfo=UTC)
    assert event.updated_at == datetime(2024, 4, 9, 9, 2, 17, tzinfo=UTC)


@pytest.mark.parametrize("attributes", [..., None, [], "merged", {}])
def test_a_merge_request_without_attributes_is_refused(attributes):
    body = payload("merge_request", object_attributes=attributes)

    with pytest.raises(ValidationError):
        HANDLERS["merge_request"].schema.load(body)


@pytest.mark.parametrize("action", ["enqueue", "postpone", "", None, 5, ...])
def test_an_unknown_decision_is_refused(action):
    body = payload("gitlab_subscription_member_approvals", action=action)

    with pytest.raises(ValidationError):
        HANDLERS["gitlab_subscription_member_approvals"].schema.load(body)


def test_keys_that_we_do_not_know_are_left_out():
    body = payload("user_create") | {"$where": "1", "a.b": {"c": []}, "\x00": None}

    event = HANDLERS["user_create"].schema.load(body)

    assert event == HANDLERS["user_create"].schema.load(payload("user_create"))


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "wrong",
    [
        "hush " * 20_000,
        "hush\ud800",
        ["hush"],
        {"hush": "hush"},
        [{"name": ["hush"], "ref": ["hush"]}],
    ],
)
def test_no_complaint_repeats_the_value(name, wrong):
    body = dict.fromkeys(payload(name), wrong)

    with pytest.raises(ValidationError) as raised:
        HANDLERS[event_of(name)].schema.load(body)

    assert "hush" not in str(raised.value)
    assert "hush" not in repr(raised.value)
    assert "hush" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", REAL)
def test_an_event_shows_nothing_of_a_person(name):
    event = HANDLERS[event_of(name)].schema.load(payload(name))

    shown = repr(event)

    assert isinstance(event, Event)
    assert shown.startswith(type(event).__name__ + "(")
    told = [getattr(event, field) for field in event.__dataclass_fields__]
    assert not [text for text in told if isinstance(text, str) and text in shown]


def test_a_very_large_push_is_read_in_one_pass():
    refs = [f"refs/heads/{number}" for number in range(100_000)]
    lines = [{"ref": ref, "before": "0" * 40, "after": "1" * 40} for ref in refs]
    body = payload("repository_update", refs=refs, changes=lines)

    [put] = decide("repository_update", body)

    assert put.fields["ref_count"] == 100_000
    assert put.fields["refs"] == refs[:100]


def test_many_bad_values_make_one_complaint():
    body = payload("project_create", owners=[5] * 100_000)

    with pytest.raises(ValidationError) as raised:
        HANDLERS["project_create"].schema.load(body)

    assert len(str(raised.value)) < 100
