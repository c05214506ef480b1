"""Dead letters in a real RabbitMQ: buried whole, read without being removed."""

import pika
import pytest

from broker import dead_letters
from broker.dead_letters import MAX_DETAIL, Death, bury
from broker.envelope import encode
from broker.errors import ConnectionLost
from broker.topology import DELIVERY_LIMIT
from tests.rabbit import a_message, channel, consuming, proxied, until

DEATH = Death(
    reason="handler-failed",
    detail="Traceback ...",
    handler="handlers.users.save",
    died_at=1_790_000_001_000_000,
)


def test_a_dead_letter_tells_all_about_the_event(amqp_url, topology, publisher):
    message = a_message(body=b'{"a": 1}' * 20_000, attempt=2)

    bury(publisher, *encode(message), DEATH).result(5)

    (letter,) = dead_letters.read(amqp_url, topology, 10)
    assert letter == dead_letters.DeadLetter(
        delivery_id="5f0c",
        event="push",
        source="gitlab",
        receipt="3f9c2a71.42",
        reason="handler-failed",
        detail="Traceback ...",
        handler="handlers.users.save",
        received_at=1_790_000_000_123_456,
        dead_at=1_790_000_001_000_000,
        attempts=2,
        body=message.body,
    )
    assert letter.body_size == 160_000


def test_reading_twice_shows_the_same_in_order(amqp_url, topology, publisher):
    for number in range(30):
        bury(publisher, *encode(a_message(str(number))), DEATH).result(5)

    first = [it.delivery_id for it in dead_letters.read(amqp_url, topology, 20)]
    second = [it.delivery_id for it in dead_letters.read(amqp_url, topology, 99)]

    assert first == [str(number) for number in range(20)]
    assert second == [str(number) for number in range(30)]
    assert dead_letters.count(amqp_url, topology) == 30


def test_a_reader_that_stops_early_leaves_all(amqp_url, topology, publisher):
    for number in range(3):
        bury(publisher, *encode(a_message(str(number))), DEATH).result(5)
    letters = dead_letters.read(amqp_url, topology, 10)
    next(letters)

    letters.close()

    # RabbitMQ puts back what was not acknowledged soon, not at once.
    until(lambda: dead_letters.count(amqp_url, topology) == 3)


def test_what_the_broker_set_aside_is_listed_too(amqp_url, topology, publisher):
    publisher.publish(a_message("poison"))
    with consuming(amqp_url, topology) as consumer:
        for _ in range(DELIVERY_LIMIT + 1):
            batch = consumer.take(1, 10)
            consumer.requeue(batch)
        until(lambda: dead_letters.count(amqp_url, topology) == 1)

    (letter,) = dead_letters.read(amqp_url, topology, 10)

    assert letter.delivery_id == "poison"
    assert letter.reason == "delivery-limit"
    assert letter.attempts == DELIVERY_LIMIT + 1
    assert letter.dead_at > 1_790_000_000_000_000
    assert letter.handler is None


def test_a_foreign_message_is_listed_too(amqp_url, topology, publisher):
    with channel(amqp_url) as it:
        it.basic_publish(topology.dead_letters, "", b"what?")

    (letter,) = dead_letters.read(amqp_url, topology, 10)

    assert letter.reason == "undecodable"
    assert letter.delivery_id is None
    assert letter.body == b"what?"


def test_whatever_a_worker_takes_can_be_buried(amqp_url, topology, publisher):
    strange = pika.BasicProperties(
        user_id="guest",
        expiration="60000",
        content_encoding="gzip",
        headers={"CC": ["elsewhere"], "huge": "x" * 100_000, "list": [{"a": None}]},
    )
    with channel(amqp_url) as it:
        it.basic_publish(topology.events, "any", b"no gzip", strange)
    death = Death("undecodable", "é" * 20_000 + "\ud800", None, 1)

    with consuming(amqp_url, topology) as consumer:
        (delivery,) = consumer.take(1, 10)
        bury(publisher, delivery.properties, delivery.body, death).result(5)
        consumer.ack([delivery])

    (letter,) = dead_letters.read(amqp_url, topology, 10)
    assert letter.body == b"no gzip"
    assert letter.detail == "é" * (MAX_DETAIL - 1) + "?"
    assert letter.dead_at == 1


def test_a_second_death_counts_all_deliveries(amqp_url, topology, publisher):
    publisher.publish(a_message())
    with consuming(amqp_url, topology) as consumer:
        consumer.requeue(consumer.take(1, 10))
        (delivery,) = consumer.take(1, 10)
        bury(publisher, delivery.properties, delivery.body, DEATH).result(5)
        consumer.ack([delivery])

    (letter,) = dead_letters.read(amqp_url, topology, 10)

    assert letter.attempts == 2


def test_a_reader_does_not_outlive_its_connection(amqp_url, topology, publisher):
    for number in range(3):
        bury(publisher, *encode(a_message(str(number))), DEATH).result(5)
    with proxied(amqp_url) as (proxy, url):
        letters = dead_letters.read(url, topology, 10)
        next(letters)

        proxy.cut()

        with pytest.raises(ConnectionLost):
            list(letters)
    until(lambda: dead_letters.count(amqp_url, topology) == 3)
