"""`forgewire deliveries show`: what became of one delivery."""

import sys
from typing import Any

import click

from cli import connect
from cli.output import json_option, print_fields, print_json
from config.settings import DEFAULT_SOURCE
from state.client import translated


@click.group("deliveries")
def group() -> None:
    """Look at the ledger of deliveries."""


@group.command("show")
@click.argument("delivery_id", metavar="ID")
@click.option("--source", default=DEFAULT_SOURCE, show_default=True)
@json_option
@connect.explains
def show(*, delivery_id: str, source: str, as_json: bool) -> None:
    """Show what became of the delivery ID, and of its repetitions.

    ID is what the receiver answered as `delivery_id`: the host's Idempotency-Key.
    """
    with connect.database() as db, translated():
        query = {"source": source, "delivery_id": delivery_id}
        rows: list[dict[str, Any]] = list(db["deliveries"].find(query).sort("_id"))
    if as_json:
        print_json(rows)
    for row in [] if as_json else rows:
        print_fields(f"delivery {row['delivery_id']}", row)
    if not rows:
        click.echo(
            f"the ledger has no delivery {delivery_id} of {source}: "
            "it is still queued, or never was accepted",
            err=True,
        )
        sys.exit(1)
