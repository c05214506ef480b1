"""`forgewire audit`: reconcile what was accepted with what is accounted for."""

import sys
from datetime import UTC, datetime

import click

from cli import connect
from cli.options import examples, json_option
from cli.output import print_json, print_table
from operations.auditing import Reconciled, reconcile
from operations.places import Places, look
from state.audit import Audit
from state.ledger import OUTCOMES

#: So many ids are named where something differs.
MAX_NAMED = 10


@click.command(
    "audit",
    epilog=examples("forgewire audit", "forgewire audit --json | jq .differences"),
)
@json_option
def command(*, as_json: bool) -> None:
    """Check that every delivery that was accepted is accounted for.

    Each start of a receiver numbers what it takes, and tallies in the spool folder
    which numbers it accepted. What was tallied and is nowhere is a delivery under way,
    or a lost one. Starts whose tallies are not on this machine are judged by gaps: a
    number that is nowhere below the highest that was seen. Every dead row of the ledger
    must have its dead letter, and the other way round. The command exits 1 if anything
    differs. With tallies it is exact when nothing is under way; while something is, it
    says how much: run it again later.
    """
    settings, now = connect.settings(), datetime.now(UTC)
    places = look(settings)
    with connect.database(settings.mongodb_url) as db:
        reconciled = reconcile(db, places, now=now)
    if as_json:
        print_json(reconciled.as_json())
    else:
        _show(reconciled)
    sys.exit(1 if reconciled.found.differences else 0)


def _show(reconciled: Reconciled) -> None:
    found, places = reconciled.found, reconciled.places
    columns = (*OUTCOMES, "spooled")
    rows = [
        (source, event, numbers.total(), *(numbers[it] or None for it in columns))
        for (source, event), numbers in reconciled.by_event().items()
    ]
    if rows:
        print_table(("source", "event", "accepted", *columns), rows)
        click.echo()
    told = "  ".join(f"{name} {number}" for name, number in found.outcomes.items())
    spooled = "-" if places.spooled is None else len(places.spooled)
    click.echo(f"accepted {found.accepted}  {told}  missing {found.missing}")
    click.echo(
        f"queued {places.queued}  spooled {spooled}  dead letters {len(places.letters)}"
    )
    starts = found.nowhere
    click.echo(
        f"starts of receivers  by tally {starts.by_tally}  by gaps {starts.by_gaps}"
    )
    for line in _verdict(found, places):
        click.echo(line)


def _verdict(found: Audit, places: Places) -> list[str]:
    lines = []
    if found.letters_alone:
        number = len(found.letters_alone)
        lines.append(f"RabbitMQ set {number} aside: dead, without a row in the ledger")
    lines += _named("dead in the ledger, without a dead letter", found.without_letter)
    lines += _named("dead letter, but not dead in the ledger", found.not_dead)
    if not found.differences:
        return [*lines, "balanced"]
    under_way = places.queued + len(places.spooled or ())
    if under_way:
        advice = f"up to {under_way} are under way: run it again when they are through"
    else:
        advice = "a worker may have them: run it again in a moment; what is missing "
        advice += "then was lost"
        if found.nowhere.by_gaps:
            advice += ", or had never been accepted by a receiver that was killed or "
            advice += "refused it, and whose tally is not on this machine"
    return [*lines, f"NOT balanced: {advice}"]


def _named(what: str, ids: tuple[str, ...]) -> list[str]:
    if not ids:
        return []
    more = ", ..." if len(ids) > MAX_NAMED else ""
    return [f"{len(ids)} {what}: {', '.join(ids[:MAX_NAMED])}{more}"]
