"""Print tables for people and JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: `--json` for every command that prints something worth reading by a program.
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON instead of a table."
)


def print_json(value: Any) -> None:
    """Print `value` as JSON; times as ISO 8601 in UTC."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Print a table; None shows as a dash."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    _console().print(table)


def print_fields(title: str, fields: Mapping[str, object]) -> None:
    """Print a table of names and values."""
    print_table(title, ("field", "value"), list(fields.items()))


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        # A pipe has no width; lines cut at 80 would lose what people grep for.
        console = Console(width=200)
    return console


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"{type(value).__name__} has no JSON form")
