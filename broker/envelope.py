"""How a message is spelled in AMQP: CloudEvents headers, and ours beside them."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pika import BasicProperties
from pika.delivery_mode import DeliveryMode

from broker.message import Message
from broker.topology import Topology
from schemas.errors import Undecodable

#: Bodies above this many bytes travel compressed.
COMPRESS_ABOVE = 64 * 1024
#: A compressed body may grow to this many bytes; RabbitMQ 3 takes no message above.
MAX_DECODED_BYTES = 128 * 1024 * 1024
#: Microseconds from 1970 to the year 10000, which no datetime can express.
END_OF_TIME = 253_402_300_800_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GZIP = 31  # zlib's number for "with gzip's header and checksum"

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as it goes onto the wire, and the exchange that it goes to."""

    exchange: str
    routing_key: str
    properties: BasicProperties = field(repr=False)
    body: bytes = field(repr=False)


def pack(message: Message, topology: Topology) -> Parcel:
    """Return the parcel in which a message travels to the events' queue."""
    properties, body = encode(message)
    routing_key = f"{message.source}.{message.event}"
    return Parcel(topology.events, routing_key, properties, body)


def encode(message: Message) -> tuple[BasicProperties, bytes]:
    """Return the AMQP properties and body that say what `message` says."""
    body, encoding = _compress(message.body)
    properties = BasicProperties(
        message_id=message.delivery_id,
        type=message.event,
        content_type="application/json",
        content_encoding=encoding,
        delivery_mode=DeliveryMode.Persistent,
        headers=_headers(message),
    )
    return properties, body


def decode(properties: BasicProperties, body: bytes) -> Message:
    """Return the message that AMQP properties and body stand for.

    Raise Undecodable, and nothing else, for whatever somebody else has put there.
    """
    headers = properties.headers or {}
    return Message(
        source=_require(headers, "ce-source", str),
        event=_require(vars(properties), "type", str),
        delivery_id=_require(vars(properties), "message_id", str),
        receipt=_require(headers, "fw-receipt", str),
        received_at=_within(_require(headers, "fw-received-at", int), 0, END_OF_TIME),
        attempt=_within(_require(headers, "fw-attempt", int), 1, END_OF_TIME),
        traceparent=_optional_text(headers, "traceparent"),
        tracestate=_optional_text(headers, "tracestate"),
        sent_by=_optional_text(headers, "fw-sent-by"),
        body=decompress(body, properties.content_encoding),
    )


def decompress(
    body: bytes, encoding: str | None, *, max_bytes: int = MAX_DECODED_BYTES
) -> bytes:
    """Return the body as it was before `encode`; raise Undecodable if it cannot be."""
    if encoding is None:
        return body
    if encoding != "gzip":
        raise Undecodable("the body has an encoding other than gzip")
    unzip = zlib.decompressobj(wbits=_GZIP)
    try:
        plain = unzip.decompress(body, max_bytes + 1)
    except zlib.error as exc:
        raise Undecodable("the body is not what gzip writes") from exc
    if len(plain) > max_bytes:
        raise Undecodable(f"the body grows to more than {max_bytes} bytes")
    if not unzip.eof or unzip.unused_data:
        raise Undecodable("the body is not one whole gzip stream")
    return plain


def _headers(message: Message) -> dict[str, str | int]:
    received = _EPOCH + timedelta(microseconds=message.received_at)
    headers: dict[str, str | int] = {
        "ce-specversion": "1.0",
        "ce-id": message.delivery_id,
        "ce-source": message.source,
        "ce-type": message.event,
        "ce-time": received.isoformat().replace("+00:00", "Z"),
        "fw-received-at": message.received_at,
        "fw-receipt": message.receipt,
        "fw-attempt": message.attempt,
    }
    if message.traceparent is not None:
        headers["traceparent"] = message.traceparent
    if message.tracestate is not None:
        headers["tracestate"] = message.tracestate
    if message.sent_by is not None:
        headers["fw-sent-by"] = message.sent_by
    return headers


def _compress(body: bytes) -> tuple[bytes, str | None]:
    if len(body) <= COMPRESS_ABOVE:
        return body, None
    # The lowest level: a request waits for it, and higher ones save little.
    packed = gzip.compress(body, compresslevel=1, mtime=0)
    return (packed, "gzip") if len(packed) < len(body) else (body, None)


def _require(fields: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = fields.get(name)
    # A bool is an int to Python, but not to AMQP.
    if not isinstance(value, kind) or isinstance(value, bool) or value == "":
        raise Undecodable(f"the message has no {name} that we would write")
    return value


def _optional_text(headers: Mapping[str, Any], name: str) -> str | None:
    return None if headers.get(name) is None else _require(headers, name, str)


def _within(value: int, low: int, end: int) -> int:
    if not low <= value < end:
        raise Undecodable("the message has a number that we would never write")
    # pika hands 64-bit integers out as a subclass of its own.
    return int(value)
