"""The way of a delivery is told from its rows, whatever became of it."""

from dataclasses import asdict
from datetime import timedelta

import pytest

from operations.timeline import MEANINGS, lag, timeline
from state.ledger import OUTCOMES
from tests.operating import NOON, a_row

PUT = {"collection": "users", "id": 41, "verb": "put", "fields": ["name"]}


def steps(*rows):
    told = [
        {name: it for name, it in asdict(row).items() if it is not None} for row in rows
    ]
    return timeline(told)


def titles(*rows):
    return [step.title for step in steps(*rows)]


def test_what_was_applied_went_straight_through():
    found = steps(a_row(0, changed=[PUT | {"effect": True}]))

    assert [step.title for step in found] == [
        "Received and stored",
        "Taken by a worker",
        "Written to the state",
        "In the ledger as applied",
    ]
    assert found[0].at == NOON
    assert found[0].detail == "By the receiver 3f9c2a71, as number 1 since it started."
    assert found[2].detail == "1 of 1 changes had an effect: users/41."
    assert [step.level for step in found] == ["neutral", "neutral", "good", "good"]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_explained(outcome):
    last = steps(a_row(0, outcome=outcome))[-1]

    assert last.title == f"In the ledger as {outcome}"
    assert last.detail == MEANINGS[outcome]


def test_what_died_tells_why_and_what_became_of_its_letter():
    row = a_row(0, outcome="dead", reason="handler-failed", attempts=2)
    found = timeline([asdict(row) | {"dropped_at": NOON, "note": "gitlab:1: a test"}])

    assert [step.title for step in found] == [
        "Received and stored",
        "Taken by a worker 2 times",
        "In the ledger as dead",
        "Its dead letter was dropped",
    ]
    assert found[2].detail.startswith("Rejected: handler-failed. ")
    assert found[3].detail == "Note: gitlab:1: a test"
    assert [step.level for step in found] == ["neutral", "warn", "bad", "warn"]


def test_what_was_stale_had_no_effect():
    (written,) = [
        step
        for step in steps(a_row(0, outcome="stale", changed=[PUT | {"effect": False}]))
        if step.title == "Written to the state"
    ]

    assert written.level == "neutral"
    assert written.detail == "0 of 1 changes had an effect: users/41."


def test_who_sent_it_by_hand_is_told():
    row = a_row(0, receipt="manual.1", sent_by="gitlab:41")

    assert titles(row)[0] == "Sent by hand"
    assert "gitlab:41" in steps(row)[0].detail


def test_repetitions_come_last():
    again = a_row(5, outcome="duplicate", receipt="3f9c2a71.9")

    assert titles(a_row(0), again)[-1] == "Delivered once more by the host"
    assert "3f9c2a71.9" in steps(a_row(0), again)[-1].detail


def test_a_receiver_whose_clock_is_ahead_took_no_time():
    row = a_row(0, processed_at=NOON - timedelta(seconds=1))

    assert lag(asdict(row)) == timedelta()
