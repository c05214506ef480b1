"""One batch: each event gets its own outcome, whatever its neighbours do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields, post_load

from broker.delivery import Delivery
from broker.envelope import encode
from broker.message import Message
from handlers import Put, handles
from handlers.registry import by_event
from state.ledger import Ledger
from state.store import Store
from state.suspects import Suspects
from workers.batch import POISON_AFTER, Tools, work
from workers.brake import Brake, TooManyRejections

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: As many rejections in a row stop the worker.
LIMIT = 5


@dataclass(frozen=True)
class Badge:
    id: int
    label: Any


class BadgeSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.Integer(required=True, strict=True)
    label = fields.Raw(load_default=None)

    @post_load
    def make(self, loaded, **_):
        return Badge(**loaded)


@handles("badge_create", schema=BadgeSchema)
def save(badge):
    return [Put("badges", badge.id, {"label": badge.label})]


@handles("badge_explode", schema=BadgeSchema)
def explode(badge):
    raise KeyError(badge.label)


@handles("badge_inflate", schema=BadgeSchema)
def inflate(badge):
    return [Put("badges", badge.id, {"label": "x" * (17 << 20)})]


@handles("badge_ignore", schema=BadgeSchema)
def ignore(badge):
    return []


class World:
    """The tools of a worker, its dead letters and the bodies it keeps in lists."""

    def __init__(self, database):
        self.database = database
        self.buried = []
        self.kept = []
        self.tools = Tools(
            handlers=by_event([save, explode, inflate, ignore]),
            store=Store(database, "gitlab"),
            ledger=Ledger(database),
            bury=self.buried.extend,
            now=lambda: NOON,
            suspects=Suspects(database),
            brake=Brake(LIMIT),
            worker="w1",
            keep=lambda rows, messages: self.kept.append((rows, messages)),
        )

    def work(self, *deliveries):
        return {row.key: row.outcome for row in work(deliveries, self.tools)}

    def labels(self):
        found = self.database["badges"].find({"state": "active"})
        return {one["id"]: one["label"] for one in found}


@pytest.fixture
def world(database):
    return World(database)


def delivery(
    event,
    delivery_id,
    body=b'{"id": 1, "label": "Gold"}',
    receipt=None,
    attempt=1,
    returns=0,
):
    message = Message(
        source="gitlab",
        event=event,
        delivery_id=delivery_id,
        receipt=receipt or f"aa.{delivery_id}",
        received_at=1_790_000_000_000_000,
        body=body,
        attempt=attempt,
    )
    properties, body = encode(message)
    if returns:
        properties.headers["x-delivery-count"] = returns
    return Delivery(None, 1, properties, body)


def test_a_handler_that_raises_kills_its_own_event_only(world):
    outcomes = world.work(
        delivery("badge_create", "d1"), delivery("badge_explode", "d2")
    )

    assert outcomes == {"gitlab:d1": "applied", "gitlab:d2": "dead"}
    (reject,) = world.buried
    assert reject.error.reason == "handler-failed"
    assert reject.handler.endswith("explode")
    assert "Gold" not in str(reject.error)


def test_what_mongodb_refuses_does_not_take_its_neighbours_along(world):
    outcomes = world.work(
        delivery("badge_create", "d1"),
        delivery("badge_inflate", "d2", b'{"id": 2}'),
        delivery("badge_create", "d3", b'{"id": 3, "label": "Silver"}'),
    )

    assert outcomes == {
        "gitlab:d1": "applied",
        "gitlab:d2": "dead",
        "gitlab:d3": "applied",
    }
    assert world.labels() == {1: "Gold", 3: "Silver"}
    assert world.buried[0].error.reason == "unstorable"


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"id": "one"}', b'{"id": 1180591620717411303424}', b"\xff"]
)
def test_a_payload_that_does_not_fit_is_dead(world, body):
    outcomes = world.work(delivery("badge_create", "d1", body))

    assert outcomes == {"gitlab:d1": "dead"}
    assert world.buried[0].error.reason == "invalid-payload"


def test_an_event_without_handler_and_one_without_changes_are_ignored(world):
    outcomes = world.work(delivery("comet", "d1"), delivery("badge_ignore", "d2"))

    assert set(outcomes.values()) == {"ignored"}


def test_the_host_delivering_twice_makes_a_duplicate(world):
    first = delivery("badge_create", "d1")
    second = delivery("badge_create", "d1", receipt="aa.2")
    third = delivery("badge_create", "d1", receipt="aa.3")

    together = world.work(first, second)
    later = world.work(third)

    assert together == {"gitlab:d1": "applied", "gitlab:d1#aa.2": "duplicate"}
    assert later == {"gitlab:d1#aa.3": "duplicate"}


def test_the_broker_delivering_twice_makes_nothing(world):
    first = delivery("badge_create", "d1")

    assert world.work(first, first) == {"gitlab:d1": "applied"}
    assert world.work(first) == {}


def test_a_batch_that_was_cut_short_is_worked_again(world):
    first = delivery("badge_create", "d1")
    world.work(first)
    world.database["deliveries"].delete_many({})

    assert world.work(first) == {"gitlab:d1": "applied"}


def test_an_older_event_is_stale(world):
    newer = delivery("badge_create", "d2")
    world.work(newer)

    older = delivery("badge_create", "d1", b'{"id": 1, "label": "Bronze"}')

    assert world.work(older) == {"gitlab:d1": "stale"}
    assert world.labels() == {1: "Gold"}


def test_an_event_that_no_worker_came_to_an_end_with_is_poison(world):
    suspect = delivery("badge_create", "d1", returns=2)
    key = "gitlab:d1#aa.d1.1"
    for number in range(POISON_AFTER):
        world.tools.suspects.begin(key, f"dead-{number}", now=NOON)

    outcomes = world.work(suspect)

    assert outcomes == {"gitlab:d1": "dead"}
    assert world.buried[0].error.reason == "poison"
    assert world.labels() == {}
    assert world.database["suspects"].count_documents({}) == 0


def test_the_deaths_of_others_do_not_make_an_event_poison(world):
    returned = [delivery("badge_create", f"d{n}", returns=19) for n in range(2)]

    together = world.work(*returned)
    alone = world.work(delivery("badge_create", "d2", returns=19))

    assert set(together.values()) | set(alone.values()) <= {"applied", "stale"}
    assert world.database["suspects"].count_documents({}) == 0


def test_a_worker_that_tries_again_counts_once(world):
    suspects = world.tools.suspects
    for _ in range(POISON_AFTER + 1):
        suspects.begin("gitlab:d1#aa.d1.1", "w1", now=NOON)

    assert world.work(delivery("badge_create", "d1", returns=1)) == {
        "gitlab:d1": "applied"
    }


def test_a_dead_letter_that_is_sent_again_gets_its_new_outcome_once(world):
    world.work(delivery("badge_create", "d1", b'{"id": "one"}'))
    again = delivery("badge_create", "d1", attempt=2)

    first = world.work(again)
    second = world.work(again)

    assert first == {"gitlab:d1": "applied"}
    assert second == {}
    assert world.labels() == {1: "Gold"}
    (row,) = world.database["deliveries"].find()
    assert (row["outcome"], row["attempts"]) == ("applied", 2)
    assert "reason" not in row


def test_a_dead_letter_that_is_sent_again_may_die_again(world):
    broken = b'{"id": "one"}'
    world.work(delivery("badge_create", "d1", broken, returns=3))

    too_early = world.work(delivery("badge_create", "d1", broken, attempt=4))
    again = world.work(delivery("badge_create", "d1", broken, attempt=5))

    assert too_early == {}
    assert again == {"gitlab:d1": "dead"}
    assert world.database["deliveries"].find_one()["attempts"] == 5
    assert len(world.buried) == 2


def test_what_was_applied_is_not_worked_again_however_often_it_is_sent(world):
    world.work(delivery("badge_create", "d1"))

    assert world.work(delivery("badge_create", "d1", attempt=9)) == {}


def test_too_many_rejections_in_a_row_bury_nothing(world):
    rejected = [delivery("badge_explode", f"d{n}") for n in range(LIMIT)]
    world.work(*rejected[:2])

    with pytest.raises(TooManyRejections, match="5 events in a row"):
        world.work(*rejected[2:])

    assert len(world.buried) == 2
    assert world.database["deliveries"].count_documents({}) == 2


def test_one_event_that_fits_makes_any_number_of_rejections_none_of_our_fault(world):
    rejected = [delivery("badge_explode", f"d{n}") for n in range(3 * LIMIT)]
    for one in rejected[: LIMIT - 1]:
        world.work(one)

    outcomes = world.work(delivery("badge_create", "good"), *rejected[LIMIT - 1 :])
    later = world.work(delivery("badge_explode", "later"))

    assert outcomes["gitlab:good"] == "applied"
    assert set(later.values()) == {"dead"}


def test_what_no_handler_wants_and_tests_do_not_show_that_we_are_well(world):
    for n in range(LIMIT - 1):
        world.work(delivery("badge_explode", f"d{n}"), delivery("comet", f"c{n}"))

    with pytest.raises(TooManyRejections):
        world.work(delivery("badge_explode", "last"))


def test_a_brake_without_limit_never_stops():
    brake = Brake(0)

    for _ in range(100):
        brake.check(rejected=100, fitted=0)
        brake.note(rejected=100, fitted=0)

    assert not brake.is_on


def test_the_ledger_tells_what_was_changed_and_what_was_not_news(world):
    told = {"collection": "badges", "id": 1, "verb": "put", "fields": ["label"]}
    world.work(delivery("badge_create", "d2"))
    world.work(delivery("badge_create", "d1"), delivery("comet", "d3"))
    world.work(delivery("badge_explode", "d4"), delivery("badge_ignore", "d5"))
    world.work(delivery("badge_create", "d2", receipt="aa.6"))

    rows = world.database["deliveries"].find()
    assert {row["_id"]: row.get("changed") for row in rows} == {
        "gitlab:d2": [told | {"effect": True}],
        "gitlab:d1": [told | {"effect": False}],
        "gitlab:d3": None,
        "gitlab:d4": None,
        "gitlab:d5": None,
        "gitlab:d2#aa.6": None,
    }


def test_what_mongodb_refuses_changed_nothing(world):
    world.work(delivery("badge_inflate", "d1", b'{"id": 2}'))

    assert "changed" not in world.database["deliveries"].find_one()


def test_the_bodies_of_new_rows_are_kept_once_the_ledger_has_them(world):
    first, second = delivery("badge_create", "d1"), delivery("badge_explode", "d2")
    world.work(first, second)
    world.work(first)

    (rows, messages), (none, _) = world.kept
    assert [row.key for row in rows] == ["gitlab:d2", "gitlab:d1"]
    assert {it.receipt for it in messages} == {row.receipt for row in rows}
    assert none == []


def test_nothing_is_kept_of_a_batch_that_was_not_written(world):
    rejected = [delivery("badge_explode", f"d{n}") for n in range(LIMIT)]

    with pytest.raises(TooManyRejections):
        world.work(*rejected)

    assert world.kept == []
