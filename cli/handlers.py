"""`forgewire handlers`: which function decides which event."""

import click

from cli.options import json_option
from cli.output import print_json, print_table
from handlers.registry import load


@click.command("handlers")
@json_option
def command(*, as_json: bool) -> None:
    """List the events and their handlers, those of installed packages too.

    Events without a handler are accepted and counted as ignored.
    """
    found = sorted(load().items())
    if as_json:
        print_json(
            [
                {"event": event, "handler": it.name, "schema": type(it.schema).__name__}
                for event, it in found
            ]
        )
    else:
        print_table(("event", "handler"), [(event, it.name) for event, it in found])
