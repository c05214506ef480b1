"""What RabbitMQ's plugin tells of our queues, and that nobody waits long for it."""

import threading
import time

import pytest

from broker.plugin import Plugin
from tests.answering import always, answering, said

TOLD = b"""\
# TYPE rabbitmq_detailed_queue_messages_ready gauge
rabbitmq_detailed_queue_messages_ready{vhost="/",queue="f.events"} 12
# TYPE rabbitmq_detailed_queue_messages_unacked gauge
rabbitmq_detailed_queue_messages_unacked{vhost="/",queue="f.events"} 5
rabbitmq_detailed_queue_messages_unacked{vhost="/",queue="other.f.events"} 6
rabbitmq_detailed_queue_messages_unacked{queue="f.dead",vhost="/"} 7
"""
NAMES = ("f.events", "f.dead")


def asked(*urls, names=NAMES):
    begun = time.monotonic()
    found = Plugin(urls, "/").unacknowledged(names)
    assert time.monotonic() - begun < 2
    return found


def test_the_plugin_is_asked_for_our_queues_only():
    requests = []

    def respond(request, connection):
        requests.append(request)
        connection.sendall(said(200, TOLD))

    with answering(respond) as url:
        found = asked(url)

    assert found == {"f.events": 5, "f.dead": 7}
    assert requests[0].startswith(
        b"GET /metrics/detailed?family=queue_coarse_metrics&vhost=%2F HTTP/1.1\r\n"
    )


def test_each_node_tells_of_the_queues_that_it_leads():
    one, other = TOLD.splitlines(keepends=True)[3:6:2]

    with (
        answering(always(said(200, one))) as a,
        answering(always(said(200, other))) as b,
    ):
        assert asked(a, b) == {"f.events": 5, "f.dead": 7}
        assert asked("http://127.0.0.1:1", b) == {"f.dead": 7}


def drip(_, connection):
    connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"#")
        threading.Event().wait(0.1)


def flood(_, connection):
    connection.sendall(b"HTTP/1.1 200 X\r\n\r\n" + b"#\n" * (2 << 20) + TOLD)


@pytest.mark.parametrize(
    "respond",
    [
        always(said(503, TOLD)),
        always(b"nonsense\r\n\r\n"),
        always(said(200, b"\xff\xfe")),
        lambda _, connection: connection.recv(1),
        drip,
        flood,
    ],
    ids=["status", "nonsense", "no text", "silence", "drip", "flood"],
)
def test_a_plugin_that_gives_no_answer_tells_nothing_and_holds_nobody(respond):
    with answering(respond) as url:
        assert asked(url) == {}


def test_without_a_plugin_nothing_is_known():
    assert asked() == {}


def test_nodes_where_no_plugin_answers_are_named():
    with answering(always(said(200, b""))) as good, answering(drip) as slow:
        away = "http://127.0.0.1:1"
        assert Plugin((away, good, slow), "/").silent() == (away, slow)
