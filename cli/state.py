"""`forgewire state show`: what the state holds of one document."""

import sys

import click

from cli import connect
from cli.output import json_option, print_fields, print_json
from config.settings import DEFAULT_SOURCE
from state.client import translated

#: What people may call the collections.
KINDS = {
    "user": "users",
    "project": "projects",
    "group": "groups",
    "membership": "memberships",
    "access-request": "access_requests",
    "key": "keys",
    "approval": "approvals",
}


@click.group("state")
def group() -> None:
    """Look at the state that events made."""


@group.command("show")
@click.argument("kind")
@click.argument("id_", metavar="ID")
@click.option("--source", default=DEFAULT_SOURCE, show_default=True)
@json_option
@connect.explains
def show(*, kind: str, id_: str, source: str, as_json: bool) -> None:
    """Show one document: KIND is a collection, ID the host's id.

    Examples:

    forgewire state show user 41

    forgewire state show membership project:74:41
    """
    collection = KINDS.get(kind, kind)
    with connect.database() as db, translated():
        document = db[collection].find_one({"_id": f"{source}:{id_}"})
    if document is None:
        click.echo(f"no event told of {collection} {source}:{id_}", err=True)
        sys.exit(1)
    if as_json:
        print_json(document)
    else:
        print_fields(f"{collection} {source}:{id_}", document)
