"""Show dead letters as lines and as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from broker.dead_letter import DeadLetter
from cli.output import print_table
from cli.selection import Selection
from state.version import from_micros

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
#: Fields that may be long, or hold what the host sent.
_LARGE = frozenset({"body", "detail"})


def summary(letter: DeadLetter) -> dict[str, Any]:
    """Return what there is to tell in short: without payload and traceback."""
    told = {
        one.name: getattr(letter, one.name)
        for one in fields(letter)
        if one.name not in _LARGE
    }
    for name in ("received_at", "dead_at"):
        if told[name] is not None:
            told[name] = from_micros(told[name])
    return told | {"body_size": letter.body_size}


def print_letters(found: Iterable[Mapping[str, Any]], *more: str) -> None:
    """Print summaries as a table; `more` are further columns of it."""
    now = datetime.now(UTC)
    print_table(
        ("delivery id", "age", "reason", "event", *more),
        [
            (
                it["delivery_id"],
                age(it["dead_at"], now),
                it["reason"],
                it["event"],
                *(it[column] for column in more),
            )
            for it in found
        ],
        whole=("delivery id", "age"),
    )


def age(moment: datetime | None, now: datetime) -> str | None:
    """Return how long ago it was, in the largest unit that fits: `3 h`."""
    if moment is None:
        return None
    passed = now - moment
    for unit, length in _UNITS.items():
        if passed >= length:
            return f"{passed // length} {unit}"
    return "now"


def miss(selection: Selection, found: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether an id was named that is not among `found`, and say so."""
    missing = sorted(selection.ids - {it["delivery_id"] for it in found})
    for delivery_id in missing:
        click.echo(f"no dead letter has the delivery ID {delivery_id}", err=True)
    return bool(missing)
