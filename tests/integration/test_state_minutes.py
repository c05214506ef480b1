"""The ledger tells minute by minute what became of deliveries, and how long it took."""

import json
from datetime import timedelta

import pytest

from state import lately
from state.ledger import OUTCOMES, Ledger
from state.migrations import migrate
from state.minutes import BY_OUTCOME, MINUTE, SHOWN, Minutes
from tests.operating import NOON, a_row

NOW = NOON + timedelta(seconds=30)
SECONDS = 10.0


@pytest.fixture
def ledger(database):
    migrate(database)
    return database


def worked(number, ago, outcome="applied", **changes):
    """A row that was worked so many minutes ago, at the same second."""
    at = NOW - ago * MINUTE
    times = {"received_at": at - timedelta(seconds=2), "processed_at": at}
    return a_row(number, outcome=outcome, **times | changes)


def told(minutes):
    """What is counted: the outcomes that there are, by how many minutes ago."""
    return {
        int((NOON - it.begins) / MINUTE): {k: n for k, n in it.counts.items() if n}
        for it in minutes
        if it.counts is None or any(it.counts.values())
    }


def test_each_minute_of_the_last_hour_is_counted_by_outcome(ledger):
    rows = [worked(number, number % 3, OUTCOMES[number % 6]) for number in range(60)]
    Ledger(ledger).write([*rows, worked(98, SHOWN - 1), worked(99, SHOWN)])

    found = Minutes(ledger).read(NOW, seconds=SECONDS)

    assert len(found) == SHOWN
    assert [it.begins for it in found] == sorted(it.begins for it in found)
    assert found[-1].begins == NOON
    assert told(found) == {
        0: {"applied": 10, "ignored": 10},
        1: {"duplicate": 10, "test": 10},
        2: {"stale": 10, "dead": 10},
        SHOWN - 1: {"applied": 1},
    }


def test_a_minute_that_is_over_is_counted_once_and_a_younger_one_again(ledger):
    minutes = Minutes(ledger)
    minutes.read(NOW, seconds=SECONDS)

    Ledger(ledger).write([worked(number, number) for number in range(5)])

    # Of the two youngest, rows may still come.
    assert told(minutes.read(NOW, seconds=SECONDS)).keys() == {0, 1}
    assert told(Minutes(ledger).read(NOW, seconds=SECONDS)).keys() == {0, 1, 2, 3, 4}


def test_an_hour_later_nothing_of_it_is_kept(ledger):
    minutes = Minutes(ledger)
    Ledger(ledger).write([worked(1, 30)])
    assert told(minutes.read(NOW, seconds=SECONDS)) == {30: {"applied": 1}}

    found = minutes.read(NOW + SHOWN * MINUTE, seconds=SECONDS)

    assert not any(any(it.counts.values()) for it in found)
    assert len(minutes._settled) <= SHOWN


def test_what_there_is_no_time_for_is_not_counted_and_not_nothing(ledger):
    found = Minutes(ledger).read(NOW, seconds=0.0)

    assert {it.counts for it in found} == {None}


def test_counting_reads_no_row(ledger):
    Ledger(ledger).write([worked(number, number % 60) for number in range(600)])
    span = {"$gte": NOON - MINUTE, "$lt": NOON}
    query = {"outcome": "applied", "processed_at": span}
    count = {"count": "deliveries", "query": query, "hint": BY_OUTCOME}

    plan = ledger.command("explain", count, verbosity="executionStats")

    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] <= 12


def test_the_newest_rows_tell_how_long_it_took_and_who_sent_them(ledger):
    rows = [
        worked(
            number,
            1,
            received_at=NOW - MINUTE - timedelta(milliseconds=number),
            receipt=f"{'abc'[number % 3]}.{number}",
        )
        for number in range(100)
    ]
    yesterday = {"attempts": 2, "received_at": NOON - timedelta(days=1)}
    again = [worked(number, 0, **yesterday) for number in range(300, 310)]
    by_hand = worked(201, 0, receipt="manual.4f1d", received_at=NOW)
    old = worked(202, 16, receipt="old.1")
    Ledger(ledger).write([*rows, *again, by_hand, old])

    found = lately.read(ledger, NOW)

    assert found.median_seconds == pytest.approx(0.049, abs=0.002)
    assert found.slow_seconds == pytest.approx(0.099, abs=0.002)
    assert found.receivers.keys() == {"a", "b", "c", "3f9c2a71"}
    assert found.receivers["a"] == NOW - MINUTE
    assert found.worked_at == NOW


def test_only_so_many_rows_are_looked_at_in_the_order_of_the_index(ledger):
    Ledger(ledger).write([worked(n, 1, OUTCOMES[n % 6]) for n in range(200)])
    query = {"outcome": {"$in": OUTCOMES}, "processed_at": {"$gte": NOW - 15 * MINUTE}}
    found = ledger["deliveries"].find(query, hint=BY_OUTCOME).sort("processed_at", -1)

    plan = found.limit(10).explain()

    assert '"SORT"' not in json.dumps(plan, default=str)
    assert plan["executionStats"]["totalDocsExamined"] <= 20


def test_nothing_lately_is_told_as_such(ledger):
    found = lately.read(ledger, NOW)

    assert (found.median_seconds, found.slow_seconds, found.worked_at) == (None,) * 3
    assert found.receivers == {}
    assert lately.last_by_source(ledger) == {}


def test_the_last_hook_of_each_source_is_known_however_long_ago(ledger):
    rows = [
        worked(
            number,
            number,
            OUTCOMES[number % 6],
            source="other" if number > 30 else "gitlab",
            event=("push", "user_create", "key_create")[number % 3],
        )
        for number in range(60)
    ]
    Ledger(ledger).write(rows)

    assert lately.last_by_source(ledger) == {
        "gitlab": rows[0].received_at,
        "other": rows[31].received_at,
    }
