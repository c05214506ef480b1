"""Find what is about a person in dead letters and in events."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from broker.dead_letter import DeadLetter
from broker.holding import HeldLetter
from broker.message import Message
from operations.dropping import Doomed, doom
from schemas.body import parse_object
from schemas.errors import BadBody
from state.packing import Body
from state.person import Person, is_about, learned
from state.version import from_micros

Told: TypeAlias = DeadLetter | Message | Body

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Found:
    """The letters about a person, and how many nobody can read."""

    doomed: list[Doomed] = field(default_factory=list)
    unreadable: int = 0


def with_names(person: Person, told: Iterable[Told]) -> Person:
    """Return `person` with the names that are told along with the id."""
    now = datetime.now(UTC)
    for one in told:
        payload = _payload(one, person)
        if payload:
            person = learned(person, payload, now)
    return person


def find(person: Person, letters: Iterable[HeldLetter]) -> Found:
    """Return the letters that are about `person`."""
    found = Found()
    for held in letters:
        payload = _payload(held.letter, person)
        if payload is None:
            found.unreadable += 1
        elif is_about(person, payload, _received(held.letter)):
            found.doomed.append(doom(held))
    return found


def concerns(person: Person, message: Message) -> bool:
    """Return whether an event is about `person`."""
    payload = _payload(message, person)
    return bool(payload) and is_about(person, payload or {}, _received(message))


def may_concern(person: Person, body: Body) -> bool:
    """Return whether a body is about `person`, or cannot be read."""
    payload = _payload(body, person)
    return payload is None or is_about(person, payload, _received(body))


def _payload(told: Told, person: Person) -> dict[str, Any] | None:
    """Return the payload, {} if another host's, or None if it cannot be read."""
    if told.source not in (None, person.source):
        return {}
    try:
        return parse_object(told.body)
    except BadBody:
        return None


def _received(told: Told) -> datetime:
    return _NEVER if told.received_at is None else from_micros(told.received_at)
