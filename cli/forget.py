"""`forgewire forget`: remove what is left of a destroyed user."""

import sys
from typing import Any

import click

from cli import connect
from cli.dropping import require_answer
from cli.forgetting import Options, forget
from cli.options import examples, json_option, source_option
from cli.output import print_json


@click.command(
    "forget",
    epilog=examples(
        "forgewire forget 41 --dry-run",
        "forgewire forget 41 --source gitlab-eu --wait 600",
    ),
)
@click.argument("user_id", metavar="USER_ID", type=click.IntRange(min=1))
@source_option
@click.option(
    "--even-if-active",
    "is_forced",
    is_flag=True,
    help="Also a user of whose end the host told nothing; the state stays as it is.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for spool and queue; 0: do not wait.",
)
@click.option(
    "--delete-unreadable",
    "deletes_unreadable",
    is_flag=True,
    help="Also delete what nobody can read in files that were set aside.",
)
@click.option(
    "--dry-run", "is_dry_run", is_flag=True, help="Say what would be done; do nothing."
)
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@json_option
def command(*, user_id: int, source: str, as_json: bool, **given: Any) -> None:
    """Remove what is left of the destroyed user USER_ID: in dead letters, spool, state.

    First it waits until events about the user have left the spool of this machine, and
    the queue was worked as far as it stood then: they may become dead letters.
    Bodies that are kept beside the ledger are erased if they are about the user.

    A dead letter is about the user if it has the id, an e-mail address, or a username
    as long as it was theirs; where no address is told, the name. It is dropped, and
    the ledger keeps a row without personal data. In files of the spool that were set
    aside such events are erased. Exits 1 if something remains that could not be
    removed, could not be read, or still waits.
    """
    options = Options(is_quiet=as_json, **given)
    require_answer(yes=options.yes or options.is_dry_run)
    settings = connect.settings()
    with connect.database(settings.mongodb_url) as db:
        report = forget(settings, db, (source, user_id), options)
    if as_json:
        print_json(report.as_json)
    else:
        click.echo("\n".join(report.lines()))
    sys.exit(0 if report.is_clean else 1)
