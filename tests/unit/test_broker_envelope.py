"""The envelope: what goes in comes out, and nothing foreign breaks it."""

import gzip
import random
import zlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties

from broker.envelope import COMPRESS_ABOVE, decode, decompress, encode, pack
from broker.message import Message
from broker.topology import Topology
from schemas.errors import Undecodable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
MESSAGES = st.builds(
    Message,
    source=TEXT,
    event=TEXT,
    delivery_id=TEXT,
    receipt=TEXT,
    received_at=st.integers(0, 253_402_300_799_999_999),
    body=st.binary(max_size=200) | st.just(b"ab" * COMPRESS_ABOVE),
    attempt=st.integers(1, 1000),
    traceparent=st.none() | TEXT,
    tracestate=st.none() | TEXT,
    sent_by=st.none() | TEXT,
)
#: Whatever another program could put into a header.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.integers(0, 2**32).map(lambda it: datetime.fromtimestamp(it, UTC))
    | st.just(Decimal("1.5")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def a_message(**changes):
    fields = {
        "source": "gitlab",
        "event": "push",
        "delivery_id": "5f0c",
        "receipt": "3f9c2a71.42",
        "received_at": 1_790_000_000_123_456,
        "body": b'{"event_name": "push"}',
    }
    return Message(**fields | changes)


def over_the_wire(properties):
    pieces = properties.encode()
    return BasicProperties().decode(b"".join(pieces))


@given(MESSAGES)
def test_a_message_survives_the_wire(message):
    properties, body = encode(message)

    assert decode(over_the_wire(properties), body) == message


def test_a_small_body_travels_as_it_is():
    properties, body = encode(a_message(body=b"{}"))

    assert body == b"{}"
    assert properties.content_encoding is None
    assert properties.delivery_mode == 2


def test_a_large_body_travels_compressed():
    message = a_message(body=b'{"a": 1}' * 20_000)

    properties, body = encode(message)

    assert properties.content_encoding == "gzip"
    assert gzip.decompress(body) == message.body
    assert len(body) < 20_000


def test_a_body_that_compression_would_lengthen_travels_as_it_is():
    noise = random.Random(0).randbytes(100_000)

    properties, body = encode(a_message(body=noise))

    assert body == noise
    assert properties.content_encoding is None


def test_the_headers_are_a_cloud_event():
    message = a_message(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad-01")
    properties, body = encode(message)
    texts = {name: it for name, it in properties.headers.items() if name[:3] == "ce-"}

    event = from_rabbitmq_event(RabbitMQMessage(texts, properties.content_type, body))

    assert event.get_id() == "5f0c"
    assert event.get_source() == "gitlab"
    assert event.get_type() == "push"
    assert event.get_time() == datetime(2026, 9, 21, 14, 13, 20, 123456, tzinfo=UTC)
    assert event.get_data() == {"event_name": "push"}
    assert properties.headers["traceparent"] == message.traceparent


def test_a_parcel_is_addressed_by_source_and_event():
    parcel = pack(a_message(), Topology("ours"))

    assert (parcel.exchange, parcel.routing_key) == ("ours.events", "gitlab.push")
    assert "event_name" not in repr(parcel)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce-source", None),
        ("ce-source", ""),
        ("ce-source", b"gitlab"),
        ("fw-receipt", 7),
        ("fw-received-at", "1790000000"),
        ("fw-received-at", True),
        ("fw-received-at", -1),
        ("fw-received-at", 253_402_300_800_000_000),
        ("fw-attempt", 0),
        ("traceparent", ["00"]),
        ("tracestate", 7),
    ],
)
def test_a_header_that_we_would_not_write_is_undecodable(name, value):
    properties, body = encode(a_message())
    properties.headers = {**properties.headers, name: value}

    with pytest.raises(Undecodable):
        decode(properties, body)


@pytest.mark.parametrize("name", ["message_id", "type", "headers"])
def test_a_property_that_is_missing_is_undecodable(name):
    properties, body = encode(a_message())
    setattr(properties, name, None)

    with pytest.raises(Undecodable):
        decode(properties, body)


@given(
    st.dictionaries(
        st.sampled_from(
            ["ce-source", "fw-receipt", "fw-received-at", "fw-attempt", "traceparent"]
        )
        | st.text(max_size=20),
        VALUES,
        max_size=8,
    ),
    st.none() | st.text(max_size=40),
    st.none() | st.text(max_size=40),
    st.none() | st.sampled_from(["gzip", "deflate", "identity", ""]),
    st.binary(max_size=100),
)
def test_a_foreign_message_is_a_message_or_undecodable(headers, id_, kind, code, body):
    properties = over_the_wire(
        BasicProperties(
            headers=headers, message_id=id_, type=kind, content_encoding=code
        )
    )

    try:
        decoded = decode(properties, body)
    except Undecodable:
        decoded = None

    assert decoded is None or isinstance(decoded, Message)


@given(st.binary(max_size=300), st.integers(0, 300), st.binary(max_size=10))
def test_a_damaged_stream_is_whole_or_undecodable(plain, length, tail):
    damaged = gzip.compress(plain, mtime=0)[:length] + tail

    try:
        result = decompress(damaged, "gzip")
    except Undecodable:
        result = plain

    assert result == plain


def test_a_stream_that_grows_too_much_is_given_up():
    bomb = gzip.compress(b"\0" * 10_000_000, mtime=0)

    with pytest.raises(Undecodable, match="more than 1000 bytes"):
        decompress(bomb, "gzip", max_bytes=1000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain",
        gzip.compress(b"x", mtime=0)[:-1],
        gzip.compress(b"x", mtime=0) * 2,
    ],
)
def test_what_is_not_one_gzip_stream_is_undecodable(body):
    with pytest.raises(Undecodable, match="gzip"):
        decompress(body, "gzip")


def test_zlib_alone_is_not_gzip():
    with pytest.raises(Undecodable):
        decompress(zlib.compress(b"x"), "gzip")


def test_another_encoding_is_undecodable():
    with pytest.raises(Undecodable, match="other than gzip"):
        decompress(b"", "deflate")
