"""The topology on a real RabbitMQ: declared by all at once, kept by none."""

import pytest
from pika.adapters.select_connection import IOLoop
from structlog.testing import capture_logs

from broker import addresses
from broker.browser import Browser
from broker.errors import ConnectionLost, NotConnected, TooLate, TopologyConflict
from broker.link import Link
from broker.session import Session
from broker.topology import Topology
from tests.rabbit import channel, proxied, publishing, until


def test_all_may_declare_at_once(amqp_url, prefix):
    topology = Topology(prefix)
    with (
        publishing(amqp_url, topology, ready=False) as first,
        publishing(amqp_url, topology, ready=False) as second,
        publishing(amqp_url, topology, ready=False) as third,
    ):
        until(lambda: first.is_ready() and second.is_ready() and third.is_ready())

    with channel(amqp_url) as it:
        for name in (topology.events, topology.dead_letters):
            assert it.queue_declare(name, passive=True).method.message_count == 0


def test_a_conflicting_exchange_is_named(amqp_url, prefix):
    topology = Topology(prefix)
    with channel(amqp_url) as it:
        it.exchange_declare(topology.events, "direct")

        with pytest.raises(TopologyConflict, match=topology.events):
            Browser(amqp_url, topology, name="test")

        it.exchange_delete(topology.events)


def test_wrong_credentials_are_told_without_them(amqp_url, prefix):
    url = amqp_url.replace("guest:guest", "guest:s3cret")

    with pytest.raises(NotConnected, match="cannot connect") as caught:
        Browser(url, Topology(prefix), name="test")

    assert "s3cret" not in str(caught.value)


def test_an_unknown_virtual_host_is_told(amqp_url, prefix):
    url = amqp_url.replace("%2F", "nowhere")

    with pytest.raises(NotConnected, match="nowhere"):
        Browser(url, Topology(prefix), name="test")


def test_an_unreachable_broker_is_told(amqp_url, prefix):
    with proxied(amqp_url) as (proxy, url):
        proxy.refuse()

        with pytest.raises(NotConnected):
            Browser(url, Topology(prefix), name="test")


class Idler:
    """Uses a link for nothing; without `answers` it never gets its channel ready."""

    def __init__(self, *, answers=True):
        self.answers = answers
        self.is_attached = False

    def attach(self, channel, ready):
        self.is_attached = True
        if self.answers:
            ready()

    def detach(self, error, *, reopening):
        self.is_attached = False

    def block(self, *, blocked):
        pass


def test_a_channel_that_is_not_ready_in_time_ends_the_session(amqp_url, prefix):
    (parameters,) = addresses.parse(amqp_url, name="test")
    loop, idler = IOLoop(), Idler(answers=False)

    session = Session(loop, parameters, Topology(prefix), idler, setup_seconds=0.2)
    session.open()

    assert idler.is_attached
    assert session.is_over
    assert "in time" in str(session.failure)
    loop.close()


def test_a_session_that_was_ready_lasts_until_it_is_closed(amqp_url, prefix):
    (parameters,) = addresses.parse(amqp_url, name="test")
    loop = IOLoop()
    session = Session(loop, parameters, Topology(prefix), Idler(), setup_seconds=0.3)
    session.open()
    loop.call_later(0.5, session.close)
    loop.call_later(0.5, session.close)

    session.serve()
    session.close()

    assert session.is_over
    assert "Normal shutdown" in str(session.failure)
    loop.close()


def test_closing_ends_the_pause_before_the_next_attempt(amqp_url, prefix):
    with proxied(amqp_url) as (proxy, url):
        proxy.refuse()
        link = Link(url, Topology(prefix), name="test", user=Idler())
        link.start()
        until(lambda: "refused" in str(link.problem) or "EOF" in str(link.problem))

        link.close(5)

        assert not link.is_alive


def test_closing_ends_a_handshake_that_hangs(amqp_url, prefix):
    with proxied(amqp_url) as (proxy, url):
        proxy.stall()
        link = Link(url, Topology(prefix), name="test", user=Idler())
        link.start()
        until(lambda: proxy.bytes_held)

        link.close(5)

        assert not link.is_alive


def test_closing_gives_up_in_time_when_the_broker_does_not_answer(amqp_url, prefix):
    with proxied(amqp_url) as (proxy, url):
        idler = Idler()
        link = Link(url, Topology(prefix), name="test", user=idler)
        link.start()
        until(lambda: idler.is_attached)
        proxy.stall()

        link.close(0.1)

        assert link.is_alive
        proxy.flow()
        link.close(5)
        assert not link.is_alive


def test_a_browser_finds_the_second_address(amqp_url, prefix):
    topology = Topology(prefix)
    with proxied(amqp_url) as (proxy, url):
        proxy.refuse()

        browser = Browser(f"{url},{amqp_url}", topology, name="test")

        assert browser.count(topology.events) == 0
        browser.close()


def test_a_browser_does_not_outlive_its_connection(amqp_url, prefix):
    topology = Topology(prefix)
    with proxied(amqp_url) as (proxy, url):
        browser = Browser(url, topology, name="test")
        proxy.cut()
        until(lambda: browser._is_lost and browser._link.problem is None)

        with pytest.raises(ConnectionLost):
            browser.count(topology.events)

        browser.close()


def test_a_question_that_is_not_answered_is_given_up(amqp_url, prefix):
    topology = Topology(prefix)
    with proxied(amqp_url) as (proxy, url):
        browser = Browser(url, topology, name="test", answer_seconds=2)
        browser._seconds = 0.1
        proxy.stall()

        with pytest.raises(TooLate):
            browser.count(topology.events)

        proxy.flow()
        browser._seconds = 5
        browser.close()


def test_what_fails_again_and_again_is_logged_once(amqp_url, prefix):
    url = f"{amqp_url.replace('guest:guest', 'guest:s3cret')}"
    with capture_logs() as logs:
        link = Link(f"{url},{url}", Topology(prefix), name="test", user=Idler())
        link.start()
        with pytest.raises(NotConnected):
            link.wait_connected(5)
        link.close(5)

    assert [it["event"] for it in logs] == ["rabbitmq-unusable"]
    assert "s3cret" not in str(logs)
