"""`forgewire state show`: what the state holds of one document."""

from collections.abc import Mapping
from typing import Any

import click

from cli import connect
from cli.explain import Failure
from cli.options import examples, json_option, source_option
from cli.output import print_fields, print_json
from handlers.changes import RESERVED
from state.documents import Db, key
from state.version import Version

#: What people may call the collections, beside their names.
KINDS = {
    "user": "users",
    "project": "projects",
    "group": "groups",
    "membership": "memberships",
    "access-request": "access_requests",
    "key": "keys",
    "activity": "activity",
    "approval": "approvals",
    "team": "teams",
}
#: How documents are called that the host does not number.
_IDS = {
    "memberships": "project:<project id>:<user id> or group:<group id>:<user id>",
    "access_requests": "project:<project id>:<user id> or group:<group id>:<user id>",
}
#: The state's own fields that an operator wants to see.
_TELLING = frozenset({"source", "state", "teams"})


@click.group("state")
def group() -> None:
    """Look at the state that events made."""


@group.command(
    "show",
    epilog=examples(
        "forgewire state show user 41",
        "forgewire state show membership project:74:41",
        "forgewire state show membership group:78:41 --json",
    ),
)
@click.argument("kind")
@click.argument("id_", metavar="ID")
@source_option
@json_option
def show(*, kind: str, id_: str, source: str, as_json: bool) -> None:
    """Show what is known of one KIND by its ID at the host.

    KIND is user, project, group, membership, access-request, key, approval, activity,
    team, or the name of a collection. With --json all that is stored is shown, the
    versions too. Exits 1 if no event told of it.
    """
    collection = KINDS.get(kind, kind)
    with connect.database(connect.settings().mongodb_url) as db:
        _check_kind(db, collection)
        document = db[collection].find_one({"_id": key(source, id_)})
    if document is None:
        hint = f"; an ID there is {_IDS[collection]}" if collection in _IDS else ""
        raise click.ClickException(
            f"no event told of {id_} in {collection} of {source}{hint}"
        )
    if as_json:
        print_json(document)
    else:
        print_fields(f"{collection} {source}:{id_}", _telling(document))


def _check_kind(db: Db, collection: str) -> None:
    known = set(KINDS.values())
    if collection not in known and collection not in db.list_collection_names():
        raise Failure(
            f"there is no collection {collection}; KIND is one of "
            f"{', '.join(KINDS)}, or a collection that a handler of yours writes to"
        )


def _telling(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without the bookkeeping, and which event told the latest."""
    hidden = RESERVED - _TELLING
    fields = {name: it for name, it in document.items() if name not in hidden}
    if "version" in document:
        latest = Version.read(document["version"])
        fields["latest_event"] = latest.time
        fields["its_delivery"] = latest.delivery_id
    if document.get("orphan"):
        fields["deleted_with"] = "what it belongs to"
    return fields
