"""Rows of the ledger name what was told, and no value of it."""

import pytest

from handlers.changes import NULL, Delete, Mention, Move, Put
from state.changed import MAX_CHANGES, MAX_FIELDS, changed
from state.ledger import OUTCOMES
from tests.samples.load import event_of, names, payload
from tests.world import HANDLERS, message
from workers.decide import decide


def test_each_verb_is_told_with_names_and_no_values():
    told = changed(
        [
            Put("users", 41, {"name": "Ada", "email": None, "expires_at": NULL}),
            Mention("projects", 74, {"path": "ada/x"}),
            Delete("keys", 7, known_by=("ada@x.y",)),
            Move(("users", 41), "ada", "ada2"),
        ],
        [True, False, True, False],
    )

    assert told == [
        {
            "collection": "users",
            "id": 41,
            "verb": "put",
            "fields": ["name", "expires_at"],
            "effect": True,
        },
        {
            "collection": "projects",
            "id": 74,
            "verb": "mention",
            "fields": ["path"],
            "effect": False,
        },
        {"collection": "keys", "id": 7, "verb": "delete", "effect": True},
        {"collection": "users", "id": 41, "verb": "move"},
    ]


def test_nothing_declared_is_nothing_told():
    assert changed([], []) is None


def test_a_row_of_the_ledger_stays_small():
    wide = {f"field_{number}": 1 for number in range(2 * MAX_FIELDS)}
    many = [Put("badges", number, wide) for number in range(2 * MAX_CHANGES)]

    told = changed(many, [True] * len(many))

    assert len(told) == MAX_CHANGES
    assert {len(it["fields"]) for it in told} == {MAX_FIELDS}


@pytest.mark.parametrize("name", names())
def test_no_sample_has_its_values_in_the_ledger(name):
    body = payload(name)

    class Hook:
        payload = body
        delivery_id = name
        received_at = 1_790_000_000_000_000

    changes = decide(message(Hook), HANDLERS).decided.changes
    told = str(changed(changes, [True] * len(changes)))

    personal = {key: it for key, it in body.items() if isinstance(it, str) and it}
    for key in ("email", "user_email", "username", "user_name", "owner_name"):
        if key in personal and personal[key] not in OUTCOMES:
            assert personal[key] not in told, event_of(name)
