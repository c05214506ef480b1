"""Log and count each hook, once, whatever became of it."""

import logging
from collections.abc import Mapping
from typing import Any

import structlog

from broker.message import Message
from ingest import events
from ingest.metrics import Metrics

_log = structlog.stdlib.get_logger("ingest")

#: How loud an outcome is and what it is called, by the first digit of its status.
_OUTCOMES = {
    2: (logging.INFO, "hook-accepted"),
    4: (logging.WARNING, "hook-refused"),
    5: (logging.ERROR, "hook-not-accepted"),
}


def described(message: Message) -> dict[str, Any]:
    """Return what a log line may show of a message: no payload."""
    return message.names() | {
        "hook": message.event,
        "receipt": message.receipt,
        "bytes": len(message.body),
    }


def write(
    metrics: Metrics, note: Mapping[str, Any], status: int, seconds: float
) -> None:
    """Count the hook that `note` describes, and log one line about it."""
    event = events.label(note.get("hook"))
    metrics.count(note["source"], event, status, seconds)
    level, outcome = _OUTCOMES[status // 100]
    milliseconds = round(seconds * 1000, 3)
    _log.log(level, outcome, **note, status=status, milliseconds=milliseconds)
