"""`forgewire export`: write down, or check, what others may rely on."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli import connect
from cli.options import examples, json_option
from cli.output import print_json
from handlers.registry import Handler, load
from operations.contracts import asyncapi, events, folder
from operations.contracts.breaking import Files, breaks

_MEANT = (
    "who relies on this would break; if that is meant, raise VERSION in "
    "operations/contracts/version.py"
)
_OPTIONS = (
    click.option(
        "--folder",
        "kept",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("docs/contracts"),
        show_default=True,
        help="Where the contracts are kept.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Write nothing; exit 1 if what is kept is not what would be written.",
    ),
    click.option(
        "--against",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="FOLDER",
        help="Write nothing; exit 1 if who relies on what is kept in FOLDER would "
        "break. That something is new is no matter.",
    ),
    json_option,
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("export")
def group() -> None:
    """Write what others rely on: JSON Schema of events, AsyncAPI of queues.

    What would break them is not written but named, and that exits 1: a field that is
    told no more, may be absent or of another type, a queue that is gone. What is new
    breaks nobody. None of this needs a server.
    """


@group.command(
    "schemas",
    epilog=examples(
        "forgewire export schemas",
        "forgewire export schemas --check",
        "forgewire export schemas --against /srv/before/docs/contracts",
    ),
)
@_options
def schemas(**where: Any) -> None:
    """Write the JSON Schema of each event's body.

    Of the draft 2020-12, in a file each: of all events that have a handler, those of
    packages that are on too.
    """
    _export("schemas/*.json", events.event_schemas(_handlers()), **where)


@group.command(
    "asyncapi",
    epilog=examples(
        "forgewire export asyncapi",
        "forgewire export asyncapi --check --json",
        "forgewire export asyncapi --against /srv/before/docs/contracts",
    ),
)
@_options
def queues(**where: Any) -> None:
    """Write the AsyncAPI document of our queues.

    Of version 3.0: exchanges, queues, and the messages in them. It refers to the
    schemas of events, which stand beside it. Names begin with `forgewire`, whatever
    FORGEWIRE_AMQP_PREFIX says.
    """
    made = asyncapi.document(_handlers())
    _export(asyncapi.PATH, {asyncapi.PATH: made}, **where)


def _handlers() -> dict[str, Handler]:
    return load(connect.settings().handler_packages)


def _export(
    pattern: str,
    made: Files,
    *,
    kept: Path,
    check: bool,
    against: Path | None,
    as_json: bool,
) -> None:
    broken = breaks(folder.read(against or kept, pattern), made)
    differing = [] if against else folder.differing(kept, pattern, made)
    is_written = not (check or against or broken)
    if is_written:
        folder.write(kept, pattern, made)
    told = {"breaks": broken, "written" if is_written else "differs": differing}
    if as_json:
        print_json(told)
    else:
        _print(told, len(made))
    sys.exit(1 if broken or (check and differing) else 0)


def _print(told: dict[str, list[str]], made: int) -> None:
    for what, lines in told.items():
        for line in lines:
            click.echo(f"{what}  {line}")
    if told["breaks"]:
        click.echo(_MEANT)
    elif told.get("differs"):
        click.echo("run it without --check to write them")
    else:
        click.echo(f"contracts: {made}, and nothing breaks")
