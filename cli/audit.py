"""`forgewire audit`: reconcile what was accepted with what is accounted for."""

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from cli import connect
from cli.options import examples, json_option
from cli.output import print_json, print_table
from cli.places import Places, look
from state.audit import Audit, Sighting, audit
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
        found = audit(
            db,
            now=now,
            letters=places.letters,
            spooled=places.spooled or (),
            tallies=places.tallies,
        )
    if as_json:
        print_json(_as_json(found, places))
    else:
        _show(found, places)
    sys.exit(1 if found.differences else 0)


def _by_event(found: Audit) -> dict[tuple[str, str], Counter[str]]:
    """Return for each source and event how many deliveries are where."""
    places: dict[tuple[str, str], Counter[str]] = {}
    for (source, event, outcome), number in found.counts.items():
        places.setdefault((source, event), Counter())[outcome] += number
    _add(places, "dead", found.letters_alone)
    _add(places, "spooled", found.spooled_alone)
    return dict(sorted(places.items()))


def _add(
    places: dict[tuple[str, str], Counter[str]], where: str, seen: Iterable[Sighting]
) -> None:
    for it in seen:
        at = (it.source or "-", it.event or "-")
        places.setdefault(at, Counter())[where] += 1


def _as_json(found: Audit, places: Places) -> dict[str, Any]:
    rows = [
        {"source": source, "event": event, "outcome": where, "deliveries": number}
        for (source, event), numbers in _by_event(found).items()
        for where, number in sorted(numbers.items())
    ]
    return {
        "accepted": found.accepted,
        "missing": found.missing,
        "starts": {
            "by_tally": found.nowhere.by_tally,
            "by_gaps": found.nowhere.by_gaps,
        },
        "differences": found.differences,
        "balanced": found.differences == 0,
        "outcomes": found.outcomes,
        "queued": places.queued,
        "spooled": None if places.spooled is None else len(places.spooled),
        "dead_letters": len(places.letters),
        "set_aside_by_rabbitmq": len(found.letters_alone),
        "without_letter": found.without_letter,
        "letters_not_dead": found.not_dead,
        "rows": rows,
    }


def _show(found: Audit, places: Places) -> None:
    columns = (*OUTCOMES, "spooled")
    rows = [
        (source, event, numbers.total(), *(numbers[it] or None for it in columns))
        for (source, event), numbers in _by_event(found).items()
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
