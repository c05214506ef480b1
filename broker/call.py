"""How the call of a reaction is spelled in AMQP."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, TypeVar

from pika import BasicProperties
from pika.delivery_mode import DeliveryMode

from broker.envelope import Parcel
from broker.reaction_topology import ReactionTopology
from schemas.errors import Undecodable

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True)
class Call:
    """A reaction to be run, and the transition for it; `repr` shows no value."""

    #: The dotted name of its function.
    reaction: str
    #: Names the transition and the reaction: its idempotency key.
    key: str
    #: What became of what: "users.created".
    topic: str
    #: The transition, as JSON.
    body: bytes = field(repr=False)
    attempt: int = 1


def first(call: Call, topology: ReactionTopology) -> Parcel:
    """Return the parcel in which a call travels to those who run reactions."""
    return Parcel(topology.events, call.topic, _properties(call), call.body)


def again(call: Call, topology: ReactionTopology) -> Parcel | None:
    """Return the parcel in which a call that failed waits; None if it did too often."""
    if call.attempt > len(topology.tiers):
        return None
    queue = topology.retry(topology.tiers[call.attempt - 1])
    following = replace(call, attempt=call.attempt + 1)
    return Parcel("", queue, _properties(following), call.body)


def decode(properties: BasicProperties, body: bytes) -> Call:
    """Return the call that AMQP properties and body stand for; raise Undecodable."""
    headers = properties.headers or {}
    return Call(
        reaction=_require(headers, "fw-reaction", str),
        key=_require(headers, "fw-key", str),
        topic=_require(vars(properties), "type", str),
        body=body,
        attempt=max(1, int(_require(headers, "fw-attempt", int))),
    )


def _properties(call: Call) -> BasicProperties:
    return BasicProperties(
        # The key may be longer than AMQP lets an id be.
        message_id=sha256(call.key.encode()).hexdigest(),
        type=call.topic,
        content_type="application/json",
        delivery_mode=DeliveryMode.Persistent,
        headers={
            "fw-reaction": call.reaction,
            "fw-key": call.key,
            "fw-attempt": call.attempt,
        },
    )


def _require(fields: Any, name: str, kind: type[_T]) -> _T:
    value = fields.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) or value == "":
        raise Undecodable(f"the message has no {name} that we would write")
    return value
