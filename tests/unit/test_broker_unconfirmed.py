"""What waits for a confirm, by the numbers of the broker."""

import pytest
from pika import BasicProperties

from broker.envelope import Parcel
from broker.errors import TooLate
from broker.unconfirmed import Sending, Unconfirmed


def sendings(*ids, deadline=10.0):
    made = []
    for id_ in ids:
        parcel = Parcel("events", "", BasicProperties(message_id=id_), b"{}")
        made.append(Sending(parcel, deadline))
    return made


@pytest.fixture
def five():
    return sendings(*"abcde")


@pytest.fixture
def unconfirmed(five):
    made = Unconfirmed()
    for sending in five:
        made.add(sending)
    return made


def test_one_confirm_settles_one(unconfirmed, five):
    assert unconfirmed.settle(3, multiple=False) == [five[2]]
    assert len(unconfirmed) == 4


def test_a_multiple_confirm_settles_all_up_to_it(unconfirmed, five):
    unconfirmed.settle(2, multiple=False)

    assert unconfirmed.settle(4, multiple=True) == [five[0], five[2], five[3]]
    assert unconfirmed.settle(9, multiple=True) == [five[4]]


def test_a_multiple_confirm_of_zero_settles_all(unconfirmed, five):
    assert unconfirmed.settle(0, multiple=True) == five


def test_a_confirm_of_something_forgotten_is_nothing(unconfirmed):
    unconfirmed.clear()

    assert unconfirmed.settle(3, multiple=False) == []
    assert unconfirmed.settle(3, multiple=True) == []


def test_what_is_late_is_given_up_and_the_rest_stays(unconfirmed, five):
    (later,) = sendings("f", deadline=20.0)
    unconfirmed.add(later)

    assert unconfirmed.expire(9.0) == []
    assert unconfirmed.expire(10.0) == five
    assert unconfirmed.settle(6, multiple=False) == [later]


def test_a_returned_message_is_known_by_exchange_and_id(unconfirmed, five):
    unconfirmed.mark_returned("events", "b")
    unconfirmed.mark_returned("elsewhere", "c")

    assert [it.returned for it in five] == [False, True, False, False, False]


def test_who_counts_is_told_before_the_sender():
    told = []
    parcel = Parcel("events", "", BasicProperties(message_id="a"), b"{}")

    def tell(outcome, seconds):
        told.append((outcome, seconds, sending.confirm.is_settled()))

    sending = Sending(parcel, 10.0, tell)
    sending.settle(TooLate("late"))

    ((outcome, seconds, was_settled),) = told
    assert (outcome, was_settled) == ("late", False)
    assert 0 <= seconds < 1
    assert isinstance(sending.confirm.error, TooLate)
