"""Try what a worker would make of a body, without any server."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from broker.message import Message
from handlers.registry import Handler
from schemas.body import parse_object
from schemas.errors import Rejected
from workers.decide import Decision, decide


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a body up to the point where the state would be asked."""

    handler: Handler | None = None
    #: The validated event, by the names of its fields; None if it was not validated.
    event: Mapping[str, Any] | None = None
    decision: Decision | None = None
    #: Why it would become a dead letter.
    error: Rejected | None = None


def try_out(message: Message, handlers: Mapping[str, Handler]) -> Tried:
    """Decide `message` as a worker would."""
    handler = handlers.get(message.event)
    try:
        decision = decide(message, handlers)
    except Rejected as exc:
        return Tried(handler, error=exc)
    if handler is None or decision.outcome == "test":
        return Tried(handler, decision=decision)
    event = handler.schema.load(parse_object(message.body))
    return Tried(handler, _told(event), decision)


def _told(event: Any) -> Mapping[str, Any]:
    """Return the fields of an event, whatever its schema makes of it."""
    if isinstance(event, Mapping):
        return event
    if is_dataclass(event) and not isinstance(event, type):
        return asdict(event)
    return vars(event) if hasattr(event, "__dict__") else {"value": event}
