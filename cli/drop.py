"""`forgewire dead-letters drop`: remove dead letters for good."""

import sys
from collections.abc import Sequence
from contextlib import closing

import click

from broker.holding import Holding
from broker.topology import Topology
from cli import connect
from cli.dropping import agree, drop, require_answer
from cli.letters import miss, print_letters
from cli.options import examples, json_option
from cli.output import print_json, progress
from cli.selection import selecting
from operations.dropping import Doomed, doom
from operations.selection import Selection


@click.command(
    "drop",
    epilog=examples(
        "forgewire dead-letters drop --reason undecodable --dry-run",
        "forgewire dead-letters drop 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11",
        "forgewire dead-letters drop --older-than 90d --yes --note 'Ada: obsolete'",
    ),
)
@selecting
@click.option("--all", "every", is_flag=True, help="Drop all there are.")
@click.option("--dry-run", is_flag=True, help="Say what would be dropped, drop none.")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.option("--note", metavar="TEXT", help="Who drops them and why, for the ledger.")
@json_option
def command(
    *,
    selection: Selection,
    every: bool,
    dry_run: bool,
    yes: bool,
    note: str | None,
    as_json: bool,
) -> None:
    """Remove dead letters for good; their payloads are then gone.

    Asks before. The ledger keeps a row for each that was accepted from a host: `dead`,
    with the time and the note. Exits 1 if the answer is no.
    """
    if every is selection.is_narrow:
        raise click.UsageError("say which: IDs and filters such as --event, or --all")
    require_answer(yes=yes or dry_run)
    settings = connect.settings()
    with closing(Holding(settings.amqp_url, Topology(settings.amqp_prefix))) as holding:
        letters = progress(holding.letters(), total=len(holding), what="reading")
        doomed = [doom(held) for held in letters if selection.takes(held.letter)]
        if not as_json:
            _show(doomed)
        if doomed and not dry_run:
            agree(f"Drop these {len(doomed)} dead letters for good?", yes=yes)
            with connect.database(settings.mongodb_url) as db:
                drop(doomed, holding, db, note=note)
    told = [one.told for one in doomed]
    if as_json:
        print_json({"dropped": told, "dry_run": dry_run})
    else:
        click.echo(f"{'would be ' if dry_run else ''}dropped {len(doomed)}")
    sys.exit(1 if miss(selection, told) else 0)


def _show(doomed: Sequence[Doomed]) -> None:
    if doomed:
        print_letters([one.told for one in doomed])
        click.echo()
