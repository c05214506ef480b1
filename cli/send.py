"""`forgewire send`: deliver events to a receiver, as the host would."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from cli import connect, deliver, made, payloads, secret, sent
from cli.explain import Failure
from cli.local.roles import url as url_of
from cli.options import examples, json_option, source_option
from cli.output import print_json, progress
from cli.proof import Proof
from config.settings import Settings
from handlers.registry import load


@click.command(
    "send",
    epilog=examples(
        "forgewire send tests/samples --times 2 --shuffle 7",
        "forgewire send user.json --url https://hooks.example.com --token-file token",
        "forgewire send user_create user_add_to_team --number 100 --signed",
    ),
)
@click.argument("words", metavar="FILE|EVENT...", nargs=-1, required=True)
@click.option(
    "--url",
    metavar="URL",
    help="The receiver, such as http://127.0.0.1:8080. Default: that of the "
    "`forgewire up` in this folder, else FORGEWIRE_INGEST_BIND.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the token; with one that begins with whsec_ each delivery is "
    "signed. Default: FORGEWIRE_GITLAB_TOKENS, else that of the `forgewire up` in "
    "this folder.",
)
@click.option(
    "--signed",
    is_flag=True,
    help="Sign each delivery: with FORGEWIRE_GITLAB_SIGNING_TOKENS, or --token-file.",
)
@source_option
@click.option(
    "--number",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Make up N of each EVENT, each about another id.",
)
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
    words: tuple[str, ...],
    url: str | None,
    token_file: Path | None,
    signed: bool,
    source: str,
    number: int,
    times: int,
    seed: int | None,
    as_json: bool,
) -> None:
    """Deliver payload files, the *.json files of folders, or events that are made up.

    A payload is the JSON body of a hook. An EVENT that a handler wants is made up to
    fit its schema, with ids from 900000001 on. Like the host, each is tried once. Exits
    1 if one of them is not accepted.
    """
    settings = connect.settings()
    listed = _listed(words, settings, number) * times
    if seed is not None:
        listed = payloads.shuffled(listed, seed)
    where = _base(url) if url else _receiver(settings)
    proof = secret.chosen(settings, source, token_file, signed=signed)
    answers = _deliver(listed, where, proof, source)
    if as_json:
        print_json([asdict(answer) for answer in answers])
    else:
        sent.show(answers)
    sys.exit(0 if all(answer.is_accepted for answer in answers) else 1)


def _listed(
    words: Sequence[str], settings: Settings, number: int
) -> list[payloads.Payload]:
    """Return the payloads of all words, in their order."""
    paths = [Path(word) for word in words]
    if all(path.exists() for path in paths):
        return payloads.payloads(paths)
    try:
        return made.payloads(words, load(settings.handler_packages), number=number)
    except made.NothingToMakeUp as exc:
        raise click.BadParameter(str(exc), param_hint="FILE|EVENT") from exc


def _deliver(
    listed: Sequence[payloads.Payload], where: str, proof: Proof, source: str
) -> list[deliver.Answer]:
    """Deliver all; raise Failure if the first gets no answer, as none would."""
    answers: list[deliver.Answer] = []
    delivering = deliver.deliver(listed, where, proof=proof, source=source)
    for answer in progress(delivering, total=len(listed), what="delivering"):
        if not answers and not answer.status:
            raise Failure(
                f"no receiver answers at {where} ({answer.result})\n"
                "Start one with `forgewire up` or `forgewire ingest`, or name it "
                "with --url."
            )
        answers.append(answer)
    return answers


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
