"""`forgewire dead-letters`: read what was set aside, and leave it there."""

import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import click

from broker.dead_letter import DeadLetter
from broker.dead_letters import read
from broker.topology import Topology
from cli import connect
from cli.output import json_option, print_fields, print_json, print_table
from state.version import from_micros


@click.group("dead-letters")
def group() -> None:
    """Look at events that could not be applied."""


@group.command("list")
@click.option("--limit", default=1_000, show_default=True, help="Read so many, oldest.")
@json_option
@connect.explains
def list_(*, limit: int, as_json: bool) -> None:
    """List dead letters, oldest first; they stay where they are."""
    with _letters(limit) as letters:
        found = [_summary(letter) for letter in letters]
    if as_json:
        print_json(found)
        return
    columns = ("delivery_id", "event", "source", "reason", "handler", "dead_at")
    rows = [[letter[column] for column in columns] for letter in found]
    print_table("Dead letters", [column.replace("_", " ") for column in columns], rows)
    click.echo(f"{len(found)} dead letters; `forgewire dead-letters show ID` for one")


@group.command("show")
@click.argument("delivery_id", metavar="ID")
@click.option("--limit", default=100_000, show_default=True, help="Search so many.")
@click.option("--body", "with_body", is_flag=True, help="Print the payload, too.")
@json_option
@connect.explains
def show(*, delivery_id: str, limit: int, with_body: bool, as_json: bool) -> None:
    """Show why the delivery ID is dead: the reason and the traceback."""
    with _letters(limit) as letters:
        found = (one for one in letters if one.delivery_id == delivery_id)
        letter = next(found, None)
    if letter is None:
        click.echo(f"there is no dead letter {delivery_id}", err=True)
        sys.exit(1)
    shown = _summary(letter) | {"detail": letter.detail}
    if with_body:
        shown["body"] = letter.body.decode("utf-8", "replace")
    if as_json:
        print_json(shown)
        return
    longer = {name: shown.pop(name) for name in ("detail", "body") if name in shown}
    print_fields(f"dead letter {delivery_id}", shown)
    for text in longer.values():
        click.echo(f"\n{text}")


def _letters(limit: int) -> closing[Generator[DeadLetter]]:
    settings = connect.settings()
    return closing(read(settings.amqp_url, Topology(settings.amqp_prefix), limit))


def _summary(letter: DeadLetter) -> dict[str, Any]:
    told = asdict(letter) | {"body_size": letter.body_size}
    del told["body"], told["detail"]
    for name in ("received_at", "dead_at"):
        if told[name] is not None:
            told[name] = from_micros(told[name])
    return told
