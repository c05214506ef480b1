"""`forgewire handlers`: which function decides which event, and which has none."""

import click

from cli import connect
from cli.options import examples, json_option
from cli.output import print_json, print_table
from handlers.registry import load
from operations.catalogue import catalogue, without_handler

_NOTHING = {"handler": None, "schema": None, "does": None, "where": None}


@click.command(
    "handlers", epilog=examples("forgewire handlers", "forgewire handlers --json")
)
@json_option
def command(*, as_json: bool) -> None:
    """List the events with handler, schema and place, those of packages too.

    FORGEWIRE_HANDLER_PACKAGES says which packages are on; without it all are.

    Then the events that the host can send and no handler wants: they are accepted, and
    counted as ignored. With --json their handler is null.
    """
    handlers = load(connect.settings().handler_packages)
    listed, others = catalogue(handlers), without_handler(handlers)
    if as_json:
        print_json([*listed, *({"event": event, **_NOTHING} for event in others)])
        return
    print_table(
        ("event", "handler", "schema", "where"),
        [
            (it["event"], it["handler"], it["schema"].rpartition(".")[2], it["where"])
            for it in listed
        ],
    )
    words = ", ".join(others) if others else "none"
    click.echo(f"\nevents of the host without a handler: {words}")
