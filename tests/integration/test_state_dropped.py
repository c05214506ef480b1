"""The ledger says of each dropped dead letter that it was dropped."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import Unstorable
from state.dropped import note_dropped
from state.ledger import Ledger, Row

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def row(delivery_id="d1", receipt="aa.1", outcome="dead"):
    return Row(
        source="gitlab",
        delivery_id=delivery_id,
        receipt=receipt,
        event="user_create",
        outcome=outcome,
        received_at=NOON,
        processed_at=NOON,
        attempts=21,
        reason="delivery-limit",
    )


def rows(database):
    return {one.pop("_id"): one for one in database["deliveries"].find()}


def test_a_row_that_is_there_keeps_its_outcome(database):
    Ledger(database).write([row(outcome="applied")])

    note_dropped(database, [row()], at=LATER, note="Bo: old")

    (found,) = rows(database).values()
    assert found["outcome"] == "applied"
    assert (found["dropped_at"], found["note"]) == (LATER, "Bo: old")


def test_what_has_no_row_gets_one(database):
    note_dropped(database, [row(), row("d2", "aa.2")], at=LATER, note=None)

    found = rows(database)
    assert found.keys() == {"gitlab:d1", "gitlab:d2"}
    assert found["gitlab:d2"] == {
        "source": "gitlab",
        "delivery_id": "d2",
        "receipt": "aa.2",
        "event": "user_create",
        "outcome": "dead",
        "received_at": NOON,
        "processed_at": NOON,
        "attempts": 21,
        "reason": "delivery-limit",
        "dropped_at": LATER,
    }


def test_a_repetition_has_a_row_of_its_own(database):
    Ledger(database).write([row(outcome="applied")])

    for _ in range(2):
        note_dropped(database, [row(receipt="bb.7"), row("d2")], at=LATER, note=None)

    found = rows(database)
    assert found.keys() == {"gitlab:d1", "gitlab:d1#bb.7", "gitlab:d2"}
    assert "dropped_at" not in found["gitlab:d1"]
    assert found["gitlab:d1#bb.7"]["outcome"] == "dead"
    assert found["gitlab:d1#bb.7"]["receipt"] == "bb.7"


def test_nothing_dropped_is_nothing_written(database):
    note_dropped(database, [], at=LATER, note=None)

    assert rows(database) == {}


def test_a_ledger_that_refuses_is_told(database):
    database.create_collection(
        "deliveries", validator={"note": {"$ne": "bad"}}, validationAction="error"
    )

    with pytest.raises(Unstorable, match="refused"):
        note_dropped(database, [row()], at=LATER, note="bad")
