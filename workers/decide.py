"""Decide what a message means: parse, recognise tests, validate, ask its handler."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from broker.message import Message
from handlers.changes import Change, Move
from handlers.registry import Handler
from schemas.body import parse_object
from schemas.errors import BadBody, HandlerFailed, InvalidPayload
from schemas.test_deliveries import is_test_delivery
from state.store import Decided
from state.version import Stamp
from state.wellformed import checked


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message means, and its outcome where the state is not asked."""

    decided: Decided
    #: `test` or `ignored`; None where the state decides.
    outcome: str | None = None

    @property
    def entity(self) -> str | None:
        """Return the first document that the event is about: "users/41"."""
        for change in self.decided.changes:
            if not isinstance(change, Move):
                return f"{change.collection}/{change.id}"
        return None


def decide(message: Message, handlers: Mapping[str, Handler]) -> Decision:
    """Return what `message` means; raise InvalidPayload or HandlerFailed."""
    try:
        payload = parse_object(message.body)
    except BadBody as exc:
        raise InvalidPayload(str(exc)) from exc
    if is_test_delivery(message.event, payload):
        return Decision(Decided(_stamp(message, None), ()), "test")
    handler = handlers.get(message.event)
    if handler is None:
        return Decision(Decided(_stamp(message, None), ()), "ignored")
    event = _validated(handler, payload)
    changes = _changes(handler, event)
    return Decision(
        Decided(_stamp(message, event), changes), None if changes else "ignored"
    )


def _stamp(message: Message, event: Any) -> Stamp:
    return Stamp(
        source=message.source,
        event=message.event,
        delivery_id=message.delivery_id,
        received_at=message.received_at,
        created_at=getattr(event, "created_at", None),
        updated_at=getattr(event, "updated_at", None),
    )


def _validated(handler: Handler, payload: Mapping[str, Any]) -> Any:
    try:
        return handler.schema.load(payload)
    except ValidationError as exc:
        problems = "; ".join(_problems(exc.messages))
        raise InvalidPayload(problems[:2_000]) from exc


def _problems(messages: Any, path: str = "") -> Iterator[str]:
    """Yield `field.below: what is wrong`, as marshmallow nests it; never a value."""
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from _problems(below, f"{path}.{name}" if path else str(name))
    else:
        yield f"{path}: {' '.join(map(str, messages))}"


def _changes(handler: Handler, event: Any) -> tuple[Change, ...]:
    try:
        return checked(handler(event))
    except Exception as exc:
        # A handler is pure: what it raises once it will raise again.
        raise HandlerFailed(f"{handler.name} raised {type(exc).__name__}") from exc
