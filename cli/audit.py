"""`forgewire audit`: reconcile what was accepted with what the ledger holds."""

import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import click

from broker.browser import Browser
from broker.topology import Topology
from cli import connect
from cli.options import examples, json_option
from cli.output import print_json, print_table
from config.settings import Settings
from state.audit import Audit, audit
from state.ledger import OUTCOMES


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages are in the queues."""

    events: int
    dead_letters: int


@click.command(
    "audit", epilog=examples("forgewire audit", "forgewire audit --json | jq .missing")
)
@json_option
def command(*, as_json: bool) -> None:
    """Check that every delivery that was accepted is accounted for.

    Each start of a receiver numbers what it accepts. A number that is missing below the
    highest one in the ledger is a delivery under way, or a lost one: then the command
    exits 1. While the queue is not empty, run it again later.
    """
    # The queue goes first: what leaves it meanwhile is then counted twice, not never.
    settings = connect.settings()
    waiting = _waiting(settings)
    with connect.database(settings.mongodb_url) as db:
        found = audit(db)
    if as_json:
        print_json(_as_json(found, waiting))
    else:
        _show(found)
        click.echo(_verdict(found, waiting))
    sys.exit(1 if found.missing else 0)


def _waiting(settings: Settings) -> Waiting:
    topology = Topology(settings.amqp_prefix)
    browser = Browser(settings.amqp_url, topology, name="forgewire audit")
    with closing(browser):
        return Waiting(
            browser.count(topology.events), browser.count(topology.dead_letters)
        )


def _as_json(found: Audit, waiting: Waiting) -> dict[str, Any]:
    rows = [
        {"source": source, "event": event, "outcome": outcome, "deliveries": number}
        for (source, event, outcome), number in sorted(found.tally.items())
    ]
    return {
        "accepted": found.accepted,
        "missing": found.missing,
        "balanced": found.missing == 0,
        "outcomes": found.outcomes,
        "queued": waiting.events,
        "dead_letters": waiting.dead_letters,
        "rows": rows,
    }


def _show(found: Audit) -> None:
    by_event: dict[tuple[str, str], Counter[str]] = {}
    for (source, event, outcome), number in sorted(found.tally.items()):
        by_event.setdefault((source, event), Counter())[outcome] += number
    rows = [
        (source, event, *(numbers[outcome] or None for outcome in OUTCOMES))
        for (source, event), numbers in by_event.items()
    ]
    if rows:
        print_table(("source", "event", *OUTCOMES), rows)
        click.echo()
    totals = "  ".join(f"{name} {number}" for name, number in found.outcomes.items())
    click.echo(f"accepted {found.accepted}  {totals}  missing {found.missing}")


def _verdict(found: Audit, waiting: Waiting) -> str:
    queues = f"queued {waiting.events}  dead letters {waiting.dead_letters}"
    if not found.missing:
        return f"{queues}\nbalanced"
    if waiting.events:
        advice = "run it again when the queue is empty"
    else:
        advice = (
            "a worker may have them: run it again in a moment; what is missing then "
            "was lost"
        )
    return f"{queues}\nNOT balanced: {advice}"
