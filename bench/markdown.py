"""Spell tables as Markdown."""

from collections.abc import Sequence

from bench.tables import Table


def titled(table: Table) -> str:
    """Return a table below its title."""
    return f"### {table.title}\n\n{rows(table)}"


def rows(table: Table) -> str:
    """Return a table without its title."""
    kinds = ["---"] * table.labels + ["---:"] * (len(table.columns) - table.labels)
    return "\n".join(map(_line, (table.columns, kinds, *table.rows)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
