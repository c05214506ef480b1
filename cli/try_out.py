"""`forgewire try`: what a worker would make of an event, without any server."""

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import click

from broker.message import Message
from cli import connect, made, trial
from cli.explain import Failure
from cli.options import examples, json_option, source_option
from cli.output import print_json
from cli.payloads import read
from config.settings import Settings
from handlers.registry import load
from operations.trying import Tried, try_out
from schemas.body import event_name, parse_object
from schemas.errors import StateUnavailable
from state.rehearsal import Rehearsal, rehearse

#: Where the sample of an event may be, below the folder in which the command runs.
SAMPLES = (Path("tests/samples"), Path("samples"))


@click.command(
    "try",
    epilog=examples(
        "forgewire try user_rename",
        "forgewire try tests/samples/user_rename.json --json",
        "forgewire try user_destroy --against mongodb://127.0.0.1:27017/forgewire",
    ),
)
@click.argument("what", metavar="EVENT|FILE")
@click.option(
    "--against",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help="Show what would differ in the state of that MongoDB. Without URL: "
    "FORGEWIRE_MONGODB_URL, else that of the `forgewire up` in this folder. It is "
    "written in a transaction that is rolled back.",
)
@source_option
@json_option
def command(*, what: str, against: str | None, source: str, as_json: bool) -> None:
    """Show how an event is named and validated, and which changes it means.

    FILE holds the body of a hook. Of an EVENT the sample EVENT.json is taken that is in
    tests/samples or samples, else one is made up that fits its schema. No server is
    needed, but for --against. Exits 1 if it would become a dead letter.
    """
    settings = connect.settings()
    now = datetime.now(UTC)
    handlers = load(settings.handler_packages)
    file = next((it for it in _files(what) if it.is_file()), None)
    body = (
        read(file) if file else made.body(what, handlers, number=made.FIRST_ID, now=now)
    )
    message = _message(body, source, now)
    tried = try_out(message, handlers)
    rehearsal = None if against is None else _rehearsal(tried, against, settings)
    told = trial.told(message.event, file, tried, rehearsal)
    if as_json:
        print_json(told)
    else:
        trial.show(told)
    sys.exit(1 if tried.error else 0)


def _files(what: str) -> list[Path]:
    return [Path(what), *(folder / f"{what}.json" for folder in SAMPLES)]


def _message(body: bytes, source: str, now: datetime) -> Message:
    """Return the body as a receiver would hand it on; raise BadBody if it would not."""
    return Message(
        source=source,
        event=event_name(parse_object(body)),
        delivery_id=f"try-{uuid.uuid4()}",
        receipt="try.1",
        received_at=int(now.timestamp() * 1_000_000),
        body=body,
    )


def _rehearsal(tried: Tried, url: str, settings: Settings) -> Rehearsal | None:
    if tried.decision is None or tried.decision.outcome:
        return None
    if url and not url.startswith(("mongodb://", "mongodb+srv://")):
        raise click.BadParameter("it begins with mongodb://", param_hint="--against")
    try:
        with connect.database(url or settings.mongodb_url) as db:
            return rehearse(db, settings.team, tried.decision.decided)
    except StateUnavailable as exc:
        if not url:
            raise
        raise Failure(f"{exc}\n--against names it: is that right?") from exc
