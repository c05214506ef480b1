"""Gather what is known of one delivery, wherever it is."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.spool import survey
from operations import masking
from operations.deadline import Deadline
from operations.timeline import Step, timeline
from schemas.body import parse_object
from schemas.errors import BadBody, TookTooLong
from state import bodies, deliveries
from state.documents import Documents
from state.gone import names_the_gone
from state.version import from_micros


@dataclass(frozen=True, slots=True)
class Known:
    """A delivery that is in the ledger."""

    row: dict[str, Any]
    repetitions: list[dict[str, Any]]
    steps: list[Step]
    #: What may be read of its body; None if no body is kept.
    body: str | None = field(repr=False)
    #: In bytes, as it was sent.
    body_size: int
    #: Whether the body names somebody who was destroyed: then nobody sees people in it.
    names_the_gone: bool


def look_up(
    documents: Documents, source: str, delivery_id: str, *, people: bool
) -> Known | None:
    """Return what is known of a delivery; None if the ledger does not have it.

    `people`: whether the body may be shown with personal data. Raise StateUnavailable.
    """
    rows = deliveries.rows_of(documents.db, source, delivery_id)
    if not rows:
        return None
    row, *again = rows
    body = bodies.read(documents.db, row["_id"], row["processed_at"])
    gone = body is not None and _names_the_gone(documents, row, body)
    return Known(
        row,
        again,
        timeline(rows),
        None if body is None else masking.shown(body, people=people and not gone),
        len(body or b""),
        gone,
    )


def _names_the_gone(documents: Documents, row: dict[str, Any], body: bytes) -> bool:
    try:
        payload = parse_object(body)
    except BadBody:
        return False
    return names_the_gone(documents, row["source"], payload, row["received_at"])


def spooled_since(
    folder: Path, source: str, delivery_id: str, *, seconds: float
) -> datetime | None:
    """Return when a delivery was received that waits in the spool of this machine.

    None if it does not, or was not found in the time given.
    """
    deadline = Deadline.after(seconds)
    try:
        for message in deadline.watched(survey.messages(folder)):
            if (message.source, message.delivery_id) == (source, delivery_id):
                return from_micros(message.received_at)
    except (OSError, TookTooLong):
        pass
    return None
