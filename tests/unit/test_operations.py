"""What operations do with values: share results, end in time, count, make events."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from handlers.registry import load
from operations.deadline import Deadline
from operations.manual import manual
from operations.oldest import Oldest
from operations.queues import Busy
from operations.shared import Shared
from operations.spool import SpoolCount, Waiting
from schemas.errors import BrokerUnavailable, HandlerFailed, InvalidPayload, TookTooLong
from state.numbering import missing
from state.numbers import Numbers
from tests.samples.load import payload
from tests.spooling import a_message, a_store, keep

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def shared(make, young=60.0, patience=5.0):
    return Shared(make, young_seconds=young, patience_seconds=patience)


def test_what_is_young_is_told_again():
    made = iter(range(9))

    kept, fleeting = shared(lambda: next(made)), shared(lambda: next(made), young=0.0)

    assert (kept.get(), kept.get()) == (0, 0)
    assert (fleeting.get(), fleeting.get()) == (1, 2)


def test_who_waits_is_told_that_the_server_is_away_and_does_not_try_it_too():
    tried, goes_on = [], threading.Event()

    def make():
        tried.append(1)
        goes_on.wait(5)
        raise BrokerUnavailable("away")

    failed = []

    def ask(of):
        try:
            of.get()
        except BrokerUnavailable as exc:
            failed.append(str(exc))

    one = shared(make)
    threads = [threading.Thread(target=ask, args=(one,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    goes_on.set()
    for thread in threads:
        thread.join(10)

    assert failed == ["away"] * 4
    assert len(tried) == 1


def test_who_waits_too_long_is_told_so():
    begun, goes_on = threading.Event(), threading.Event()

    def make():
        begun.set()
        return goes_on.wait(10)

    one = shared(make, patience=0.01)
    first = threading.Thread(target=one.get)
    first.start()
    begun.wait(10)

    with pytest.raises(Busy):
        one.get()

    goes_on.set()
    first.join(10)
    assert one.get() is True


def test_what_is_wrong_is_not_told_again():
    outcomes = iter([TookTooLong("late"), 7])

    def make():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    one = shared(make)

    with pytest.raises(TookTooLong):
        one.get()
    assert one.get() == 7


def test_a_deadline_ends_what_is_under_way():
    assert list(Deadline.never().watched([1, 2])) == [1, 2]
    with pytest.raises(TookTooLong):
        list(Deadline.after(0).watched([1, 2]))


def an_event(event="user_create", told=None, handlers=None):
    return manual(
        event,
        payload("user_create") if told is None else told,
        source="gitlab",
        sent_by="gitlab:41",
        now=NOW,
        handlers=handlers or load(),
    )


def test_an_event_by_hand_has_names_of_its_own_and_says_who_sent_it():
    one, other = an_event(), an_event()

    assert one.delivery_id != other.delivery_id
    assert one.receipt != other.receipt
    assert one.sent_by == "gitlab:41"
    assert one.received_at == 1_793_534_400_000_000


def test_no_receipt_of_an_event_by_hand_leaves_a_gap():
    receipts = [an_event().receipt for _ in range(50)]

    found = missing(Numbers({}, {}), receipts, NOW, {})

    assert (found.number, found.by_gaps) == (0, 0)


def test_the_name_of_the_event_is_put_into_the_payload():
    named = an_event(told=payload("user_create", event_name=...))

    assert b'"event_name":"user_create"' in named.body
    with pytest.raises(InvalidPayload, match="another event"):
        an_event("key_create")


@pytest.mark.parametrize("told", [{}, {"user_id": "\ud800"}, {"user_id": 10**30}])
def test_what_a_worker_would_reject_is_no_event(told):
    with pytest.raises(InvalidPayload):
        an_event(told=told)


def test_a_handler_that_raises_shows_before_anything_is_sent():
    def broken(_):
        raise KeyError("id")

    handler = load()["user_create"]
    wrong = type(handler)(handler.events, handler.schema, broken)

    with pytest.raises(HandlerFailed):
        an_event(handlers={"user_create": wrong})


def test_a_spool_is_counted_as_far_as_there_is_time(tmp_path):
    store = a_store(tmp_path)
    keep(store, *(a_message(number) for number in range(3)))
    count = SpoolCount(tmp_path)

    first = count.look(1.0)
    keep(store, a_message(7))
    second, late = count.look(1.0), SpoolCount(tmp_path).look(0.0)

    assert first == Waiting(files=1, events=3, oldest=1_790_000_000_000_000)
    assert (second.files, second.events) == (1, 4)
    assert late == Waiting(files=1, events=None, oldest=None)
    assert count.look(1.0) == second


def test_a_spool_that_is_not_here_is_none(tmp_path):
    assert SpoolCount(tmp_path / "none").look(1.0) is None


def test_what_waits_came_after_what_was_worked_and_after_nothing_waited():
    oldest = Oldest()

    assert oldest.since(3, None, NOW) is None
    assert oldest.since(3, NOW - MINUTE, NOW) == NOW - MINUTE
    assert oldest.since(0, NOW - MINUTE, NOW) is None
    assert oldest.since(3, NOW - MINUTE, NOW + MINUTE) == NOW
    assert oldest.since(3, NOW + MINUTE, NOW + 2 * MINUTE) == NOW + MINUTE
