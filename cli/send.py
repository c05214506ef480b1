"""`forgewire send`: deliver payload files to a receiver, as the host would."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from environs import ValidationError

from cli import connect, deliver
from cli.explain import Failure
from cli.local.roles import url as url_of
from cli.options import examples, json_option, source_option
from cli.output import print_json, print_table, progress, visible
from config import parse
from config.settings import Settings

UNAUTHENTICATED = 401


@click.command(
    "send",
    epilog=examples(
        "forgewire send tests/samples --times 2 --shuffle 7",
        "forgewire send user.json --url https://hooks.example.com --token-file token",
    ),
)
@click.argument(
    "paths",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--url",
    metavar="URL",
    help="The receiver, such as http://127.0.0.1:8080. Default: that of the "
    "`forgewire up` in this folder, else FORGEWIRE_INGEST_BIND.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the token. Default: FORGEWIRE_GITLAB_TOKENS, else that of the "
    "`forgewire up` in this folder.",
)
@source_option
@click.option(
    "--times",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Deliver each N times, under one delivery ID.",
)
@click.option(
    "--shuffle", "seed", metavar="SEED", type=int, help="Shuffle; SEED decides how."
)
@json_option
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

    A payload is the JSON body of a hook. Like the host, it is tried once. Exits 1 if
    one of them is not accepted.
    """
    settings = connect.settings()
    listed = deliver.payloads(paths) * times
    if seed is not None:
        listed = deliver.shuffled(listed, seed)
    where = _base(url) if url else _receiver(settings)
    token = _read_token(token_file) if token_file else _token(settings, source)
    answers = _deliver(listed, where, token, source)
    if as_json:
        print_json([asdict(answer) for answer in answers])
    else:
        _show(answers)
    sys.exit(0 if all(answer.is_accepted for answer in answers) else 1)


def _deliver(
    listed: Sequence[deliver.Payload], where: str, token: bytes, source: str
) -> list[deliver.Answer]:
    """Deliver all; raise Failure if the first gets no answer, as none would."""
    answers: list[deliver.Answer] = []
    delivering = deliver.deliver(listed, where, token=token, source=source)
    for answer in progress(delivering, total=len(listed), what="delivering"):
        if not answers and not answer.status:
            raise Failure(
                f"no receiver answers at {where} ({answer.result})\n"
                "Start one with `forgewire up` or `forgewire ingest`, or name it "
                "with --url."
            )
        answers.append(answer)
    return answers


def _show(answers: Sequence[deliver.Answer]) -> None:
    print_table(
        ("", "result", "delivery id", "file"),
        [(it.status, it.result, it.delivery_id, it.name) for it in answers],
        whole=("", "result", "delivery id"),
    )
    refused = [answer for answer in answers if not answer.is_accepted]
    click.echo(
        f"\ndelivered {len(answers)}  accepted {len(answers) - len(refused)}  "
        f"refused {len(refused)}"
    )
    for line in _advice(refused):
        click.echo(visible(line))


def _advice(refused: Iterable[deliver.Answer]) -> list[str]:
    kinds = Counter((it.status, it.result, it.advice) for it in refused)
    lines = [
        f"{number} x {status} {result}: {advice}"
        for (status, result, advice), number in kinds.items()
    ]
    if any(status == UNAUTHENTICATED for status, _, _ in kinds):
        lines.append("The token is not one of that receiver: see --token-file.")
    return lines


def _base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(
            "it begins with http:// or https://", param_hint="--url"
        )
    # `forgewire up` shows the whole address of the hook.
    return url.rstrip("/").removesuffix("/hooks/gitlab")


def _receiver(settings: Settings) -> str:
    found = connect.running_stack(os.environ).get("ingest")
    return str(found) if found else url_of(settings.ingest_bind)


def _read_token(file: Path) -> bytes:
    try:
        return parse.tokens(file.read_bytes().decode("utf-8", "surrogateescape"))[0]
    except (OSError, IndexError, ValidationError):
        # What went wrong may quote the token.
        raise Failure(f"{file} holds no token") from None


def _token(settings: Settings, source: str) -> bytes:
    found = settings.sources.get(source)
    if found is None or not found.tokens:
        raise Failure(
            f"there is no token for {source}: set FORGEWIRE_GITLAB_TOKENS, give "
            "--token-file, or run this in the folder of a running `forgewire up`"
        )
    return found.tokens[0]
