"""What a message in the dead letters' queue tells, whoever put it there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pika import BasicProperties

from broker.envelope import decode, decompress
from broker.topology import DELIVERY_LIMIT
from schemas.errors import Undecodable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was set aside; whatever nobody told about it is None."""

    delivery_id: str | None
    event: str | None
    source: str | None
    #: Which acceptance this was, as the receiver numbers them.
    receipt: str | None
    #: A short code: one of ours, or the broker's (`delivery-limit`), or `unknown`.
    reason: str
    #: The traceback, or the end of a long one.
    detail: str | None = field(repr=False)
    #: The dotted name of the handler that had to do with it.
    handler: str | None
    #: Microseconds since 1970, UTC.
    received_at: int | None
    dead_at: int | None
    #: How often a worker got it.
    attempts: int
    #: As the host sent it; as it travelled, if it cannot be decompressed.
    body: bytes = field(repr=False)

    @property
    def body_size(self) -> int:
        """Return the bytes of the body."""
        return len(self.body)


def interpret(properties: BasicProperties, body: bytes) -> DeadLetter:
    """Return what there is to tell about a dead letter, be it ours or foreign."""
    headers = properties.headers or {}
    death = _last_death(headers)
    return DeadLetter(
        delivery_id=_text(properties.message_id),
        event=_text(properties.type),
        source=_text(headers.get("ce-source")),
        receipt=_text(headers.get("fw-receipt")),
        reason=_reason(properties, body, death),
        detail=_text(headers.get("fw-detail")),
        handler=_text(headers.get("fw-handler")),
        received_at=_number(headers.get("fw-received-at")),
        dead_at=_number(headers.get("fw-dead-at")) or _moment(death.get("time")),
        attempts=_attempts(headers, death),
        body=_plain(properties, body),
    )


def _reason(properties: BasicProperties, body: bytes, death: Mapping[str, Any]) -> str:
    told = _text((properties.headers or {}).get("fw-reason"))
    by_broker = _text(death.get("reason"))
    if told is not None:
        return told
    if by_broker is not None:
        return by_broker.replace("_", "-")
    try:
        decode(properties, body)
    except Undecodable as exc:
        return exc.reason
    return "unknown"


def _last_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    # The broker puts the latest first.
    deaths = headers.get("x-death")
    latest = deaths[0] if isinstance(deaths, list) and deaths else None
    return latest if isinstance(latest, dict) else {}


def _attempts(headers: Mapping[str, Any], death: Mapping[str, Any]) -> int:
    told = _number(headers.get("fw-attempts"))
    first = _number(headers.get("fw-attempt")) or 1
    # The broker forgets the count when it moves a message, but we know the limit.
    returns = DELIVERY_LIMIT if death.get("reason") == "delivery_limit" else 0
    return told or first + returns


def _plain(properties: BasicProperties, body: bytes) -> bytes:
    try:
        return decompress(body, properties.content_encoding)
    except Undecodable:
        return body


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    # pika hands 64-bit integers out as a subclass of its own.
    return int(value) if isinstance(value, int) else None


def _moment(value: object) -> int | None:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else None
