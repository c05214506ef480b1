"""Dead letters: whoever wrote them, they can be listed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties

from broker.dead_letter import DeadLetter, interpret
from broker.envelope import encode
from broker.message import Message
from broker.topology import DELIVERY_LIMIT

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=9),
    st.binary(max_size=9),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
)
NESTED = VALUES | st.lists(
    VALUES
    | st.dictionaries(st.sampled_from(["reason", "time", "count"]), VALUES, max_size=3),
    max_size=2,
)
NAMES = st.sampled_from(
    [
        "ce-source",
        "fw-reason",
        "fw-detail",
        "fw-handler",
        "fw-dead-at",
        "fw-received-at",
        "fw-attempt",
        "fw-attempts",
        "x-death",
    ]
)


def an_envelope(**headers):
    message = Message("gitlab", "push", "5f0c", "1.1", 1_790_000_000_000_000, b"{}")
    properties, body = encode(message)
    properties.headers = {**properties.headers, **headers}
    return properties, body


@given(st.none() | st.dictionaries(NAMES, NESTED), st.binary(max_size=9))
def test_any_message_can_be_listed(headers, body):
    properties = BasicProperties(headers=headers, content_encoding="gzip")

    letter = interpret(properties, body)

    assert isinstance(letter, DeadLetter)
    assert letter.reason
    assert letter.body_size == len(body)


def test_a_good_message_that_somebody_moved_has_no_known_reason():
    assert interpret(*an_envelope()).reason == "unknown"


@pytest.mark.parametrize(
    ("reason", "shown", "attempts"),
    [
        ("delivery_limit", "delivery-limit", DELIVERY_LIMIT + 1),
        ("expired", "expired", 1),
    ],
)
def test_the_brokers_reason_is_the_latest(reason, shown, attempts):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    deaths = [{"reason": reason, "time": moment}, {"reason": "rejected"}]

    letter = interpret(*an_envelope(**{"x-death": deaths}))

    assert letter.reason == shown
    assert letter.attempts == attempts
    assert letter.dead_at == 1_767_323_045_000_000


def test_what_we_said_comes_before_what_the_broker_said():
    headers = {"fw-reason": "unstorable", "x-death": [{"reason": "rejected"}]}

    assert interpret(*an_envelope(**headers)).reason == "unstorable"


def test_a_dead_letter_shows_no_payload():
    properties, _ = an_envelope(**{"fw-detail": "personal"})

    assert "personal" not in repr(interpret(properties, b"personal"))
