"""Dead letters are removed after their confirm, in order, and not too fast."""

import pytest

from broker import replay as module
from broker.confirm import Confirm
from broker.errors import ConnectionLost, TooLarge
from broker.replay import Outgoing, Pace, Sent, replay
from tests.rabbit import a_message


class Broker:
    """Confirms what it is told to, and writes down what happens."""

    def __init__(self, *, confirms=True, fails=None):
        self.log = []
        self.confirms = []
        self._confirms = confirms
        self._fails = fails or {}

    def send(self, message):
        self.log.append(("send", message.delivery_id))
        confirm = Confirm()
        self.confirms.append(confirm)
        if message.delivery_id in self._fails:
            confirm.settle(self._fails[message.delivery_id])
        elif self._confirms:
            confirm.settle()
        return confirm

    def remove(self, tag):
        self.log.append(("remove", tag))


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def outgoing(number, body=b"{}"):
    return [Outgoing(n, a_message(f"d-{n}", body=body)) for n in range(1, number + 1)]


def run(broker, letters):
    return replay(letters, send=broker.send, remove=broker.remove, wait=lambda: None)


def test_a_letter_is_removed_after_its_confirm():
    broker = Broker()

    sent = list(run(broker, outgoing(2)))

    assert sent == [Sent(1), Sent(2)]
    assert broker.log == [
        ("send", "d-1"),
        ("remove", 1),
        ("send", "d-2"),
        ("remove", 2),
    ]


def test_what_is_not_confirmed_is_not_removed():
    broker = Broker(fails={"d-2": ConnectionLost("gone")})
    sending = run(broker, outgoing(3))

    assert next(sending) == Sent(1)
    with pytest.raises(ConnectionLost):
        next(sending)

    assert [it for it in broker.log if it[0] == "remove"] == [("remove", 1)]


def test_what_can_never_be_sent_is_left_and_told_and_the_rest_is_sent():
    error = TooLarge("too large")
    broker = Broker(fails={"d-1": error})

    assert list(run(broker, outgoing(2))) == [Sent(1, error), Sent(2)]

    assert ("remove", 1) not in broker.log
    assert ("remove", 2) in broker.log


def test_no_more_than_a_window_is_under_way():
    broker = Broker(confirms=False)

    def confirming():
        for out in outgoing(module.MAX_IN_FLIGHT + 1):
            if out.tag > module.MAX_IN_FLIGHT:
                assert len(broker.confirms) == module.MAX_IN_FLIGHT
                for confirm in broker.confirms:
                    confirm.settle()
            yield out

    sending = run(broker, confirming())

    assert next(sending) == Sent(1)
    assert len(broker.confirms) == module.MAX_IN_FLIGHT


def test_a_large_letter_travels_alone():
    broker = Broker(confirms=False)
    large = b" " * (module.MAX_BYTES_IN_FLIGHT + 1)
    small, huge, last = outgoing(3)
    huge = Outgoing(2, a_message("d-2", body=large))

    def confirming():
        yield small
        broker.confirms[0].settle()
        yield huge
        broker.confirms[1].settle()
        yield last
        broker.confirms[2].settle()

    assert [sent.tag for sent in run(broker, confirming())] == [1, 2, 3]
    assert [it for it in broker.log if it[0] == "send"] == [
        ("send", "d-1"),
        ("send", "d-2"),
        ("send", "d-3"),
    ]


def test_a_pace_is_kept_evenly():
    clock = Clock()
    pace = Pace(4, clock=clock, sleep=clock.sleep)

    times = []
    for _ in range(5):
        pace.wait()
        times.append(clock.now - 100.0)

    assert times == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_what_was_missed_is_not_made_up_for():
    clock = Clock()
    pace = Pace(4, clock=clock, sleep=clock.sleep)
    pace.wait()
    clock.now += 10

    pace.wait()
    pace.wait()

    assert clock.now == 110.25
