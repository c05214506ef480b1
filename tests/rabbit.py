"""What the tests of the broker need around a real RabbitMQ."""

import contextlib
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pika

from broker.consumer import Consumer
from broker.message import Message
from broker.publisher import Publisher
from tests.proxy import Proxy

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
CTL = PROGRAMS / "rabbitmqctl"


def a_message(delivery_id="5f0c", **changes):
    fields = {
        "source": "gitlab",
        "event": "push",
        "delivery_id": delivery_id,
        "receipt": "3f9c2a71.42",
        "received_at": 1_790_000_000_123_456,
        "body": b'{"event_name": "push"}',
    }
    return Message(**fields | changes)


def until(condition, seconds=15):
    """Wait until the condition holds, and fail if it never does."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        pause.wait(0.02)


def failure(confirm, seconds=5):
    """What prevented a confirm, once its outcome is known."""
    assert confirm.wait(seconds)
    return confirm.error


@contextlib.contextmanager
def publishing(url, topology, **options):
    """A publisher that has connected; `ready=False` does not wait for that."""
    ready = options.pop("ready", True)
    publisher = Publisher(url, topology, name="test publisher", **options)
    publisher.start()
    try:
        if ready:
            until(publisher.is_ready)
        yield publisher
    finally:
        publisher.close(5)


@contextlib.contextmanager
def consuming(url, topology, *, prefetch=1000):
    """A consumer that has subscribed."""
    consumer = Consumer(url, topology, name="test consumer", prefetch=prefetch)
    consumer.start()
    try:
        until(consumer.is_ready)
        consumer.take(0, 0)
        yield consumer
    finally:
        consumer.close(5)


@contextlib.contextmanager
def channel(url):
    """A plain channel, to look and meddle from outside."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


@contextlib.contextmanager
def proxied(url):
    """A proxy in front of the broker, and the URL that leads through it."""
    proxy = Proxy(urlsplit(url).port)
    try:
        yield proxy, f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F"
    finally:
        proxy.close()


def ctl(server, *command, program="rabbitmqctl"):
    """Run a program of RabbitMQ's on the tests' own node, in the node's environment."""
    text = Path(f"/proc/{server.node.pid}/environ").read_text()
    environment = dict(it.split("=", 1) for it in text.split("\0") if it)
    subprocess.run([PROGRAMS / program, "-q", *command], env=environment, check=True)


def take_all(consumer, number, seconds=15):
    """Take and acknowledge until so many have come; return them in order."""
    taken, end = [], time.monotonic() + seconds
    while len(taken) < number:
        assert time.monotonic() < end, f"only {len(taken)} of {number} came"
        batch = consumer.take(100, 0.5)
        consumer.ack(batch)
        taken += batch
    return taken
