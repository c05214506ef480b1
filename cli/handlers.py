"""`forgewire handlers`: which function decides which event."""

import click

from cli.output import json_option, print_json, print_table
from handlers.registry import ClaimedTwice, load


@click.command("handlers")
@json_option
def command(*, as_json: bool) -> None:
    """List the events and their handlers, those of installed packages too."""
    try:
        found = sorted(load().items())
    except ClaimedTwice as exc:
        raise click.ClickException(str(exc)) from exc
    rows = [
        {"event": event, "handler": it.name, "schema": type(it.schema).__name__}
        for event, it in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Handlers",
            ("event", "handler", "schema"),
            [list(row.values()) for row in rows],
        )
