"""The publisher against a real RabbitMQ: what is confirmed is there, the rest fails."""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pika
import pytest

from broker.envelope import Parcel
from broker.errors import (
    Blocked,
    ConnectionLost,
    NotConnected,
    Refused,
    Returned,
    TooLarge,
    TooLate,
    TopologyConflict,
    Unsendable,
)
from broker.publisher import Publisher
from schemas.errors import BrokerUnavailable
from tests.rabbit import (
    a_message,
    channel,
    consuming,
    ctl,
    failure,
    proxied,
    publishing,
    take_all,
    until,
)

THREADS, EACH = 50, 100


class Outcomes(list):
    """What a publisher told of each message, and the seconds beside it."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def __call__(self, outcome, seconds):
        self.append(outcome)
        self.seconds.append(seconds)


def depth(url, queue):
    with channel(url) as it:
        return it.queue_declare(queue, passive=True).method.message_count


def test_what_fifty_threads_publish_is_all_there(amqp_url, topology):
    ids = [f"{thread}.{number}" for thread in range(THREADS) for number in range(EACH)]

    with publishing(amqp_url, topology, window=200) as publisher:

        def publish(own):
            for id_ in own:
                publisher.publish(a_message(id_))

        threads = [
            threading.Thread(target=publish, args=(ids[start::THREADS],))
            for start in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with consuming(amqp_url, topology, prefetch=1000) as consumer:
        taken = take_all(consumer, len(ids))

    assert sorted(it.message().delivery_id for it in taken) == sorted(ids)


def test_closing_waits_for_what_is_in_flight(amqp_url, topology):
    with publishing(amqp_url, topology, window=10) as publisher:
        confirms = [publisher.submit(a_message(str(it))) for it in range(500)]

        publisher.close(10)

        assert all(it.is_settled() and it.error is None for it in confirms)
        with pytest.raises(NotConnected):
            publisher.publish(a_message())


def test_a_publisher_that_never_started_can_be_closed(amqp_url, topology):
    publisher = Publisher(amqp_url, topology, name="idle")

    with pytest.raises(NotConnected):
        publisher.publish(a_message())

    publisher.close(5)


def test_a_message_that_no_queue_takes_is_returned(amqp_url, topology):
    told = Outcomes()
    with publishing(amqp_url, topology, told=told) as publisher:
        with channel(amqp_url) as it:
            it.queue_unbind(topology.events, topology.events, "#")

        with pytest.raises(Returned):
            publisher.publish(a_message())

        publisher.send(
            Parcel(topology.dead_letters, "", pika.BasicProperties(), b"")
        ).result(5)
    assert told == ["returned", "confirmed"]


def test_a_message_that_the_queue_refuses_fails(amqp_url, topology):
    told = Outcomes()
    with (
        publishing(amqp_url, topology, told=told) as publisher,
        channel(amqp_url) as it,
    ):
        it.exchange_declare(f"{topology.prefix}.full", auto_delete=True)
        arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
        it.queue_declare(f"{topology.prefix}.full", exclusive=True, arguments=arguments)
        it.queue_bind(f"{topology.prefix}.full", f"{topology.prefix}.full", "key")
        parcel = Parcel(f"{topology.prefix}.full", "key", pika.BasicProperties(), b"")

        confirms = [publisher.send(parcel) for _ in range(3)]

        assert all(it.wait(5) for it in confirms)
        assert confirms[0].error is None
        assert isinstance(confirms[2].error, Refused)
        assert (told[0], told[2]) == ("confirmed", "nacked")


def test_a_message_that_amqp_cannot_express_fails_alone(amqp_url, topology):
    told = Outcomes()
    with publishing(amqp_url, topology, told=told) as publisher:
        with pytest.raises(Unsendable):
            publisher.publish(a_message("x" * 256))

        publisher.publish(a_message())
    assert told == ["unsendable", "confirmed"]


def test_a_message_that_is_too_large_fails_and_the_next_one_goes_through(
    rabbitmq, amqp_url, topology
):
    limit = "application:set_env(rabbit, max_message_size, {})."
    large = a_message("large", body=random.Random(0).randbytes(300_000))
    ctl(rabbitmq, "eval", limit.format(200_000))
    try:
        with publishing(amqp_url, topology) as publisher:
            with pytest.raises(TooLarge, match="300000 bytes"):
                publisher.publish(large)

            publisher.publish(a_message())
            lost = publisher.submit(large)
            beside = [publisher.submit(a_message(str(it))) for it in range(20)]

            assert isinstance(failure(lost, 5), TooLarge)
            for it in beside:
                assert isinstance(failure(it, 5), ConnectionLost | None)
    finally:
        ctl(rabbitmq, "eval", limit.format(134_217_728))


def test_a_lost_connection_fails_fast_and_comes_back(amqp_url, topology):
    told = Outcomes()
    with (
        proxied(amqp_url) as (proxy, url),
        publishing(url, topology, told=told) as publisher,
    ):
        publisher.publish(a_message("before"))

        proxy.stall()
        waiting = publisher.submit(a_message("in flight"))
        proxy.refuse()
        proxy.flow()

        with pytest.raises(ConnectionLost):
            waiting.result(5)
        start = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            publisher.publish(a_message("meanwhile"))
        assert time.monotonic() - start < 0.5
        assert not publisher.is_ready()
        proxy.admit()
        until(publisher.is_ready)
        publisher.publish(a_message("after"))
        assert publisher.problem is None
    assert told == ["confirmed", "disconnected", "disconnected", "confirmed"]


def test_a_broker_that_does_not_answer_is_given_up_in_time(amqp_url, topology):
    told = Outcomes()
    with (
        proxied(amqp_url) as (proxy, url),
        publishing(
            url, topology, confirm_seconds=0.5, window=1, told=told
        ) as publisher,
    ):
        proxy.stall()

        first, second = publisher.submit(a_message("1")), publisher.submit(a_message())

        assert isinstance(failure(first, 2), TooLate)
        assert isinstance(failure(second, 2), TooLate)
        proxy.flow()
        publisher.publish(a_message("after"))
    assert told == ["late", "late", "confirmed"]
    assert told.seconds[0] >= 0.5 > told.seconds[-1]


def test_an_io_thread_that_is_stuck_holds_nobody_up(amqp_url, topology):
    free = threading.Event()
    with publishing(amqp_url, topology, confirm_seconds=0.1) as publisher:
        publisher._link.call(lambda: free.wait(10))

        with pytest.raises(TooLate):
            publisher.publish(a_message())

        free.set()


def publish_until(done, publisher, own, confirmed):
    for number in itertools.count():
        if done.is_set():
            return
        id_ = f"{own}.{number}"
        try:
            publisher.publish(a_message(id_))
        except BrokerUnavailable:
            done.wait(0.01)
        else:
            confirmed.append(id_)


def test_nothing_confirmed_is_lost_while_connections_break(amqp_url, topology):
    confirmed, done = [], threading.Event()
    with (
        proxied(amqp_url) as (proxy, url),
        publishing(url, topology, confirm_seconds=2) as publisher,
        ThreadPoolExecutor(10) as pool,
    ):
        for own in range(10):
            pool.submit(publish_until, done, publisher, own, confirmed)

        for _ in range(4):
            enough = len(confirmed) + 50
            until(lambda enough=enough: len(confirmed) > enough)
            proxy.cut()
        done.set()

    seen = set()
    with consuming(amqp_url, topology, prefetch=1000) as consumer:
        until(
            lambda: (
                seen.update(it.message().delivery_id for it in consumer.take(500, 0.1))
                or seen.issuperset(confirmed)
            )
        )


def test_the_second_address_serves_when_the_first_does_not(amqp_url, topology):
    with proxied(amqp_url) as (proxy, dead):
        proxy.refuse()

        with publishing(f"{dead},{amqp_url}", topology) as publisher:
            publisher.publish(a_message())

    assert depth(amqp_url, topology.events) == 1


def test_a_broker_short_of_memory_blocks_and_frees_again(rabbitmq, amqp_url, topology):
    told = Outcomes()
    with publishing(amqp_url, topology, told=told) as publisher:
        ctl(rabbitmq, "set_vm_memory_high_watermark", "0.00001")
        try:
            with pytest.raises(Blocked):
                publisher.publish(a_message("first"))
            start = time.monotonic()
            with pytest.raises(Blocked):
                publisher.publish(a_message("second"))

            assert time.monotonic() - start < 0.5
            assert not publisher.is_ready()
        finally:
            ctl(rabbitmq, "set_vm_memory_high_watermark", "0.4")
        until(publisher.is_ready)
        publisher.publish(a_message("third"))
    assert told == ["blocked", "blocked", "confirmed"]


def test_a_broker_that_stops_and_starts_is_found_again(rabbitmq, amqp_url, topology):
    with (
        publishing(amqp_url, topology) as publisher,
        consuming(amqp_url, topology) as consumer,
    ):
        publisher.publish(a_message("before"))
        ctl(rabbitmq, "stop_app")
        try:
            with pytest.raises(BrokerUnavailable):
                publisher.publish(a_message("meanwhile"))
            until(lambda: not consumer.is_ready())
        finally:
            ctl(rabbitmq, "start_app")

        until(publisher.is_ready)
        publisher.publish(a_message("after"))

        ids = [it.message().delivery_id for it in take_all(consumer, 2)]
        assert {"before", "after"} <= set(ids)


def test_a_conflicting_queue_is_named_and_waited_for(amqp_url, topology):
    with channel(amqp_url) as it:
        it.queue_declare(topology.events, durable=True)

        with publishing(amqp_url, topology, ready=False) as publisher:
            until(lambda: isinstance(publisher.problem, TopologyConflict))

            with pytest.raises(TopologyConflict, match=topology.events):
                publisher.publish(a_message())

            it.queue_delete(topology.events)
            until(publisher.is_ready)
