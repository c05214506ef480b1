"""Where an event goes: to the broker, else to the spool, else nowhere."""

import pytest

from broker.confirm import Confirm
from broker.errors import NotConnected, TooLarge, TooLate
from ingest.circuit import Circuit
from ingest.durability import Durability, patient
from ingest.readiness import Readiness, is_enough
from ingest.spool.errors import CannotSpool
from tests.receiving import Outbox, build, with_token
from tests.spooling import a_message

FULL = CannotSpool("the spool is full")


def places(broker_error=None, spool_error=None, *, is_open=False):
    broker, spool, circuit = Outbox(broker_error), Outbox(spool_error), Circuit()
    circuit.is_open = is_open
    return broker, spool, Durability(broker.publish, spool.publish, circuit)


def test_what_the_broker_confirms_is_not_spooled():
    broker, spool, durability = places()

    assert durability.make_durable(a_message()) == "queued"

    assert (len(broker.messages), len(spool.messages)) == (1, 0)


def test_what_the_broker_does_not_take_is_spooled():
    _, spool, durability = places(NotConnected("away"))

    assert durability.make_durable(a_message()) == "spooled"

    assert spool.messages == [a_message()]
    assert not durability.circuit.is_open


def test_after_a_late_confirm_nobody_else_waits_for_one():
    broker, spool, durability = places(TooLate("late"))

    first = durability.make_durable(a_message(1))
    broker.error = AssertionError("nobody should ask")
    second = durability.make_durable(a_message(2))

    assert (first, second) == ("spooled", "spooled")
    assert len(spool.messages) == 2


def test_what_the_broker_can_never_take_is_not_spooled():
    _, spool, durability = places(TooLarge("for this broker"))

    with pytest.raises(TooLarge):
        durability.make_durable(a_message())

    assert spool.messages == []


def test_what_nobody_takes_fails_with_both_reasons():
    _, _, durability = places(NotConnected("away"), FULL)

    with pytest.raises(CannotSpool, match=r"the spool is full; the broker: away"):
        durability.make_durable(a_message())


def test_with_no_spool_a_late_broker_is_asked_all_the_same():
    broker, _, durability = places(None, FULL, is_open=True)

    assert durability.make_durable(a_message()) == "queued"

    assert broker.messages == [a_message()]
    assert not durability.circuit.is_open


def test_with_no_spool_and_a_late_broker_it_fails():
    _, _, durability = places(TooLate("late"), FULL, is_open=True)

    with pytest.raises(CannotSpool):
        durability.make_durable(a_message())

    assert durability.circuit.is_open


def test_a_confirm_is_waited_for_so_long():
    confirm = Confirm()
    publish = patient(lambda _: confirm, 0.01)

    with pytest.raises(TooLate):
        publish(a_message())
    confirm.settle()

    publish(a_message())


def test_a_failed_confirm_is_a_failure():
    confirm = Confirm()
    confirm.settle(NotConnected("away"))

    with pytest.raises(NotConnected):
        patient(lambda _: confirm, 1)(a_message())


@pytest.mark.parametrize(
    ("broker", "spool", "fresh", "status", "code"),
    [
        (True, True, True, "ready", 200),
        (True, False, True, "degraded", 200),
        (False, True, True, "degraded", 200),
        (False, True, False, "degraded", 200),
        (False, False, True, "not ready", 503),
    ],
)
def test_one_safe_place_is_enough_to_be_ready(broker, spool, fresh, status, code):
    readiness = Readiness(lambda: broker, lambda: spool, lambda: fresh)
    app = build(Outbox(), readiness=readiness)

    answer = app.test_client().get("/readyz")

    told = answer.get_json()
    assert (told["status"], answer.status_code) == (status, code)
    assert told["checks"]["broker"]["ok"] == broker
    assert told["checks"]["spool"]["ok"] == spool
    assert told["checks"]["spool-age"]["ok"] == fresh


def test_age_alone_turns_nobody_away():
    assert is_enough({"broker": False, "spool": True, "spool-age": False})


def test_a_hook_that_is_spooled_is_answered_so():
    spool = Outbox()
    app = build(Outbox(NotConnected("away")), spool=spool.publish)

    answer = app.test_client().post(
        "/hooks/gitlab", data=b'{"event_name": "push"}', headers=with_token()
    )

    assert answer.status_code == 202
    assert answer.get_json()["status"] == "spooled"
    assert [it.body for it in spool.messages] == [b'{"event_name": "push"}']
