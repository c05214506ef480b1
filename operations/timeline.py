"""Tell the way of one delivery from its receipt to its row in the ledger; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]

#: What each outcome means, to who reads it for the first time.
MEANINGS: Mapping[str, str] = {
    "applied": "What it tells was written to the state.",
    "duplicate": "The host had delivered it before, so it changed nothing.",
    "stale": "Newer events had told all of it before, so it changed nothing.",
    "ignored": "No handler wants it, or the handler saw nothing to change.",
    "test": "Somebody pressed the test button of the host; it changes nothing.",
    "dead": "It cannot be applied as things are, and waits in the dead letters.",
}

_DROPPED = "It could not be applied, and somebody dropped its dead letter."


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a delivery; `at` is None where nobody noted when."""

    title: str
    at: datetime | None = None
    detail: str = ""
    #: "good", "warn", "bad" or "neutral".
    level: str = "neutral"


def timeline(rows: Sequence[Row]) -> list[Step]:
    """Return the steps of a delivery by its row, followed by those of repetitions."""
    first, *again = rows
    return [
        *_received(first),
        *_worked(first),
        *_left(first),
        *(_repeated(row) for row in again),
    ]


def lag(row: Row) -> timedelta:
    """Return how long it took from receipt to the row; receivers' clocks may differ."""
    span: timedelta = row["processed_at"] - row["received_at"]
    return max(span, timedelta())


def meaning(row: Row) -> str:
    """Return what the outcome of a delivery means."""
    return _DROPPED if row.get("dropped_at") else MEANINGS[row["outcome"]]


def _received(row: Row) -> Iterator[Step]:
    start, _, number = row["receipt"].partition(".")
    sender = row.get("sent_by")
    if sender:
        yield Step("Sent by hand", row["received_at"], f"Through the API, by {sender}.")
    else:
        detail = f"By the receiver {start}, as number {number} since it started."
        yield Step("Received and stored", row["received_at"], detail)


def _worked(row: Row) -> Iterator[Step]:
    attempts, outcome = row["attempts"], row["outcome"]
    if attempts > 1:
        detail = "It came back to the queue, or somebody replayed it."
        yield Step(f"Taken by a worker {attempts} times", None, detail, "warn")
    else:
        yield Step("Taken by a worker", None, "From the queue, at the first attempt.")
    if row.get("changed"):
        yield _written(row["changed"])
    is_good, detail = outcome != "dead", meaning(row)
    if row.get("reason"):
        detail = f"Rejected: {row['reason']}. {detail}"
    level = "good" if is_good else "bad"
    yield Step(f"In the ledger as {outcome}", row["processed_at"], detail, level)


def _written(changed: Sequence[Mapping[str, Any]]) -> Step:
    effective = sum(bool(it.get("effect", True)) for it in changed)
    documents = ", ".join(dict.fromkeys(_names(changed)))
    detail = f"{effective} of {len(changed)} changes had an effect: {documents}."
    return Step(
        "Written to the state", None, detail, "good" if effective else "neutral"
    )


def _names(changed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for it in changed:
        yield f"{it['collection']}/{it['id']}"


def _left(row: Row) -> Iterator[Step]:
    if row.get("dropped_at"):
        note = row.get("note")
        detail = f"Note: {note}" if note else ""
        yield Step("Its dead letter was dropped", row["dropped_at"], detail, "warn")


def _repeated(row: Row) -> Step:
    detail = f"Recognised as a repetition ({row['receipt']}), and not worked again."
    return Step("Delivered once more by the host", row["received_at"], detail)
