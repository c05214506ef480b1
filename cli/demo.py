"""`forgewire demo`: sample hooks, twice and shuffled, through a stack of its own."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import click
from rich.console import Console

from cli import deliver, payloads
from cli.explain import Failure
from cli.local.screen import Screen, Stopped
from cli.local.stack import Stack
from cli.options import examples
from cli.output import print_table, progress
from cli.proof import by_token
from cli.up import stop_signals
from config.settings import SettingsError
from schemas.errors import ForgewireError
from state.audit import audit
from state.client import connect, translated
from state.documents import Db
from state.ledger import OUTCOMES

#: How long all deliveries may take to be in the ledger, in seconds.
SETTLE_SECONDS = 60.0
Rows: TypeAlias = list[list[object]]

_SAMPLES = Path("tests/samples")
_TABLES = {
    "users": ("user_id", "username", "name", "email", "teams", "state"),
    "projects": ("project_id", "path_with_namespace", "visibility", "state"),
    "groups": ("group_id", "name", "full_path", "state"),
    "memberships": ("user_id", "project_id", "group_id", "access_level", "state"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the deliveries, looked at before the stack stopped."""

    delivered: int
    tables: Mapping[str, Rows]
    outcomes: Mapping[str, int]

    @property
    def lost(self) -> int:
        """Return how many deliveries the ledger does not account for."""
        return self.delivered - sum(self.outcomes.values())


@click.command(
    "demo", epilog=examples("forgewire demo", "forgewire demo tests/samples --seed 7")
)
@click.argument(
    "paths",
    metavar="[FILE]...",
    nargs=-1,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--seed",
    metavar="SEED",
    default=1,
    show_default=True,
    help="Decides the order of the deliveries.",
)
def command(*, paths: tuple[Path, ...], seed: int) -> None:
    """Deliver sample hooks to a stack that lives only for this command.

    Each payload file (default: those in tests/samples) goes out twice, all in a
    shuffled order; whatever the order, the tables at the end are the same. No other
    stack is touched. Exits 0 if nothing is lost and nothing is dead, else 1.
    """
    listed = payloads.payloads(paths or [_SAMPLES])
    try:
        with (
            stop_signals() as should_stop,
            tempfile.TemporaryDirectory(prefix="forgewire-demo-") as folder,
        ):
            screen = Screen(Console(stderr=True), should_stop=should_stop)
            screen.say("a stack of its own starts, on free ports")
            with Stack(environment(os.environ, folder), screen=screen) as stack:
                seen = _run(stack, screen, payloads.shuffled(listed * 2, seed))
    except Stopped:
        sys.exit(1)
    except (ForgewireError, SettingsError) as exc:
        # Its servers are its own: advice on how to find others would mislead.
        raise Failure(str(exc)) from exc
    _show(seen)
    sys.exit(0 if seen.lost == 0 and seen.outcomes["dead"] == 0 else 1)


def environment(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return an environment that shares nothing with any other stack."""
    clean = {k: v for k, v in environ.items() if not k.startswith("FORGEWIRE_")}
    return clean | {
        "FORGEWIRE_DATA_DIR": folder,
        "FORGEWIRE_INGEST_BIND": "127.0.0.1:0",
        "FORGEWIRE_API_BIND": "127.0.0.1:0",
        "FORGEWIRE_WORKER_BIND": "127.0.0.1:0",
    }


def _run(stack: Stack, screen: Screen, to_send: list[payloads.Payload]) -> Seen:
    """Deliver, wait until all is accounted for, and look at the state."""
    at = stack.endpoints
    screen.say(f"delivering {len(to_send)} hooks: each sample twice, shuffled")
    delivering = deliver.deliver(to_send, at.ingest, proof=by_token(at.token.encode()))
    accepted = 0
    for answer in progress(delivering, total=len(to_send), what="delivering"):
        screen.pause(0)
        accepted += answer.is_accepted
    db = connect(at.mongodb_url, name="forgewire demo")
    with closing(db.client), translated():
        with screen.waiting("the ledger"):
            _await_ledger(db, accepted, stack, screen)
        tables = {name: _rows(db, name, columns) for name, columns in _TABLES.items()}
        return Seen(len(to_send), tables, audit(db, now=datetime.now(UTC)).outcomes)


def _await_ledger(db: Db, accepted: int, stack: Stack, screen: Screen) -> None:
    end = time.monotonic() + SETTLE_SECONDS
    while db["deliveries"].count_documents({}) < accepted and time.monotonic() < end:
        stack.check()
        screen.pause(0.1)


def _rows(db: Db, name: str, columns: tuple[str, ...]) -> Rows:
    return [
        [document.get(column) for column in columns]
        for document in db[name].find().sort([(column, 1) for column in columns[:3]])
    ]


def _show(seen: Seen) -> None:
    for name, rows in seen.tables.items():
        columns = [column.replace("_", " ") for column in _TABLES[name]]
        print_table(columns, rows, title=name.capitalize())
        click.echo()
    told = "  ".join(f"{name} {seen.outcomes[name]}" for name in OUTCOMES)
    click.echo(f"delivered {seen.delivered}  {told}  lost {seen.lost}")
