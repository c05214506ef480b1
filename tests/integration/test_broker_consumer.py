"""The consumer against a real RabbitMQ: nothing is lost, little comes twice."""

import random
import threading
import time

from broker.consumer import Consumer
from broker.topology import DELIVERY_LIMIT
from schemas.errors import BrokerUnavailable
from tests.rabbit import (
    a_message,
    channel,
    consuming,
    failure,
    proxied,
    take_all,
    until,
)


def publish(publisher, *ids, **changes):
    for future in [publisher.submit(a_message(id_, **changes)) for id_ in ids]:
        future.result(10)


def ids(deliveries):
    return [it.message().delivery_id for it in deliveries]


def take(consumer, number):
    taken = []
    until(lambda: len(taken.extend(consumer.take(number, 0.1)) or taken) >= number)
    return taken


def test_a_batch_is_what_has_arrived_and_does_not_wait(amqp_url, topology, publisher):
    with consuming(amqp_url, topology) as consumer:
        publish(publisher, "a")
        start = time.monotonic()

        batch = consumer.take(100, 10)

        assert ids(batch) == ["a"]
        assert time.monotonic() - start < 5
        assert not batch[0].redelivered
        assert batch[0].delivery_count == 0


def test_nothing_arrives_from_an_empty_queue(amqp_url, topology):
    with consuming(amqp_url, topology) as consumer:
        assert consumer.take(100, 0.05) == []
        assert consumer.problem is None


def test_it_tells_how_many_rabbitmq_waits_to_hear_of(amqp_url, topology, publisher):
    publish(publisher, *"abcde")

    with consuming(amqp_url, topology) as consumer:
        until(lambda: consumer.unacknowledged() == 5)
        consumer.ack(take(consumer, 3))
        until(lambda: consumer.unacknowledged() == 2)
        consumer.close(5)

        assert consumer.unacknowledged() == 0


def test_a_batch_has_a_limit_in_number_and_bytes(amqp_url, topology, publisher):
    publish(publisher, *"abcdef", body=b"x" * 1000)

    with consuming(amqp_url, topology) as consumer:
        until(lambda: len(consumer._intake._shelf) == 6)

        assert ids(consumer.take(2, 5)) == ["a", "b"]
        assert ids(consumer.take(9, 5, max_bytes=2500)) == ["c", "d"]
        assert ids(consumer.take(9, 5, max_bytes=10)) == ["e"]


def test_what_is_acknowledged_in_any_order_does_not_come_again(
    amqp_url, topology, publisher
):
    publish(publisher, *map(str, range(50)))
    with consuming(amqp_url, topology) as consumer:
        taken = take(consumer, 50)
        done = [it for it in taken if it.tag % 7]
        random.Random(1).shuffle(done)

        for start in range(0, len(done), 5):
            consumer.ack(done[start : start + 5])
        consumer.ack(done)

    with consuming(amqp_url, topology) as consumer:
        rest = take(consumer, 7)
        assert sorted(ids(rest)) == sorted(ids(it for it in taken if not it.tag % 7))
        assert all(it.redelivered and it.delivery_count == 1 for it in rest)
        assert consumer.take(9, 0.2) == []


def test_closing_gives_back_in_order_what_was_not_taken(amqp_url, topology, publisher):
    publish(publisher, *"abcdef")
    with consuming(amqp_url, topology) as consumer:
        until(lambda: len(consumer._intake._shelf) == 6)
        consumer.ack(consumer.take(2, 5))

        consumer.close(5)

        assert consumer.take(9, 5) == []
        assert not consumer.is_ready()
    with consuming(amqp_url, topology) as consumer:
        assert ids(take(consumer, 4)) == ["c", "d", "e", "f"]


def test_closing_wakes_who_waits(amqp_url, topology):
    with consuming(amqp_url, topology) as consumer:
        taken = []
        thread = threading.Thread(target=lambda: taken.append(consumer.take(9, 30)))
        thread.start()

        consumer.close(5)

        thread.join(5)
        assert taken == [[]]


def test_a_consumer_that_never_started_can_be_closed(amqp_url, topology):
    consumer = Consumer(amqp_url, topology, name="idle", prefetch=1)

    consumer.close(5)

    assert not consumer.is_ready()


def test_a_consumer_without_a_broker_can_be_closed_at_once(amqp_url, topology):
    with proxied(amqp_url) as (proxy, url):
        proxy.refuse()
        consumer = Consumer(url, topology, name="lonely", prefetch=1)
        consumer.start()
        start = time.monotonic()

        consumer.close(5)

        assert time.monotonic() - start < 2


def test_what_is_given_back_comes_again_until_the_limit(amqp_url, topology, publisher):
    publish(publisher, "poison")

    with consuming(amqp_url, topology) as consumer:
        for count in range(DELIVERY_LIMIT + 1):
            (delivery,) = take(consumer, 1)
            assert delivery.delivery_count == count
            consumer.requeue([delivery])
        assert consumer.take(1, 0.3) == []


def test_a_lost_connection_delivers_again_and_late_acks_do_no_harm(
    amqp_url, topology, publisher
):
    publish(publisher, *"abcd")
    with proxied(amqp_url) as (proxy, url), consuming(url, topology) as consumer:
        until(lambda: len(consumer._intake._shelf) == 4)
        first = consumer.take(2, 5)

        proxy.refuse()
        until(lambda: not consumer.is_ready())
        assert consumer.take(9, 0) == []
        assert isinstance(consumer.problem, BrokerUnavailable)
        consumer.ack(first)
        consumer.requeue(first)
        proxy.admit()

        again = take(consumer, 4)
        consumer.ack(first)
        consumer.requeue(first)
        consumer.ack(again)
        assert sorted(ids(again)) == ["a", "b", "c", "d"]
        publish(publisher, "e")
        assert ids(take(consumer, 1)) == ["e"]


def test_a_queue_deleted_under_the_consumer_is_declared_and_consumed_again(
    amqp_url, topology, publisher
):
    with consuming(amqp_url, topology) as consumer:
        with channel(amqp_url) as it:
            it.queue_delete(topology.events)

        until(lambda: not failure(publisher.submit(a_message("after"))))

        assert ids(take_all(consumer, 1)) == ["after"]


def test_a_worker_that_is_busy_for_long_keeps_its_connection(
    amqp_url, topology, publisher
):
    impatient = f"{amqp_url}?heartbeat=1"
    with consuming(impatient, topology) as consumer:
        publish(publisher, "a")
        (delivery,) = take(consumer, 1)

        # The broker hangs up on a silent client after two heartbeats, so this waits.
        assert consumer.take(1, 3.5) == []
        consumer.ack([delivery])

        assert delivery.channel.is_open


def test_a_body_of_25_mib_goes_through(amqp_url, topology, publisher):
    size = 25 * 1024 * 1024
    noise = random.Random(0).randbytes(size)
    text = b'{"a": "' + b"x" * (size - 9) + b'"}'
    publish(publisher, "noise", body=noise)
    publish(publisher, "text", body=text)

    with consuming(amqp_url, topology) as consumer:
        until(lambda: len(consumer._intake._shelf) == 2)

        (first,), (second,) = consumer.take(9, 5), consumer.take(9, 5)

        assert first.message().body == noise
        assert second.message().body == text
        assert len(second.body) < size // 100
        consumer.ack([first, second])
