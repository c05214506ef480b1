"""Say what was measured in tables, the same ones for a terminal and for a page.

Results are as bench/results.py writes them: {"bars": [...], "figures": [...], ...}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.bars import RECEIVER_PROFILE, WORKER_PROFILE

Results = Mapping[str, Any]

TITLES = {
    "receive": "Receive: so many connections, each with one hook at a time",
    "receive at a fixed rate": "Receive: hooks at fixed times, 99th percentile",
    "work": "Work: one worker process on a full queue",
    "latency": "End to end: from sending a hook to what it changes in MongoDB",
    "growth": "Growth: one event, by what is in MongoDB already",
    "memory": "Growth: peak memory of a worker, by length of the queue",
    "receiver memory": "Growth: memory of a receiver, by hooks since its start",
    "spool": "Growth: a receiver that starts with a full spool",
    "listing": "Listing: a page of 100 users over HTTP, 99th percentile",
    "scale": "Scale out: several processes, and processor time for each event",
}
_UNITS = {"ms": "ms", "us": "µs", "mib": "MiB"}


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first `labels` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int


def of_bars(results: Results) -> Table:
    """Return the table of the bars: what is compared, and whether it is reached."""
    columns = ("", "bar", "measured", "ratio", "must be", "needs", "ceiling")
    return Table("Bars", columns, tuple(map(_bar, results["bars"])), labels=2)


def of_figures(results: Results) -> list[Table]:
    """Return a table for each experiment, in the order in which they ran.

    Profiles are in tables of their own, made by bench/breakdown.py.
    """
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for it in results["figures"]:
        if it["experiment"] in {RECEIVER_PROFILE, WORKER_PROFILE}:
            continue
        by_name.setdefault(it["experiment"], []).append(it)
    return [_table(name, figures) for name, figures in by_name.items()]


def number(value: float) -> str:
    """Return a number with as many digits as mean anything."""
    if value >= 100 or value == 0 or isinstance(value, int):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _bar(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        "reached" if row["reached"] else "NOT REACHED",
        row["name"],
        f"{number(row['value'])} / {number(row['reference'])}",
        f"{row['ratio']:.2f}",
        f"{'≥' if row['at_least'] else '≤'} {row['bar']:g}",
        number(row["needed"]),
        _ceiling(row["ceiling"]),
    )


def _ceiling(found: Mapping[str, Any] | None) -> str:
    return f"{number(found['value'])} ({found['subject']})" if found else ""


def _table(name: str, figures: Sequence[Mapping[str, Any]]) -> Table:
    keys = list(dict.fromkeys(key for it in figures for key in it["also"]))
    units = {it["unit"] for it in figures}
    (unit,) = units if len(units) == 1 else ("median",)
    cases = list(dict.fromkeys(it["case"] for it in figures))
    ordered = sorted(figures, key=lambda it: cases.index(it["case"]))
    return Table(
        title=TITLES.get(name, name.capitalize()),
        columns=("case", "subject", unit, "low - high", *map(_heading, keys), "lost"),
        rows=tuple(_row(it, keys, is_mixed=len(units) > 1) for it in ordered),
        labels=2,
    )


def _row(
    figure: Mapping[str, Any], keys: Sequence[str], *, is_mixed: bool
) -> tuple[str, ...]:
    low, high, also = figure["low"], figure["high"], figure["also"]
    value = number(figure["median"])
    return (
        figure["case"],
        figure["subject"],
        f"{value} {figure['unit']}" if is_mixed else value,
        f"{number(low)} - {number(high)}" if len(figure["rounds"]) > 1 else "",
        *(number(also[key]) if key in also else "" for key in keys),
        _lost(figure),
    )


def _lost(figure: Mapping[str, Any]) -> str:
    if not figure["acknowledged"]:
        return ""
    return f"{figure['lost']:,} of {figure['acknowledged']:,}"


def _heading(key: str) -> str:
    name, _, unit = key.rpartition("_")
    name = name.replace("p999", "p99.9").replace("_", " ")
    return f"{name} {_UNITS[unit]}" if unit in _UNITS else key
