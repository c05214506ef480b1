"""Dead letters in a real RabbitMQ leave it only when they are safe elsewhere."""

import time
import tracemalloc
from contextlib import closing
from itertools import islice

import pytest

from broker import dead_letters
from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.errors import ConnectionLost
from broker.holding import Holding
from broker.replay import Outgoing, replay
from tests.rabbit import (
    a_message,
    consuming,
    proxied,
    publishing,
    take_all,
    until,
)

MIB = 1024 * 1024
DEATH = Death("handler-failed", "Traceback ...", "handlers.users.save", 1)


@pytest.fixture
def bury_all(publisher):
    """Bury messages; the number of each is its delivery id."""

    def bury_them(numbers, **changes):
        buried = [
            bury(publisher, *encode(a_message(str(number), **changes)), DEATH)
            for number in numbers
        ]
        for future in buried:
            future.result(30)

    return bury_them


def ids_in(url, topology):
    return [it.delivery_id for it in dead_letters.read(url, topology, 100_000)]


def send_again(holding, send, takes=lambda _: True):
    outgoing = (
        Outgoing(held.tag, held.again())
        for held in holding.letters()
        if takes(held.letter)
    )
    done = list(
        replay(
            outgoing,
            send=send,
            remove=lambda tag: holding.remove([tag]),
            wait=lambda: None,
        )
    )
    holding.settle()
    return done


def test_a_replayed_letter_is_the_message_it_was_but_for_its_attempt(
    amqp_url, topology, publisher
):
    message = a_message(body=b'{"a": 1}' * 20_000, traceparent="00-1-2-01", attempt=3)
    bury(publisher, *encode(message), DEATH).result(5)

    with closing(Holding(amqp_url, topology)) as holding:
        (sent,) = send_again(holding, publisher.submit)

    with consuming(amqp_url, topology) as consumer:
        (delivery,) = take_all(consumer, 1)
    assert sent.problem is None
    assert delivery.message() == a_message(
        body=message.body, traceparent="00-1-2-01", attempt=4
    )
    assert delivery.properties.headers.keys().isdisjoint({"fw-reason", "fw-attempts"})
    assert ids_in(amqp_url, topology) == []


def test_what_is_not_chosen_stays_in_its_order(amqp_url, topology, bury_all, publisher):
    bury_all(range(20))

    with closing(Holding(amqp_url, topology)) as holding:
        send_again(holding, publisher.submit, lambda it: int(it.delivery_id) % 3 == 0)

    left = [str(number) for number in range(20) if number % 3]
    assert ids_in(amqp_url, topology) == left
    assert ids_in(amqp_url, topology) == left
    with consuming(amqp_url, topology) as consumer:
        again = [it.message().delivery_id for it in take_all(consumer, 7)]
    assert again == ["0", "3", "6", "9", "12", "15", "18"]


def test_a_crash_between_confirm_and_removal_leaves_a_letter_in_both(
    amqp_url, topology, bury_all, publisher
):
    bury_all(range(3))
    with proxied(amqp_url) as (proxy, url):

        def send_and_crash(message):
            future = publisher.submit(message)
            future.result(5)
            proxy.cut()
            return future

        with (
            closing(Holding(url, topology)) as holding,
            pytest.raises(ConnectionLost),
        ):
            send_again(holding, send_and_crash)

    until(lambda: dead_letters.count(amqp_url, topology) == 3)
    assert ids_in(amqp_url, topology) == ["0", "1", "2"]
    with consuming(amqp_url, topology) as consumer:
        assert take_all(consumer, 1)[0].message().delivery_id == "0"


def test_a_crash_before_the_confirm_loses_none(amqp_url, topology, bury_all):
    bury_all(range(3))
    with (
        proxied(amqp_url) as (proxy, url),
        publishing(url, topology) as through_proxy,
        closing(Holding(amqp_url, topology)) as holding,
    ):

        def crash_and_send(message):
            proxy.cut()
            until(lambda: not through_proxy.is_ready())
            return through_proxy.submit(message)

        with pytest.raises(Exception, match="connect"):
            send_again(holding, crash_and_send)

    assert ids_in(amqp_url, topology) == ["0", "1", "2"]


def test_what_dies_again_meanwhile_is_not_sent_once_more(
    amqp_url, topology, bury_all, publisher
):
    bury_all(range(5))

    def send_and_die(message):
        bury(publisher, *encode(message), DEATH).result(5)
        return publisher.submit(message)

    with closing(Holding(amqp_url, topology)) as holding:
        done = send_again(holding, send_and_die)

    assert len(done) == 5
    assert ids_in(amqp_url, topology) == list("01234")


def test_thousands_of_letters_are_sent_again_within_seconds(
    amqp_url, topology, bury_all, publisher
):
    bury_all(range(2_000))
    started = time.monotonic()

    with closing(Holding(amqp_url, topology)) as holding:
        done = send_again(holding, publisher.submit)

    assert time.monotonic() - started < 20
    assert len(done) == 2_000
    assert ids_in(amqp_url, topology) == []
    with consuming(amqp_url, topology, prefetch=2_000) as consumer:
        taken = [it.message().delivery_id for it in take_all(consumer, 2_000)]
    assert taken == [str(number) for number in range(2_000)]


def test_one_large_body_is_in_memory_at_a_time(amqp_url, topology, bury_all):
    bury_all(range(4), body=b"{}" + b" " * 25 * MIB)
    tracemalloc.start()

    with closing(Holding(amqp_url, topology)) as holding:
        sizes = [held.letter.body_size for held in holding.letters()]
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sizes == [25 * MIB + 2] * 4
    # A body while it is unpacked, and the one before that is about to be let go.
    assert peak < 3.5 * 25 * MIB
    until(lambda: dead_letters.count(amqp_url, topology) == 4)


def test_a_letter_is_removed_only_once(amqp_url, topology, bury_all):
    bury_all(range(2))

    with closing(Holding(amqp_url, topology)) as holding:
        (held,) = islice(holding.letters(), 1)
        holding.remove([held.tag, held.tag, 99])
        holding.settle()
        holding.remove([held.tag])
        holding.settle()

    assert ids_in(amqp_url, topology) == ["1"]


def test_whether_they_are_gone_is_not_known_if_the_connection_is(
    amqp_url, topology, bury_all
):
    bury_all(range(1))
    with proxied(amqp_url) as (proxy, url), closing(Holding(url, topology)) as holding:
        (held,) = holding.letters()
        proxy.cut()
        holding.remove([held.tag])

        with pytest.raises(ConnectionLost):
            holding.settle()

    until(lambda: dead_letters.count(amqp_url, topology) == 1)


def test_what_another_reader_holds_is_not_waited_for(amqp_url, topology, bury_all):
    bury_all(range(3))

    with closing(Holding(amqp_url, topology)) as holding:
        letters = holding.letters()
        next(letters)
        with closing(Holding(amqp_url, topology)) as other:
            assert len(other) == 2
            assert len(list(other.letters())) == 2
            rest = list(letters)

    assert rest == []


def test_a_payload_is_shown_by_no_repr(amqp_url, topology, bury_all):
    bury_all(range(1), body=b'{"name": "Ada Sample"}')

    with closing(Holding(amqp_url, topology)) as holding:
        (held,) = holding.letters()

    assert "Ada" not in repr(held)
    assert "Ada" not in repr(held.held)
