"""`forgewire dead-letters`: read what was set aside, send it again, or drop it."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

import click

from broker.dead_letter import DeadLetter
from broker.dead_letters import read
from broker.topology import Topology
from cli import connect, drop, replay
from cli.letters import miss, print_letters
from cli.options import examples, json_option
from cli.output import print_fields, print_json, visible
from cli.selection import selecting
from operations.letters import summary
from operations.selection import Selection


@click.group("dead-letters")
def group() -> None:
    """Look at events that could not be applied, send them again, or drop them.

    Dead letters never expire. While a command holds them, no other sees them.
    """


group.add_command(replay.command)
group.add_command(drop.command)


@group.command(
    "list",
    epilog=examples(
        "forgewire dead-letters list",
        "forgewire dead-letters list --event push --older-than 2h",
        "forgewire dead-letters list --json | jq -r '.[].reason' | sort | uniq -c",
    ),
)
@selecting
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="List no more than so many, the oldest.",
)
@json_option
def list_(*, selection: Selection, limit: int, as_json: bool) -> None:
    """List dead letters, oldest first, and remove none."""
    with _letters() as letters:
        # What another reader gave back may stand at the end of the queue.
        chosen = islice(_chosen(letters, selection), limit)
        found = sorted(map(summary, chosen), key=lambda it: str(it["dead_at"]))
    if as_json:
        print_json(found)
    elif found:
        print_letters(found)
        more = " or more" if len(found) == limit else ""
        click.echo(f"\n{len(found)}{more}; why: forgewire dead-letters show ID")
    elif selection.is_narrow:
        click.echo("there are no such dead letters")
    else:
        click.echo("there are no dead letters")


@group.command(
    "show",
    epilog=examples(
        "forgewire dead-letters show 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11",
        "forgewire dead-letters show 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11 --body",
        "forgewire dead-letters show --event push --since 1h",
    ),
)
@selecting
@click.option("--body", "with_body", is_flag=True, help="Print the payload instead.")
@json_option
def show(*, selection: Selection, with_body: bool, as_json: bool) -> None:
    """Show why deliveries are dead: the reason and the traceback.

    The payload may hold personal data, so it is shown only if asked for. Exits 1 if
    there is no such dead letter.
    """
    if not selection.is_narrow:
        raise click.UsageError("say which: name an ID, or a filter such as --event")
    with _letters() as letters:
        found = []
        for letter in _chosen(letters, selection):
            # At once: many bodies need not fit into memory together.
            found.append(summary(letter))
            _show(letter, with_body=with_body, as_json=as_json)
    if not found and not selection.ids:
        raise click.ClickException("there is no such dead letter")
    sys.exit(1 if miss(selection, found) else 0)


def _letters() -> closing[Generator[DeadLetter]]:
    settings = connect.settings()
    topology = Topology(settings.amqp_prefix)
    return closing(read(settings.amqp_url, topology, sys.maxsize))


def _chosen(
    letters: Generator[DeadLetter], selection: Selection
) -> Iterator[DeadLetter]:
    return (letter for letter in letters if selection.takes(letter))


def _show(letter: DeadLetter, *, with_body: bool, as_json: bool) -> None:
    if as_json:
        body = {"body": letter.body.decode("utf-8", "replace")} if with_body else {}
        print_json(summary(letter) | {"detail": letter.detail} | body)
    elif with_body:
        click.echo(letter.body, nl=False)
    else:
        print_fields(f"dead letter {letter.delivery_id}", _telling(letter))
        click.echo(f"\n{visible(letter.detail or '', keep=chr(10))}")


def _telling(letter: DeadLetter) -> dict[str, Any]:
    """Return the summary, with the end of the traceback: it says what was wrong."""
    lines = (letter.detail or "").splitlines()
    fields = summary(letter) | {"problem": lines[-1] if lines else None}
    del fields["delivery_id"]
    return fields
