"""Set aside what can never be applied, and read what was set aside."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pika import BasicProperties
from pika.delivery_mode import DeliveryMode

from broker.browser import ANSWER_SECONDS, Browser
from broker.confirm import Confirm
from broker.dead_letter import DeadLetter, interpret
from broker.envelope import Parcel
from broker.publisher import Publisher
from broker.topology import Topology

#: Characters of a traceback that are kept, from its end: with the other headers they
#: have to fit into one AMQP frame of 128 KiB.
MAX_DETAIL = 8_000
#: The headers of the original are kept up to this many bytes in all.
MAX_HEADERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Death:
    """Why a message can never be applied."""

    #: A short code, as the error tree has them.
    reason: str
    #: The traceback; of a long one, the end is kept.
    detail: str = field(repr=False)
    #: The dotted name of the handler that had to do with it.
    handler: str | None
    #: Microseconds since 1970, UTC.
    died_at: int


def bury(
    publisher: Publisher, properties: BasicProperties, body: bytes, death: Death
) -> Confirm:
    """Send a message to the dead letters as it is, with what happened to it.

    Acknowledge the original when that has come. Takes any message, ours or not.
    """
    headers = _original(properties.headers or {}) | {
        "fw-reason": death.reason,
        # A lone surrogate is no text to AMQP.
        "fw-detail": death.detail[-MAX_DETAIL:].encode(errors="replace").decode(),
        "fw-handler": death.handler or "",
        "fw-dead-at": death.died_at,
    }
    exchange = publisher.topology.dead_letters
    return publisher.send(Parcel(exchange, "", _copy(properties, headers), body))


def read(
    url: str,
    topology: Topology,
    limit: int,
    *,
    answer_seconds: float = ANSWER_SECONDS,
) -> Generator[DeadLetter]:
    """Yield the oldest dead letters, at most `limit`, and leave them where they are.

    All return to their places when the iterator ends or is closed. Raise a
    BrokerUnavailable if RabbitMQ is away, BadAddress if `url` is none.
    """
    name = "forgewire dead letters"
    browser = Browser(url, topology, name=name, answer_seconds=answer_seconds)
    with closing(browser):
        for held in islice(browser.messages(topology.dead_letters), limit):
            yield interpret(held.properties, held.body)


def count(url: str, topology: Topology) -> int:
    """Return how many dead letters nobody is reading just now."""
    with closing(Browser(url, topology, name="forgewire dead letters")) as browser:
        return browser.count(topology.dead_letters)


def _copy(properties: BasicProperties, headers: Mapping[str, Any]) -> BasicProperties:
    # What would make the copy expire or the broker refuse it is left out:
    # `expiration`, and `user_id`, which has to be the user that publishes.
    return BasicProperties(
        content_type=properties.content_type,
        content_encoding=properties.content_encoding,
        message_id=properties.message_id,
        correlation_id=properties.correlation_id,
        timestamp=properties.timestamp,
        type=properties.type,
        app_id=properties.app_id,
        delivery_mode=DeliveryMode.Persistent,
        headers=headers,
    )


def _original(headers: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in headers.items() if _is_senders(name)}
    attempt, returns = kept.get("fw-attempt"), headers.get("x-delivery-count")
    if isinstance(attempt, int) and isinstance(returns, int):
        kept["fw-attempts"] = attempt + returns
    return kept if _size(kept) <= MAX_HEADERS else {}


def _is_senders(name: object) -> bool:
    # The broker's own begin with "x-"; CC and BCC would send copies elsewhere.
    return (
        isinstance(name, str)
        and not name.startswith("x-")
        and name not in {"CC", "BCC"}
    )


def _size(headers: Mapping[str, Any]) -> int:
    return sum(map(len, BasicProperties(headers=headers).encode()))
