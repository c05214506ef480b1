"""A person who is gone is recognised in a payload, and nobody else is."""

from datetime import UTC, datetime, timedelta

import pytest

from state.digest import digest
from state.person import Person, is_about, learned
from tests.samples.load import names, payload

END = datetime(2024, 9, 1, tzinfo=UTC)
LATER = END + timedelta(days=30)


def ada(**changes):
    fields = {
        "source": "gitlab",
        "user_id": 201,
        "marks": frozenset(
            digest("gitlab", it) for it in ("aferreira@harbour.example", "Ada Ferreira")
        ),
        "usernames": {digest("gitlab", "aferreira"): END},
    }
    return Person(**fields | changes)


ONLY_ID = ada(marks=frozenset(), usernames={})


@pytest.mark.parametrize(
    "told",
    [
        {"event_name": "user_create", "user_id": 201},
        {"requested_by_user_id": 201},
        {"object_attributes": {"author_id": 201}},
        {"object_attributes": {"assignee_ids": [7, 201]}},
        {"object_kind": "merge_request", "user": {"id": 201}},
        {"reviewers": [{"id": 7}, {"id": 201}]},
    ],
)
def test_an_id_is_enough(told):
    assert is_about(ONLY_ID, told, END)


@pytest.mark.parametrize(
    "told",
    [
        {"user_id": 20},
        {"project_id": 201},
        {"project": {"id": 201}, "user": {"id": 7}},
        {"assignee_ids": 201},
        {"username": 201, "owner_name": None, "owner_email": None},
        {},
    ],
)
def test_the_number_of_something_else_is_nothing(told):
    assert not is_about(ada(), told, END)


@pytest.mark.parametrize(
    "told",
    [
        {"owners": [{"name": "A.", "email": "AFERREIRA@harbour.example"}]},
        {"commits": [{"author": {"name": "A.", "email": "aferreira@harbour.example"}}]},
        {"owner_name": "Ada Ferreira", "owner_email": ""},
        {"owners": [{"name": "Ada Ferreira", "email": "[REDACTED]"}]},
    ],
)
def test_an_address_is_enough_or_a_name_that_stands_without_one(told):
    assert is_about(ada(), told, END)


@pytest.mark.parametrize(
    "told",
    [
        {"name": "Ada Ferreira"},
        {"owners": [{"name": "Ada Ferreira", "email": "another.ada@harbour.example"}]},
        {"owners": [{"name": "Björn", "email": None}]},
    ],
)
def test_somebody_of_the_same_name_is_somebody_else(told):
    assert not is_about(ada(), told, END)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"username": "AFerreira", "updated_at": "2024-08-01T00:00:00Z"}, True),
        ({"username": "aferreira", "updated_at": "2024-10-01T00:00:00Z"}, False),
        ({"username": "aferreira", "created_at": "2024-10-01T00:00:00Z"}, False),
        ({"username": "aferreira", "updated_at": "soon"}, False),
        ({"path_with_namespace": "aferreira/toy", "updated_at": "2024-08-01"}, False),
        (
            {
                "old_path_with_namespace": "aferreira/toy",
                "updated_at": "2024-08-01T00:00:00Z",
            },
            True,
        ),
        (
            {
                "path_with_namespace": "other/aferreira",
                "updated_at": "2024-08-01T00:00:00Z",
            },
            False,
        ),
    ],
)
def test_a_username_counts_as_long_as_it_was_theirs(told, expected):
    assert is_about(ada(), told, LATER) is expected


def test_a_payload_without_time_has_that_of_its_receipt():
    assert is_about(ada(), {"username": "aferreira"}, END)
    assert not is_about(ada(), {"username": "aferreira"}, LATER)


def test_nesting_has_no_end():
    told = {"user_id": 201}
    for _ in range(50_000):
        told = {"x": [told]}

    assert is_about(ada(), told, END)
    while told.get("x"):
        told = told["x"].pop()


def test_letters_with_the_id_tell_of_names():
    told = payload("user_rename")
    person = Person("gitlab", told["user_id"])

    person = learned(person, told, END)

    assert person.usernames == {
        digest("gitlab", told["username"]): END,
        digest("gitlab", told["old_username"]): END,
    }
    assert digest("gitlab", told["name"]) in person.marks
    assert is_about(person, {"username": told["old_username"]}, END)


def test_the_state_knows_better_until_when_a_name_was_theirs():
    told = {"user_id": 201, "username": "aferreira", "email": "[redacted]"}

    person = learned(ada(), told, LATER)

    assert person == ada()


def test_what_tells_of_others_teaches_nothing():
    assert learned(ONLY_ID, payload("push") | {"user_id": 9}, END) == ONLY_ID


def test_every_sample_can_be_looked_at():
    stranger = Person("gitlab", 999_999)

    found = [name for name in names() if is_about(stranger, payload(name), END)]

    assert found == []


def test_nothing_readable_is_shown():
    assert "marks" not in repr(ada())
    assert "usernames" not in repr(ada())
