"""`forgewire deliveries show`: what became of one delivery."""

from collections.abc import Mapping
from typing import Any

import click

from cli import connect
from cli.options import examples, json_option, source_option
from cli.output import print_fields, print_json, print_table
from config.settings import DEFAULT_SOURCE

_COLUMNS = ("received_at", "processed_at", "receipt")


@click.group("deliveries")
def group() -> None:
    """Look at the ledger of deliveries."""


@group.command(
    "show",
    epilog=examples("forgewire deliveries show 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11"),
)
@click.argument("delivery_id", metavar="ID")
@source_option
@json_option
def show(*, delivery_id: str, source: str, as_json: bool) -> None:
    """Show what became of the delivery ID, and of its repetitions.

    ID is what the receiver answered as `delivery_id`; the host calls it Idempotency-Key
    and shows it under "Recent events" of the hook. Exits 1 if it is not in the ledger.
    """
    with connect.database(connect.settings().mongodb_url) as db:
        query = {"source": source, "delivery_id": delivery_id}
        rows: list[dict[str, Any]] = list(db["deliveries"].find(query).sort("_id"))
    if not rows:
        raise click.ClickException(
            f"the ledger of {source} has no delivery {delivery_id}: it waits in the "
            "queue, or was never accepted"
        )
    if as_json:
        print_json(rows)
    else:
        _show(rows)


def _show(rows: list[dict[str, Any]]) -> None:
    first, *repeated = rows
    print_fields(f"delivery {first['delivery_id']}", _telling(first))
    if first.get("changed"):
        click.echo()
        print_table(
            ["document", "change", "fields", "effect"],
            [_changed(it) for it in first["changed"]],
            title="what it told of, and whether that was news",
        )
    if repeated:
        click.echo()
        print_table(
            [column.replace("_", " ") for column in _COLUMNS],
            [[row[column] for column in _COLUMNS] for row in repeated],
            title=f"delivered again {len(repeated)} times, without effect",
        )
    for hint in _hints(first):
        click.echo(f"\n{hint}")


def _telling(row: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere = {"_id", "delivery_id", "changed"}
    return {name: it for name, it in row.items() if name not in elsewhere}


def _changed(it: Mapping[str, Any]) -> list[Any]:
    effect = {True: "yes", False: "no"}.get(it.get("effect", ""))
    document = f"{it['collection']}/{it['id']}"
    return [document, it["verb"], it.get("fields"), effect]


def _hints(row: Mapping[str, Any]) -> list[str]:
    hints = []
    if row["outcome"] == "dead":
        hints.append(f"Why: forgewire dead-letters show {row['delivery_id']}")
    if "entity" in row:
        collection, _, id_ = row["entity"].partition("/")
        source = row["source"]
        option = "" if source == DEFAULT_SOURCE else f" --source {source}"
        hints.append(f"State: forgewire state show {collection} {id_}{option}")
    return hints
