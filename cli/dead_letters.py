"""`forgewire dead-letters`: read what was set aside, and leave it there."""

import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from broker.dead_letter import DeadLetter
from broker.dead_letters import read
from broker.topology import Topology
from cli import connect
from cli.options import examples, json_option
from cli.output import print_fields, print_json, print_table, visible
from state.version import from_micros


@click.group("dead-letters")
def group() -> None:
    """Look at events that could not be applied; they stay where they are."""


@group.command(
    "list",
    epilog=examples(
        "forgewire dead-letters list",
        "forgewire dead-letters list --json | jq -r '.[].reason' | sort | uniq -c",
    ),
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Read no more than so many, the oldest.",
)
@json_option
def list_(*, limit: int, as_json: bool) -> None:
    """List dead letters, oldest first, and remove none."""
    with _letters(limit) as letters:
        # What another reader gave back may stand at the end of the queue.
        found = sorted(map(_summary, letters), key=lambda it: str(it["dead_at"]))
    if as_json:
        print_json(found)
    elif found:
        _show_list(found)
        more = " or more" if len(found) == limit else ""
        click.echo(f"\n{len(found)}{more}; why: forgewire dead-letters show ID")
    else:
        click.echo("there are no dead letters")


@group.command(
    "show",
    epilog=examples(
        "forgewire dead-letters show 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11",
        "forgewire dead-letters show 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11 --body",
    ),
)
@click.argument("delivery_id", metavar="ID")
@click.option("--body", "with_body", is_flag=True, help="Print the payload instead.")
@json_option
def show(*, delivery_id: str, with_body: bool, as_json: bool) -> None:
    """Show why the delivery ID is dead: the reason and the traceback.

    The payload may hold personal data, so it is shown only if asked for. Exits 1 if
    no dead letter has that ID.
    """
    with _letters(sys.maxsize) as letters:
        letter = next((it for it in letters if it.delivery_id == delivery_id), None)
    if letter is None:
        raise click.ClickException(f"no dead letter has the delivery ID {delivery_id}")
    if as_json:
        body = {"body": letter.body.decode("utf-8", "replace")} if with_body else {}
        print_json(_summary(letter) | {"detail": letter.detail} | body)
    elif with_body:
        click.echo(letter.body, nl=False)
    else:
        print_fields(f"dead letter {delivery_id}", _telling(letter))
        click.echo(f"\n{visible(letter.detail or '', keep=chr(10))}")


def _letters(limit: int) -> closing[Generator[DeadLetter]]:
    settings = connect.settings()
    return closing(read(settings.amqp_url, Topology(settings.amqp_prefix), limit))


def _show_list(found: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    print_table(
        ("delivery id", "age", "reason", "event"),
        [
            (it["delivery_id"], age(it["dead_at"], now), it["reason"], it["event"])
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


_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def _telling(letter: DeadLetter) -> dict[str, Any]:
    """Return the summary, with the end of the traceback: it says what was wrong."""
    lines = (letter.detail or "").splitlines()
    fields = _summary(letter) | {"problem": lines[-1] if lines else None}
    del fields["delivery_id"]
    return fields


def _summary(letter: DeadLetter) -> dict[str, Any]:
    told = asdict(letter) | {"body_size": letter.body_size}
    del told["body"], told["detail"]
    for name in ("received_at", "dead_at"):
        if told[name] is not None:
            told[name] = from_micros(told[name])
    return told
