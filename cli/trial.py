"""Tell what `forgewire try` found: as values for programs, as tables for people."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from traceback import extract_tb
from typing import Any

import click

from cli.output import as_cell, print_fields, print_table
from handlers.changes import NULL, Change, Delete, Move
from operations.catalogue import line
from operations.trying import Tried
from schemas.errors import Rejected
from state.rehearsal import Difference, Rehearsal

_COLOURS = {"+": "green", "-": "red"}


def told(
    event: str, file: Path | None, tried: Tried, rehearsal: Rehearsal | None
) -> dict[str, Any]:
    """Return all that was found, as JSON takes it."""
    handler = tried.handler
    decision = tried.decision
    return {
        **(line(event, handler) if handler else {"event": event, "handler": None}),
        "payload": str(file) if file else "made up",
        "outcome": "dead" if decision is None else decision.outcome,
        "error": _error(tried.error) if tried.error else None,
        "validated": tried.event,
        "changes": list(map(_change, decision.decided.changes)) if decision else [],
        "against": _against(rehearsal) if rehearsal else None,
    }


def show(found: Mapping[str, Any]) -> None:
    """Print what `told` returned."""
    head = ("handler", "where", "schema", "payload")
    print_fields(found["event"], {name: found.get(name) for name in head})
    if found["error"]:
        _print_below("It would become a dead letter", found["error"])
    elif found["outcome"]:
        click.echo(f"\n{_WITHOUT_CHANGES[found['outcome']]}")
    if found["validated"]:
        event = {name: it for name, it in found["validated"].items() if it is not None}
        _print_below("Event", event)
    if found["changes"]:
        click.echo()
        rows = [row for change in found["changes"] for row in _rows(change)]
        print_table(("change", "document", "field", "value"), rows)
    if found["against"]:
        _show_differences(found["against"])


def _print_below(title: str, fields: Mapping[str, object]) -> None:
    click.echo()
    print_fields(title, fields)


_WITHOUT_CHANGES = {
    "test": "It is a test of the host: it is noted, and changes nothing.",
    "ignored": "It is accepted and counted as ignored: it changes nothing.",
}


def _error(error: Rejected) -> dict[str, Any]:
    cause = error.__cause__
    frames = extract_tb(cause.__traceback__) if cause else []
    shown = {"reason": error.reason, "problem": str(error)}
    if error.reason == "handler-failed" and frames:
        # Who tries an event has its payload, so nothing is hidden from them.
        shown |= {"raised": f"{type(cause).__name__}: {cause}"}
        shown |= {"at": f"{frames[-1].filename}:{frames[-1].lineno}"}
    return shown


def _change(change: Change) -> dict[str, Any]:
    verb = type(change).__name__.lower()
    if isinstance(change, Move):
        collection, id_ = change.owner
        fields: dict[str, Any] = {"old": change.old, "new": change.new}
    elif isinstance(change, Delete):
        collection, id_, fields = change.collection, change.id, {}
    else:
        collection, id_ = change.collection, change.id
        # None means "not told".
        told = {name: it for name, it in change.fields.items() if it is not None}
        fields = {name: None if it is NULL else it for name, it in told.items()}
    return {"change": verb, "collection": collection, "id": id_, "fields": fields}


def _rows(change: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    first = change["change"], f"{change['collection']}/{change['id']}"
    for name, value in change["fields"].items() or [("", "")]:
        yield *first, name, value
        first = "", ""


def _against(rehearsal: Rehearsal) -> dict[str, Any]:
    listed = [asdict(it) | {"names": it.names} for it in rehearsal.differences]
    return {"outcome": rehearsal.outcome, "documents": listed}


def _show_differences(against: Mapping[str, Any]) -> None:
    seen = "differ" if against["documents"] else against["outcome"]
    click.echo(f"\nIn that state it would be {_OUTCOMES[seen]}")
    for document in against["documents"]:
        one = Difference(**{key: it for key, it in document.items() if key != "names"})
        click.echo(click.style(f"\n{one.collection} {one.id}", bold=True))
        for text in _lines(one):
            click.echo(click.style(f"  {text}", fg=_COLOURS[text[0]]))


_OUTCOMES = {
    "differ": "applied. What would differ:",
    "applied": "applied, but no field that is shown would differ.",
    "stale": "stale: newer events have told all of it.",
}


def _lines(one: Difference) -> Iterator[str]:
    for name in one.names:
        for sign, side in (("-", one.before or {}), ("+", one.after or {})):
            if name in side:
                yield f"{sign} {name}: {as_cell(side[name])}"
