"""`forgewire demo`: sample hooks, twice and shuffled, through a stack of its own."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from cli import deliver
from cli.local.screen import Screen, Stopped
from cli.local.stack import Stack
from cli.output import print_table
from cli.up import stop_signals
from config.settings import SettingsError
from schemas.errors import ForgewireError
from state.audit import audit
from state.client import connect
from state.documents import Db
from state.ledger import OUTCOMES

#: How long all deliveries may take to be in the ledger, in seconds.
SETTLE_SECONDS = 60.0
_TABLES = {
    "users": ("user_id", "username", "name", "email", "teams", "state"),
    "projects": ("project_id", "path_with_namespace", "visibility", "state"),
    "groups": ("group_id", "name", "full_path", "state"),
    "memberships": ("user_id", "project_id", "group_id", "access_level", "state"),
}


@click.command("demo")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Decides the order.")
def command(*, paths: tuple[Path, ...], seed: int) -> None:
    """Deliver sample hooks to a stack that lives only for this command.

    Each goes out twice, all in a shuffled order; whatever the order, the tables at the
    end are the same. Exits 0 if nothing is lost and nothing is dead.
    """
    console = Console(stderr=True)
    try:
        with (
            stop_signals() as should_stop,
            tempfile.TemporaryDirectory(prefix="forgewire-demo-") as folder,
        ):
            screen = Screen(console, should_stop=should_stop)
            screen.say("a stack of its own starts, on free ports")
            with Stack(environment(os.environ, folder), screen=screen) as stack:
                listed = deliver.payloads(paths or (Path("tests/samples"),))
                to_send = deliver.shuffled(listed, times=2, seed=seed)
                is_clean = _run(stack, screen, to_send)
    except Stopped:
        sys.exit(1)
    except (ForgewireError, SettingsError) as exc:
        raise click.ClickException(str(exc)) from exc
    sys.exit(0 if is_clean else 1)


def environment(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return an environment that shares nothing with any other stack."""
    clean = {k: v for k, v in environ.items() if not k.startswith("FORGEWIRE_")}
    return clean | {
        "FORGEWIRE_DATA_DIR": folder,
        "FORGEWIRE_INGEST_BIND": "127.0.0.1:0",
        "FORGEWIRE_WORKER_BIND": "127.0.0.1:0",
    }


def _run(stack: Stack, screen: Screen, to_send: list[deliver.Payload]) -> bool:
    """Deliver, wait and show; return whether nothing is lost and nothing dead."""
    at = stack.endpoints
    answers = track(
        deliver.deliver(to_send, at.ingest, token=at.token),
        total=len(to_send),
        description="delivering",
        console=Console(stderr=True),
        transient=True,
    )
    accepted = sum(answer.is_accepted for answer in answers)
    db = connect(at.mongodb_url, name="forgewire demo")
    try:
        with screen.waiting("the ledger"):
            _await_ledger(db, accepted, screen)
        for name, columns in _TABLES.items():
            _show(db, name, columns)
        return _tell(db, len(to_send))
    finally:
        db.client.close()


def _await_ledger(db: Db, accepted: int, screen: Screen) -> None:
    end = time.monotonic() + SETTLE_SECONDS
    while db["deliveries"].count_documents({}) < accepted and time.monotonic() < end:
        screen.pause(0.1)


def _show(db: Db, name: str, columns: tuple[str, ...]) -> None:
    rows = [
        [document.get(column) for column in columns]
        for document in db[name].find().sort([(column, 1) for column in columns[:3]])
    ]
    print_table(name.capitalize(), columns, rows)


def _tell(db: Db, delivered: int) -> bool:
    outcomes = audit(db).outcomes
    lost = delivered - sum(outcomes.values())
    told = "  ".join(f"{name} {outcomes[name]}" for name in OUTCOMES)
    click.echo(f"delivered {delivered}  {told}  lost {lost}")
    return lost == 0 and outcomes["dead"] == 0
