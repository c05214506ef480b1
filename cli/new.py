"""`forgewire new handler`: write a handler, its schema, samples and a test."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cli import connect
from cli.explain import Failure
from cli.options import examples, json_option
from cli.output import print_json, visible
from cli.scaffold.draft import Draft, draft
from cli.scaffold.names import free
from cli.scaffold.place import Place, find
from cli.scaffold.write import texts, write
from handlers.registry import load
from schemas.body import MAX_NAME_LENGTH, parse_object
from schemas.catalogue import WEB_HOOKS
from state.wellformed import OURS

#: Samples are called like their events, and a dot begins the name of a variant.
_NAME = re.compile(r"\w[\w -]*", re.ASCII)


@click.group("new")
def group() -> None:
    """Begin something of your own."""


@group.command(
    "handler",
    epilog=examples(
        "forgewire new handler release",
        "forgewire new handler badge_create badge_destroy --from badge.json",
    ),
)
@click.argument("events", metavar="EVENT...", nargs=-1, required=True)
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A body of one of the events, whose fields the schema gets. Default: what the "
    "catalogue has of it.",
)
@click.option("--id", "id_key", metavar="KEY", help="The key that identifies it.")
@click.option("--subject", metavar="NAME", help="What it is about, such as badge.")
@json_option
def handler(
    *,
    events: tuple[str, ...],
    file: Path | None,
    id_key: str | None,
    subject: str | None,
    as_json: bool,
) -> None:
    """Write a handler module, its schema and event, samples and a test.

    Where: beside ours in Forgewire's own folder; in the package whose pyproject.toml
    is here; else here a package begins, named after the folder. Nothing is overwritten.

    Of the body the samples get what the schema reads, without e-mail addresses, names
    of people and secrets. Events that tell of an end (…_destroy) delete the document.
    """
    for event in events:
        _check(event)
    body = _body(events, file)
    place = find(Path.cwd())
    made = _drafted(events, body, subject, id_key)
    files = texts(made, place, _naming(body))
    write(place.folder, files)
    if as_json:
        print_json({"files": list(files), "left_out": list(made.left_out)})
    else:
        _show(made, place, list(files))


def _check(event: str) -> None:
    """Raise Failure if `event` is no name for a file too, or is decided already."""
    if not _NAME.fullmatch(event) or len(event) > MAX_NAME_LENGTH:
        raise Failure(
            f"a name has 1 to {MAX_NAME_LENGTH} letters, digits, _, - or spaces"
        )
    claimed = load(connect.settings().handler_packages).get(event)
    if claimed is not None:
        raise Failure(
            f"{event} is decided already, by {claimed.place}: change that function, or "
            "leave its package out of FORGEWIRE_HANDLER_PACKAGES"
        )


def _body(events: Sequence[str], file: Path | None) -> Mapping[str, Any]:
    """Return a body of one of `events`: that in `file`, or the catalogue's."""
    if file is None:
        known = [event for event in events if event in WEB_HOOKS]
        if not known:
            raise Failure(
                f"the catalogue has no {events[0]}: name a file with its body with "
                f"--from. It has {', '.join(WEB_HOOKS)}"
            )
        return WEB_HOOKS[known[0]]
    body = parse_object(file.read_bytes())
    named = body.get("event_name", body.get("object_kind"))
    if named is not None and named not in events:
        raise Failure(f"{visible(str(file))} is a body of {json.dumps(named)[:120]}")
    return body


def _naming(body: Mapping[str, Any]) -> str:
    has_kind = "event_name" not in body and "object_kind" in body
    return "object_kind" if has_kind else "event_name"


def _drafted(
    events: Sequence[str],
    body: Mapping[str, Any],
    subject: str | None,
    id_key: str | None,
) -> Draft:
    """Return the draft; raise Failure if its collection is none of handlers."""
    word = free(subject) if subject else None
    made = draft(events, body, subject=word, id_key=id_key)
    if made.collection in OURS:
        raise Failure(
            f"{made.collection} is a collection of Forgewire's own: choose another "
            "name for what the events are about with --subject"
        )
    return made


def _show(made: Draft, place: Place, files: Sequence[str]) -> None:
    for name in files:
        click.echo(f"wrote {name}")
    if made.left_out:
        click.echo(f"\nleft out: {visible(', '.join(made.left_out))}")
    steps = [f"forgewire try tests/samples/{made.events[0]}.json"]
    steps = [*(["pip install -e ."] if place.is_new else []), "pytest", *steps]
    if not place.package:
        contracts = [f"forgewire export {kind}" for kind in ("schemas", "asyncapi")]
        steps = [f"pytest {files[-1]}", *steps[1:], *contracts]
    click.echo("\nnext:\n" + "\n".join(f"  {step}" for step in steps))
