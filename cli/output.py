"""Print tables and progress for people, and JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

#: A pipe has no width: lines that were cut or folded would be of no use to grep.
PIPE_WIDTH = 100_000


def print_json(value: Any) -> None:
    """Print `value` as JSON; times as ISO 8601 in UTC."""
    text = json.dumps(value, default=_plain, indent=2, ensure_ascii=False)
    click.echo(visible(text, keep="\n"))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    whole: Sequence[str] = (),
) -> None:
    """Print a table that fits the terminal, by folding; None shows as a dash.

    Columns in `whole` are never folded: they hold what people copy.
    """
    table = _table()
    listed = [[as_cell(value) for value in row] for row in rows]
    for index, column in enumerate(columns):
        table.add_column(
            column.upper(),
            no_wrap=column in whole,
            overflow="fold",
            justify=_justification(cells[index] for cells in listed),
        )
    for cells in listed:
        table.add_row(*map(Text, cells))
    _print(title, table)


def print_fields(title: str, fields: Mapping[str, object]) -> None:
    """Print names and values below each other."""
    table = _table()
    table.show_header = False
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(Text(f"  {name.replace('_', ' ')}"), Text(as_cell(value)))
    _print(title, table)


def progress(items: Iterable[T], *, total: int, what: str) -> Iterable[T]:
    """Return `items`; a bar shows how far they are, if stderr is a terminal."""
    console = Console(stderr=True)
    return track(
        items,
        total=total,
        description=what,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def visible(text: str, *, keep: str = "") -> str:
    """Return `text` with its control characters, but those in `keep`, as JSON escapes.

    What comes from outside could otherwise steer the terminal of who looks at it.
    """
    return "".join(
        one if one.isprintable() or one in keep else json.dumps(one)[1:-1]
        for one in text
    )


def as_cell(value: object) -> str:
    """Return a value as tables show it, in one line."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Mapping):
        fields = ", ".join(
            f"{visible(key)}: {as_cell(it)}" for key, it in value.items()
        )
        return f"{{{fields}}}"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_cell, value)) or "-"
    return visible(str(value))


def _table() -> Table:
    return Table(header_style="dim", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _print(title: str | None, table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    with console.capture() as captured:
        if title:
            console.print(Text(visible(title), style="bold"), soft_wrap=True)
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _justification(cells: Iterable[str]) -> Literal["left", "right"]:
    is_numeric = all(cell == "-" or cell.isdecimal() for cell in cells)
    return "right" if is_numeric else "left"


def _moment(value: datetime) -> str:
    # The host tells whole seconds, our own clock more.
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.replace(tzinfo=None).isoformat(" ", precision) + " UTC"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
