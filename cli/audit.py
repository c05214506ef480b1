"""`forgewire audit`: reconcile what was accepted with what the ledger holds."""

import sys
from collections import Counter
from typing import Any

import click

from broker.dead_letters import count
from broker.topology import Topology
from cli import connect
from cli.output import json_option, print_json, print_table
from state.audit import Audit, audit
from state.ledger import OUTCOMES


@click.command("audit")
@json_option
@connect.explains
def command(*, as_json: bool) -> None:
    """Reconcile what receivers accepted with what the ledger holds.

    Each start of a receiver numbers what it accepts. A number that is missing below the
    highest one in the ledger is a delivery under way, or lost: the command exits 1.
    """
    settings = connect.settings()
    with connect.database() as db:
        found = audit(db)
    dead = count(settings.amqp_url, Topology(settings.amqp_prefix))
    if as_json:
        print_json(_as_json(found, dead))
    else:
        _show(found, dead)
    sys.exit(1 if found.missing else 0)


def _as_json(found: Audit, dead: int) -> dict[str, Any]:
    rows = [
        {"source": source, "event": event, "outcome": outcome, "deliveries": number}
        for (source, event, outcome), number in sorted(found.tally.items())
    ]
    return {
        "accepted": found.accepted,
        "missing": found.missing,
        "balanced": found.missing == 0,
        "outcomes": found.outcomes,
        "dead_letters": dead,
        "rows": rows,
    }


def _show(found: Audit, dead: int) -> None:
    by_event: dict[tuple[str, str], Counter[str]] = {}
    for (source, event, outcome), number in sorted(found.tally.items()):
        by_event.setdefault((source, event), Counter())[outcome] += number
    rows = [
        (*key, *(numbers[outcome] for outcome in OUTCOMES))
        for key, numbers in by_event.items()
    ]
    totals = [found.outcomes[outcome] for outcome in OUTCOMES]
    print_table(
        "Ledger", ("source", "event", *OUTCOMES), [*rows, ("", "total", *totals)]
    )
    accounted = "  ".join(f"{name} {number}" for name, number in found.outcomes.items())
    click.echo(f"accepted {found.accepted}  {accounted}  missing {found.missing}")
    click.echo(f"dead letters waiting: {dead}")
    click.echo(
        "balanced"
        if not found.missing
        else "NOT balanced: run it again in a moment; "
        "what is still missing when the queue is empty was lost"
    )
