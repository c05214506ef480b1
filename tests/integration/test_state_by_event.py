"""Counts by event come from an index alone, and tell what came when."""

from datetime import timedelta

import pytest

from state.by_event import counted
from state.dead import noted
from state.dropped import note_dropped
from state.ledger import Ledger
from state.migrations import migrate
from tests.operating import NOON, a_row


@pytest.fixture(scope="module")
def db(shared_database):
    migrate(shared_database)
    return shared_database


@pytest.fixture(autouse=True)
def _empty(db):
    db["deliveries"].delete_many({})


def hours(number):
    return {"received_at": NOON - timedelta(hours=number)}


def test_each_event_is_counted_by_what_became_of_it(db):
    Ledger(db).write(
        [
            a_row(1),
            a_row(2, source="other"),
            a_row(3, outcome="stale"),
            a_row(4, outcome="dead", reason="poison"),
            a_row(5, outcome="dead", reason="handler-failed"),
            a_row(6, event="push", outcome="ignored", **hours(30)),
        ]
    )

    found = counted(db, NOON - timedelta(hours=24))

    assert found["user_create"].outcomes == {"applied": 2, "stale": 1, "dead": 2}
    assert found["user_create"].number == 5
    assert found["user_create"].last == NOON + timedelta(seconds=5)
    assert found["user_create"].reason == "handler-failed"
    # It came before: when that was is told all the same.
    assert found["push"].number == 0
    assert found["push"].last == NOON - timedelta(hours=30)
    assert found["push"].reason is None


def test_nothing_is_counted_where_there_is_nothing(db):
    assert counted(db, NOON) == {}


def test_no_row_is_read_to_count(db):
    Ledger(db).write([a_row(number, **hours(number)) for number in range(200)])
    db.command("profile", 2)
    try:
        counted(db, NOON - timedelta(hours=10, minutes=30))
    finally:
        db.command("profile", 0)

    asked = list(db["system.profile"].find({"ns": f"{db.name}.deliveries"}))
    db["system.profile"].drop()
    sums = [it for it in asked if "aggregate" in it["command"]]
    names = [it for it in asked if "distinct" in it["command"]]
    assert len(sums) == 1
    assert len(names) == 2
    assert all(it["docsExamined"] == 0 for it in (*sums, *names))
    assert all(it["keysExamined"] < 30 for it in (*sums, *names))


def test_the_ledger_tells_what_is_dead_while_rabbitmq_is_away(db):
    dead = [
        a_row(number, outcome="dead", reason=reason, event=event)
        for number, (reason, event) in enumerate(
            [("poison", "push"), ("handler-failed", "push"), ("handler-failed", "push")]
        )
    ]
    dropped = a_row(9, outcome="dead", reason="poison", event="push")
    Ledger(db).write([*dead, dropped, a_row(10)])
    note_dropped(db, [dropped], at=NOON, note=None)

    first, second = noted(db)

    assert (first.reason, first.event, first.number) == ("handler-failed", "push", 2)
    assert (second.reason, second.number) == ("poison", 1)
    assert first.first < first.last == dead[2].processed_at
