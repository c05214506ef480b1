"""`forgewire send`: deliver payload files to a receiver, as the host would."""

import os
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from cli import connect, deliver
from cli.output import json_option, print_json, print_table
from config.settings import DEFAULT_SOURCE, Settings


@click.command("send")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--url", help="The receiver; default: the one that runs here.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the token; default: FORGEWIRE_GITLAB_TOKENS, or the token of "
    "the `forgewire up` that runs here.",
)
@click.option("--source", default=DEFAULT_SOURCE, show_default=True)
@click.option("--times", default=1, show_default=True, help="Deliver each so often.")
@click.option("--shuffle", "seed", type=int, help="Shuffle; the number is the seed.")
@json_option
@connect.explains
def command(
    *,
    paths: tuple[Path, ...],
    url: str | None,
    token_file: Path | None,
    source: str,
    times: int,
    seed: int | None,
    as_json: bool,
) -> None:
    """Deliver payload files, or the *.json files of folders, to a receiver.

    Exits 1 if one of them is not accepted. Example:

        forgewire send tests/samples --times 2 --shuffle 7
    """
    settings = connect.settings()
    listed = deliver.payloads(paths) * times
    if seed is not None:
        listed = deliver.shuffled(listed, times=1, seed=seed)
    where = url or _receiver(settings)
    token = token_file.read_text().strip() if token_file else _token(settings)
    answers = list(
        track(
            deliver.deliver(listed, where.rstrip("/"), token=token, source=source),
            total=len(listed),
            description="delivering",
            console=Console(stderr=True),
            transient=True,
        )
    )
    refused = [answer for answer in answers if not answer.is_accepted]
    if as_json:
        print_json([asdict(answer) for answer in answers])
    else:
        _show(answers, refused)
    sys.exit(1 if refused else 0)


def _show(answers: list[deliver.Answer], refused: list[deliver.Answer]) -> None:
    print_table(
        "Deliveries",
        ("file", "status", "", "delivery id"),
        [(it.name, it.status or "-", it.detail, it.delivery_id) for it in answers],
    )
    accepted = len(answers) - len(refused)
    click.echo(f"delivered {len(answers)}  accepted {accepted}  refused {len(refused)}")


def _receiver(settings: Settings) -> str:
    found = connect.running_stack(os.environ).get("ingest")
    return str(found) if found else f"http://{settings.ingest_bind}"


def _token(settings: Settings) -> str:
    tokens = settings.sources[DEFAULT_SOURCE].tokens
    file = settings.data_dir / "token"
    if tokens:
        return tokens[0].decode()
    if file.exists():
        return file.read_text().strip()
    raise click.ClickException(
        "there is no token: set FORGEWIRE_GITLAB_TOKENS, or give --token-file"
    )
