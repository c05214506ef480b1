"""Show dead letters as lines."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cli.output import print_table
from operations.letters import missed
from operations.selection import Selection

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


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
    missing = missed(selection, found)
    for delivery_id in missing:
        click.echo(f"no dead letter has the delivery ID {delivery_id}", err=True)
    return bool(missing)
