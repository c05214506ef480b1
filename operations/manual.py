"""Make an event that somebody sends by hand, in the host's place."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from broker.message import Message
from handlers.registry import Handler
from schemas.body import event_name
from schemas.errors import InvalidPayload, NoEventName
from workers.decide import decide

#: What delivery ids and receipts of such events begin with.
MANUAL = "manual"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def manual(
    event: str,
    payload: Mapping[str, Any],
    *,
    source: str,
    sent_by: str,
    now: datetime,
    handlers: Mapping[str, Handler],
) -> Message:
    """Return the message; raise Rejected if a worker would make it a dead letter.

    Its receipt has no number: no receiver has it in its tally, so that no gap remains
    where it is not confirmed, and none is looked for.
    """
    message = Message(
        source=source,
        event=event,
        delivery_id=f"{MANUAL}-{uuid.uuid4()}",
        receipt=f"{MANUAL}.{uuid.uuid4()}",
        received_at=(now - _EPOCH) // _MICROSECOND,
        body=json.dumps(_named(event, payload), separators=(",", ":")).encode(),
        sent_by=sent_by,
    )
    decide(message, handlers)
    return message


def _named(event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload with the name of its event in it, as the host sends it."""
    try:
        told = event_name(payload)
    except NoEventName:
        return {**payload, "event_name": event}
    if told != event:
        raise InvalidPayload("event_name: the payload is one of another event")
    return dict(payload)
