"""What one turn of the loop produces goes out in one piece."""

import pytest
from pika import ConnectionParameters
from pika.adapters.select_connection import IOLoop

from broker.corked import CorkedConnection


class Wire:
    """A transport that keeps what it is given."""

    def __init__(self):
        self.written = []

    def write(self, data):
        self.written.append(data)


@pytest.fixture
def loop():
    loop = IOLoop()
    yield loop
    loop.close()


@pytest.fixture
def connection(loop):
    return CorkedConnection(
        ConnectionParameters(), custom_ioloop=loop, internal_connection_workflow=False
    )


def turn(loop):
    loop.call_later(0, loop.stop)
    loop.start()


def test_frames_of_one_turn_are_written_together_and_in_order(loop, connection):
    connection._transport = wire = Wire()
    for frame in (b"method", b"header", b"body"):
        connection._adapter_emit_data(frame)

    before = list(wire.written)
    turn(loop)

    assert before == []
    assert wire.written == [b"methodheaderbody"]


def test_frames_of_the_next_turn_follow(loop, connection):
    connection._transport = wire = Wire()
    for frame in (b"one", b"two"):
        connection._adapter_emit_data(frame)
        turn(loop)

    assert wire.written == [b"one", b"two"]


def test_what_is_left_when_the_connection_is_lost_goes_with_it(loop, connection):
    connection._adapter_emit_data(b"frame")

    turn(loop)

    assert connection._gathered == []
