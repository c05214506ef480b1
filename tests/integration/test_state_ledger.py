"""The ledger has one row for each accepted delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from state.audit import audit
from state.ledger import Known, Ledger, Row
from state.numbers import Numbers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(delivery_id="d1", receipt="aa.1", outcome="applied", event="user_create"):
    return Row(
        source="gitlab",
        delivery_id=delivery_id,
        receipt=receipt,
        event=event,
        outcome=outcome,
        received_at=NOON,
        processed_at=NOON,
        entity="users/41",
    )


@pytest.fixture
def ledger(database):
    return Ledger(database)


def outcomes(database):
    return {one["_id"]: one["outcome"] for one in database["deliveries"].find()}


def test_a_row_is_written_once(database, ledger):
    first = ledger.write([row()])

    again = ledger.write([row()])

    assert first == [row()]
    assert again == []
    assert outcomes(database) == {"gitlab:d1": "applied"}


def test_a_repetition_has_a_row_of_its_own(database, ledger):
    repetition = row(receipt="aa.2", outcome="duplicate")

    written = ledger.write([row(), repetition])
    again = ledger.write([repetition])

    assert len(written) == 2
    assert again == []
    assert outcomes(database) == {
        "gitlab:d1": "applied",
        "gitlab:d1#aa.2": "duplicate",
    }


def test_the_slower_of_two_workers_with_one_delivery_has_the_duplicate(
    database, ledger
):
    ledger.write([row(receipt="aa.1")])

    written = ledger.write([row(receipt="aa.2"), row("d2", receipt="aa.3")])

    assert [(one.delivery_id, one.outcome) for one in written] == [
        ("d2", "applied"),
        ("d1", "duplicate"),
    ]


def test_known_deliveries_are_found_by_key(ledger):
    ledger.write([row()])

    assert ledger.known(["gitlab:d1", "gitlab:d2"]) == {"gitlab:d1": Known("aa.1")}


def test_nothing_is_written_for_nothing(ledger):
    assert ledger.write([]) == []


def test_the_audit_finds_the_gaps_in_the_receivers_numbers(database, ledger):
    ledger.write(
        [
            row("d1", "aa.1"),
            row("d2", "aa.3", "stale"),
            row("d3", "bb.1", "dead", "user_destroy"),
            row("d4", "foreign", "ignored"),
        ]
    )

    found = audit(database, now=NOON)

    assert found.accepted == 5
    assert found.missing == 1
    assert found.outcomes["applied"] == 1
    assert found.counts["gitlab", "user_destroy", "dead"] == 1


def test_the_numbers_in_the_ledger_are_read_in_runs(database, ledger):
    many = [*range(1, 1002), *range(1500, 2500)]
    ledger.write([row(f"d{number}", f"aa.{number}") for number in reversed(many)])
    ledger.write([row("d1", "bb.7", "duplicate"), row("d1", "bb.7x", "duplicate")])
    ledger.write([row("again", "bb.7")])

    numbers = Numbers.read(database, NOON - timedelta(days=1))
    later = Numbers.read(database, NOON + timedelta(days=1))

    start = numbers.by_start["aa"]
    found = [it for first, last in start.runs for it in range(first, last + 1)]
    assert found == many
    assert (start.first, start.last, start.count) == (1, 2499, len(many))
    assert len(start.runs) < 10
    assert numbers.by_start["bb"].runs == ((7, 7),)
    assert later.by_start == {}
    assert later.since.keys() == {"aa", "bb"}
