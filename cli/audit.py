"""`forgewire audit`: reconcile what was accepted with what is accounted for."""

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from broker import dead_letters
from broker.browser import Browser
from broker.topology import Topology
from cli import connect
from cli.explain import Failure
from cli.options import examples, json_option
from cli.output import print_json, print_table
from config.settings import Settings
from ingest.spool import survey
from state.audit import Audit, Sighting, audit
from state.ledger import OUTCOMES

#: So many ids are named where something differs.
MAX_NAMED = 10


@dataclass(frozen=True, slots=True)
class Places:
    """What was seen elsewhere than in the ledger."""

    queued: int
    letters: tuple[Sighting, ...]
    #: None if there is no spool folder on this machine.
    spooled: tuple[Sighting, ...] | None


@click.command(
    "audit",
    epilog=examples("forgewire audit", "forgewire audit --json | jq .differences"),
)
@json_option
def command(*, as_json: bool) -> None:
    """Check that every delivery that was accepted is accounted for.

    Each start of a receiver numbers what it accepts. A number below the highest that
    was seen, which is nowhere, is a delivery under way, or a lost one. Every dead row
    of the ledger must have its dead letter, and the other way round. The command exits
    1 if anything differs. It is exact when nothing is under way; while something is,
    it says how much: run it again later.
    """
    # Events go from the spool to the queue to the dead letters to the ledger; looked
    # at in this order, none is missed that moves on meanwhile.
    settings, now = connect.settings(), datetime.now(UTC)
    places = _look(settings)
    with connect.database(settings.mongodb_url) as db:
        found = audit(
            db,
            now=now,
            letters=places.letters,
            spooled=places.spooled or (),
        )
    if as_json:
        print_json(_as_json(found, places))
    else:
        _show(found, places)
    sys.exit(1 if found.differences else 0)


def _look(settings: Settings) -> Places:
    spooled = _spooled(settings.spool_dir)
    topology = Topology(settings.amqp_prefix)
    browser = Browser(settings.amqp_url, topology, name="forgewire audit")
    with closing(browser):
        queued = browser.count(topology.events)
    letters = dead_letters.read(settings.amqp_url, topology, sys.maxsize)
    with closing(letters):
        return Places(queued, tuple(map(_sighting, letters)), spooled)


def _spooled(folder: Path) -> tuple[Sighting, ...] | None:
    if not folder.is_dir():
        return None
    try:
        return tuple(map(_sighting, survey.messages(folder)))
    except OSError as exc:
        raise Failure(f"{folder} cannot be read: {exc.strerror}") from exc


def _sighting(it: Any) -> Sighting:
    return Sighting(it.source, it.event, it.delivery_id, it.receipt)


def _by_event(found: Audit) -> dict[tuple[str, str], Counter[str]]:
    """Return for each source and event how many deliveries are where."""
    places: dict[tuple[str, str], Counter[str]] = {}
    for (source, event, outcome), number in found.tally.items():
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
        advice = (
            "a worker may have them: run it again in a moment; what is missing then "
            "was lost, or a receiver was killed before it answered"
        )
    return [*lines, f"NOT balanced: {advice}"]


def _named(what: str, ids: tuple[str, ...]) -> list[str]:
    if not ids:
        return []
    more = ", ..." if len(ids) > MAX_NAMED else ""
    return [f"{len(ids)} {what}: {', '.join(ids[:MAX_NAMED])}{more}"]
