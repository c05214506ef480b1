"""Confirms: settled once, waited for by another thread."""

import threading

import pytest

from broker.confirm import Confirm
from broker.errors import NotConnected


def test_nothing_is_known_before_it_is_settled():
    confirm = Confirm()

    assert not confirm.is_settled()
    assert not confirm.wait(0.001)
    with pytest.raises(TimeoutError):
        confirm.result(0.001)


def test_who_waits_goes_on_when_it_comes():
    confirm = Confirm()
    threading.Timer(0.01, confirm.settle).start()

    confirm.result(5)

    assert confirm.is_settled()


def test_what_prevented_it_is_raised_each_time_it_is_asked_for():
    confirm = Confirm()
    confirm.settle(NotConnected("away"))

    for _ in range(2):
        with pytest.raises(NotConnected, match="away"):
            confirm.result()


def test_it_is_settled_once():
    confirm = Confirm()
    confirm.settle()

    with pytest.raises(RuntimeError):
        confirm.settle(NotConnected("away"))
    assert confirm.wait(0)
