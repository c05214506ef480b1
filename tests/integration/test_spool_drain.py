"""The spool drains into a real RabbitMQ: in order, bounded, each event confirmed."""

import random
import time

import pytest

from broker.topology import Topology
from ingest.circuit import Circuit
from ingest.spool.drain import Outlet
from ingest.spool.spool import Bounds, Spool
from tests.rabbit import consuming, ctl, publishing, take_all
from tests.receiver import until
from tests.spooling import a_message


@pytest.fixture
def topology(prefix):
    return Topology(prefix)


@pytest.fixture
def spooled(tmp_path):
    """Open a spool that drains through a publisher, closed after the test."""
    spools = []

    def begin(publisher, rate=10_000.0):
        counted = []
        outlet = Outlet(publisher.is_ready, publisher.submit, counted.append, rate)
        bounds = Bounds(1 << 30, 3600.0, segment_bytes=100_000)
        spools.append(Spool(tmp_path / "spool", bounds, outlet, Circuit()))
        spools[-1].start()
        return spools[-1]

    yield begin
    for spool in spools:
        spool.close(5)


def test_thousands_of_events_arrive_in_order(amqp_url, topology, spooled):
    with publishing(amqp_url, topology, ready=False) as publisher:
        spool = spooled(publisher)
        for number in range(2000):
            spool.keep(a_message(number))
        until(lambda: spool.level().bytes == 0, "it is drained")

    with consuming(amqp_url, topology, prefetch=1000) as consumer:
        taken = [it.message() for it in take_all(consumer, 2000)]

    assert taken == [a_message(number) for number in range(2000)]


def test_the_rate_is_kept(amqp_url, topology, spooled):
    with publishing(amqp_url, topology) as publisher:
        began = time.monotonic()
        spool = spooled(publisher, rate=200.0)
        for number in range(200):
            spool.keep(a_message(number))

        until(lambda: spool.level().bytes == 0, "it is drained")

    assert 0.7 < time.monotonic() - began < 5


def test_an_event_that_is_too_large_for_the_broker_holds_up_nobody(
    rabbitmq, amqp_url, topology, spooled
):
    limit = "application:set_env(rabbit, max_message_size, {})."
    large = a_message(3, random.Random(0).randbytes(300_000))
    ctl(rabbitmq, "eval", limit.format(200_000))
    try:
        with publishing(amqp_url, topology) as publisher:
            spool = spooled(publisher)
            for number in (1, 2, 3, 4, 5):
                spool.keep(large if number == 3 else a_message(number))
            until(lambda: spool.level().bytes == 0, "it is drained")
    finally:
        ctl(rabbitmq, "eval", limit.format(134_217_728))

    with consuming(amqp_url, topology) as consumer:
        taken = {it.message().delivery_id for it in take_all(consumer, 4)}
    assert taken == {f"delivery-{number}" for number in (1, 2, 4, 5)}
    assert spool.set_aside_files() == 1
