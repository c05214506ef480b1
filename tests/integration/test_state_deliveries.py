"""The ledger is read by indexes, whatever is asked of it, and in order."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from state import flow
from state.client import connect
from state.deliveries import Wanted, _index, _query, read, rows_of
from state.ledger import OUTCOMES as RESULTS
from state.ledger import Ledger
from state.migrations import migrate
from state.newest import _beyond
from state.question import Place
from tests.operating import NOON, a_row
from tests.working import at_database

OUTCOMES = ("applied", "applied", "applied", "stale", "dead", "duplicate")
EVENTS = ("user_create", "push", "key_create")


@pytest.fixture(scope="module")
def ledger(mongodb):
    """A ledger with some rows of each kind."""
    database = connect(at_database(mongodb.url, "test_ledger_read"), name="tests")
    migrate(database)
    rows = [
        a_row(
            number,
            event=EVENTS[number % 3],
            outcome=OUTCOMES[number % 6],
            source="other" if number % 10 == 0 else "gitlab",
            entity=f"users/{number % 50}",
        )
        for number in range(3_000)
    ]
    Ledger(database).write(rows)
    yield database
    database.client.drop_database(database.name)
    database.client.close()


ASKED = [
    Wanted(),
    Wanted(events=["push"]),
    Wanted(events=["push", "key_create"]),
    Wanted(events=["push"], outcomes=["dead"]),
    Wanted(outcomes=["dead"]),
    Wanted(outcomes=["dead", "stale"]),
    Wanted(outcomes=["applied"]),
    Wanted(sources=["other"]),
    Wanted(entities=["users/7"]),
    Wanted(entities=["users/7"], events=["push"]),
    Wanted(since=NOON + timedelta(seconds=10), until=NOON + timedelta(seconds=90)),
]


@pytest.mark.parametrize("wanted", ASKED)
@pytest.mark.parametrize("after", [None, Place(NOON + timedelta(minutes=20), "z")])
def test_a_page_is_read_in_the_order_of_an_index(ledger, wanted, after):
    query = _query(ledger, wanted)
    if after:
        query = {"$and": [query, _beyond("received_at", after)]}
    found = ledger["deliveries"].find(query, hint=_index(wanted))

    told = found.sort([("received_at", -1), ("_id", -1)]).limit(51).explain()

    plan = json.dumps(told["queryPlanner"]["winningPlan"], default=str)
    assert '"COLLSCAN"' not in plan
    assert '"SORT"' not in plan
    assert len(read(ledger, wanted, limit=50, after=after).rows) > 0


@pytest.mark.parametrize("wanted", ASKED)
def test_pages_together_are_all_there_is(ledger, wanted):
    seen, after = [], None
    while True:
        page = read(ledger, wanted, limit=400, after=after)
        seen += page.rows
        after = page.ended_at
        if after is None:
            break

    number = ledger["deliveries"].count_documents(_query(ledger, wanted))
    assert len({it["_id"] for it in seen}) == len(seen) == number
    keys = [(it["received_at"], it["_id"]) for it in seen]
    assert keys == sorted(keys, reverse=True)


def test_a_delivery_and_its_repetitions_are_found_by_their_keys(ledger):
    own = a_row(0)
    Ledger(ledger).write([a_row(9_000, delivery_id=own.delivery_id, source="other")])

    rows = rows_of(ledger, "other", own.delivery_id)
    ledger["deliveries"].delete_one({"_id": rows[-1]["_id"]})

    assert [it["receipt"] for it in rows] == [own.receipt, "3f9c2a71.9001"]
    assert [it["outcome"] for it in rows] == ["applied", "duplicate"]
    assert rows_of(ledger, "gitlab", own.delivery_id) == []


def test_the_flow_of_the_last_minute_is_counted_by_indexes(ledger):
    counted = []
    deliveries = ledger["deliveries"]
    now = NOON + timedelta(seconds=3_000)
    last = {"$gte": now - flow.MINUTE}
    for query in (
        {"outcome": {"$in": flow._SETTLED}, "processed_at": last},
        {"outcome": "dead", "processed_at": last},
        {"received_at": last},
        {"dropped_at": last},
    ):
        told = deliveries.find(query).explain()
        counted.append(json.dumps(told["queryPlanner"]["winningPlan"], default=str))

    found = flow.read(ledger, now)

    assert not any('"COLLSCAN"' in plan for plan in counted)
    assert (found.received, found.worked, found.died) == (60, 60, 10)
    assert found.newest == NOON + timedelta(seconds=2_999)
    assert found.oldest_death == a_row(4).processed_at


def test_nothing_flows_in_an_empty_ledger(database):
    migrate(database)

    found = flow.read(database, datetime(2026, 11, 1, tzinfo=UTC))

    assert (found.received, found.worked, found.newest, found.oldest_death) == (
        0,
        0,
        None,
        None,
    )


def test_the_outcome_that_most_have_is_the_first_in_the_alphabet():
    """The index of the others says so."""
    assert min(RESULTS) == "applied"
