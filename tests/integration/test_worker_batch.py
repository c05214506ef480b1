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
from workers.batch import Tools, work

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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
    """The tools of a worker, its dead letters in a list."""

    def __init__(self, database):
        self.database = database
        self.buried = []
        self.tools = Tools(
            handlers=by_event([save, explode, inflate, ignore]),
            store=Store(database, "gitlab"),
            ledger=Ledger(database),
            bury=self.buried.extend,
            now=lambda: NOON,
        )

    def work(self, *deliveries):
        return {row.key: row.outcome for row in work(deliveries, self.tools)}

    def labels(self):
        found = self.database["badges"].find({"state": "active"})
        return {one["id"]: one["label"] for one in found}


@pytest.fixture
def world(database):
    return World(database)


def delivery(event, delivery_id, body=b'{"id": 1, "label": "Gold"}', receipt=None):
    message = Message(
        source="gitlab",
        event=event,
        delivery_id=delivery_id,
        receipt=receipt or f"aa.{delivery_id}",
        received_at=1_790_000_000_000_000,
        body=body,
    )
    return Delivery(None, 1, *encode(message))


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
