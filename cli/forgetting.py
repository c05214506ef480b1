"""Find what is about a person in dead letters, and in the spool of this machine."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broker.dead_letter import DeadLetter
from broker.holding import HeldLetter
from broker.message import Message
from cli.dropping import Doomed, doom
from ingest.spool.survey import messages
from schemas.body import parse_object
from schemas.errors import BadBody, ForgewireError
from state.person import Person, is_about, learned
from state.version import from_micros

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SpoolUnreadable(ForgewireError):
    """Raised when the folder of the spool cannot be read."""


@dataclass(slots=True)
class Found:
    """The letters about a person, and how many nobody can read."""

    doomed: list[Doomed] = field(default_factory=list)
    unreadable: int = 0


def with_names(person: Person, letters: Iterable[DeadLetter]) -> Person:
    """Return `person` with what letters that have the id tell of names."""
    now = datetime.now(UTC)
    for letter in letters:
        payload = _payload(letter, person)
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


def spooled(person: Person, folder: Path, *, set_aside: bool) -> int:
    """Return how many events about `person` wait in the spool, or were set aside.

    Raise SpoolUnreadable if it cannot be looked into.
    """
    if not folder.is_dir():
        return 0
    try:
        # To look for files by a pattern tells nothing of a folder that is closed to us.
        next(folder.iterdir(), None)
        return sum(
            is_about(person, _payload(message, person) or {}, _received(message))
            for message in messages(folder, set_aside=set_aside)
        )
    except OSError as exc:
        raise SpoolUnreadable(f"{folder}: {exc.strerror}") from exc


def _payload(told: DeadLetter | Message, person: Person) -> dict[str, Any] | None:
    """Return the payload, {} if another host's, or None if it cannot be read."""
    if told.source not in (None, person.source):
        return {}
    try:
        return parse_object(told.body)
    except BadBody:
        return None


def _received(told: DeadLetter | Message) -> datetime:
    return _NEVER if told.received_at is None else from_micros(told.received_at)
