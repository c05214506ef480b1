"""Ask before dead letters are removed for good, and show how far it is."""

import sys
from collections.abc import Sequence

import click

from broker.holding import Holding
from cli.output import progress
from operations import dropping
from operations.dropping import Doomed
from state.documents import Db


def require_answer(*, yes: bool) -> None:
    """Raise UsageError if nobody is there to be asked, and `--yes` is not given."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(
            "this cannot be undone, and there is no terminal to ask at: give --yes"
        )


def agree(question: str, *, yes: bool) -> None:
    """Ask at the terminal, unless `yes`; raise Abort if the answer is no."""
    if not yes:
        click.confirm(question, abort=True, err=True)


def drop(
    doomed: Sequence[Doomed], holding: Holding, db: Db, *, note: str | None
) -> None:
    """Write the ledger, then remove the letters, and show how far it is."""
    dropping.drop(
        doomed,
        holding,
        db,
        note=note,
        watched=lambda starts: progress(starts, total=len(starts), what="dropping"),
    )
