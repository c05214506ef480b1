"""A worker that rejects everything stands still, and goes on when something fits."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from broker import dead_letters
from broker.consumer import Consumer
from broker.topology import Topology
from handlers.registry import load
from state.ledger import Ledger
from state.store import Store
from state.suspects import Suspects
from tests.rabbit import a_message, proxied, until
from tests.samples.load import event_of, payload
from workers import standstill
from workers.batch import Tools
from workers.brake import Brake
from workers.burial import burial
from workers.loop import Loop
from workers.metrics import Metrics

LIMIT = 10
HANDLERS = load()


class Shift:
    """A worker's loop in a thread; `probe` lets it try one event more."""

    def __init__(self, amqp_url, topology, database, publisher):
        self.rows = database["deliveries"]
        self.metrics = Metrics(CollectorRegistry(), HANDLERS.keys())
        self.consumer = Consumer(amqp_url, topology, name="test", prefetch=100)
        self.brake = Brake(LIMIT)
        self.stop = threading.Event()
        self._may_probe = threading.Semaphore(0)
        self.probes = 0
        tools = Tools(
            handlers=HANDLERS,
            store=Store(database, "gitlab"),
            ledger=Ledger(database),
            bury=burial(publisher),
            now=lambda: datetime.now(UTC),
            suspects=Suspects(database),
            brake=self.brake,
            worker="w1",
        )
        self.loop = Loop(self.consumer, tools, self.metrics, 50, self.stop, self._waits)
        self._thread = threading.Thread(target=self.loop.run)

    def _waits(self):
        while True:
            self._may_probe.acquire()
            self.probes += 1
            yield 0

    def probe(self, number=1):
        self._may_probe.release(number)

    def outcomes(self):
        return {row["delivery_id"]: row["outcome"] for row in self.rows.find()}

    def is_red(self):
        shown = generate_latest(self.metrics.registry).decode()
        return self.brake.is_on and "forgewire_worker_standing_still 1.0" in shown

    @contextmanager
    def running(self):
        self.consumer.start()
        self._thread.start()
        try:
            yield self
        finally:
            self.stop.set()
            self._may_probe.release(1_000)
            self._thread.join(10)
            self.consumer.close(5)


@pytest.fixture
def topology(prefix):
    return Topology(prefix)


@pytest.fixture
def shift(amqp_url, topology, database, publisher):
    return Shift(amqp_url, topology, database, publisher)


def good(delivery_id):
    return a_message(
        delivery_id,
        receipt=f"test.{delivery_id}",
        event=event_of("user_create"),
        body=json.dumps(payload("user_create")).encode(),
    )


def bad(delivery_id):
    return replace(good(delivery_id), body=b'{"user_id": "none"}')


def publish(publisher, *messages):
    for sent in [publisher.submit(message) for message in messages]:
        sent.result(10)


def many_bad(number):
    return [bad(f"bad-{n}") for n in range(number)]


def test_a_burst_of_rejections_stops_the_worker_before_any_is_buried(
    amqp_url, topology, publisher, shift
):
    publish(publisher, *many_bad(60))

    with shift.running():
        until(shift.is_red)

        assert shift.outcomes().get("bad-59") is None
        assert dead_letters.count(amqp_url, topology) < LIMIT


def test_each_probe_buries_one_so_that_an_operator_sees_why(
    amqp_url, topology, publisher, shift
):
    publish(publisher, *many_bad(60))

    with shift.running():
        until(shift.is_red)
        before = len(shift.outcomes())
        shift.probe(2)
        until(lambda: len(shift.outcomes()) == before + 2)

        assert shift.is_red()
        letters = list(dead_letters.read(amqp_url, topology, 100))
        assert {it.reason for it in letters} == {"invalid-payload"}


def test_one_event_that_fits_speaks_for_the_worker(publisher, shift):
    publish(publisher, *many_bad(30))
    with shift.running():
        until(shift.is_red)
        publish(publisher, good("good"), *[bad(f"later-{n}") for n in range(5)])
        # Where the good one waits: what is held is looked through.
        until(lambda: len(shift.consumer._intake._shelf) == 6)

        shift.probe()

        until(lambda: len(shift.outcomes()) == 36)
        assert shift.outcomes()["good"] == "applied"
        assert not shift.brake.is_on


def test_a_worker_that_went_on_stops_again_at_the_next_burst(publisher, shift):
    publish(publisher, *many_bad(30))
    with shift.running():
        until(shift.is_red)
        publish(publisher, good("good"))
        until(lambda: len(shift.consumer._intake._shelf) == 1)
        shift.probe()
        until(lambda: len(shift.outcomes()) == 31)

        publish(publisher, *[bad(f"later-{n}") for n in range(40)])

        until(shift.is_red)


def test_a_burst_of_foreign_messages_counts_as_well(
    amqp_url, topology, publisher, shift
):
    publish(publisher, *[replace(bad(f"x-{n}"), attempt=-1) for n in range(30)])

    with shift.running():
        until(shift.is_red)
        assert dead_letters.count(amqp_url, topology) < LIMIT


def test_what_came_again_on_another_connection_is_held_once(
    amqp_url, topology, database, publisher
):
    publish(publisher, *many_bad(30))
    with proxied(amqp_url) as (proxy, url):
        shift = Shift(url, topology, database, publisher)
        with shift.running():
            until(shift.is_red)
            proxy.cut()
            until(lambda: not shift.consumer.is_ready())
            until(shift.consumer.is_ready)

            until(lambda: shift.probe() or len(shift.outcomes()) == 30)

            assert set(shift.outcomes().values()) == {"dead"}


def test_a_worker_that_stands_still_stops_when_it_is_told_to(publisher, shift):
    publish(publisher, *many_bad(30))

    with shift.running():
        until(shift.is_red)

    assert not shift._thread.is_alive()
    assert len(shift.outcomes()) < 30


def test_the_waits_grow_to_five_minutes():
    waits = standstill.pauses()

    first = [next(waits) for _ in range(9)]

    assert first == [0, 5, 10, 20, 40, 80, 160, 300, 300]
