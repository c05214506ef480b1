"""The panels that plots are made of: bars with spread, curves, stacked bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from bench.bars import OURS
from bench.tables import number

Row = Mapping[str, Any]
#: Colours of parts, in their order.
Coloured = Mapping[str, str]

#: Ours, then the others: colours that differ for the colour-blind, too.
BLUE, GREY = "#0072b2", "#9a9a9a"
COLOURS = ("#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#444444")
#: For as many parts as a profile has.
MORE = (BLUE, *COLOURS, "#882255", "#ddcc77", "#117733", "#332288", "#aa4499")
PALE = ("#bdbdbd", "#e6e6e6")


def bars(ax: Axes, title: str, rows: Mapping[str, Row]) -> None:
    """Draw a bar for each row, from the top, the spread of its rounds as a line."""
    for label, row in rows.items():
        colour = BLUE if row["subject"].startswith(OURS) else GREY
        ax.barh(label, row["median"], color=colour, height=0.65)
        ax.plot([row["low"], row["high"]], [label, label], color="black")
        ax.text(row["high"], label, f"  {number(row['median'])}", va="center")
    ax.set_title(title)
    ax.margins(x=0.16)
    # No more, so that large numbers have room.
    ax.locator_params(axis="x", nbins=5)
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.grid(axis="x")


def stacks(
    ax: Axes, title: str, rows: Mapping[str, Mapping[str, float]], parts: Coloured
) -> None:
    """Draw for each row, from the top, how much of it falls to which part."""
    ends = dict.fromkeys(rows, 0.0)
    for part, colour in parts.items():
        used = [row.get(part, 0.0) for row in rows.values()]
        ax.barh(list(rows), used, left=list(ends.values()), color=colour, label=part)
        ends = {it: ends[it] + mine for it, mine in zip(rows, used, strict=True)}
    ax.set(title=title, xlim=(0, 1.05 * max(ends.values())))
    ax.invert_yaxis()
    ax.grid(axis="x")


def curve(ax: Axes, title: str, rows: Sequence[Row]) -> None:
    """Draw how a figure grows with the size of something, from zero on."""
    middle = [row["median"] for row in rows]
    down = [row["median"] - row["low"] for row in rows]
    up = [row["high"] - row["median"] for row in rows]
    sizes = [_short(row["also"][SIZES[row["experiment"]]]) for row in rows]
    ax.errorbar(sizes, middle, (down, up), fmt="o-", color=BLUE, lw=2.2, capsize=6)
    for size, row in zip(sizes, rows, strict=True):
        at, told = (size, row["high"]), number(row["median"])
        ax.annotate(told, at, (0, 9), textcoords="offset points", ha="center")
    ax.set(title=title, ylim=(0, 1.25 * max(row["high"] for row in rows)))
    ax.margins(x=0.25)
    ax.grid(axis="y")


#: What tells how much there was, by experiment.
SIZES = {"growth": "entities", "memory": "queued", "receiver memory": "hooks"}


def percentiles(ax: Axes, title: str, rows: Sequence[Row], key: str) -> None:
    """Draw a line for each subject over the cases, one percentile in milliseconds."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    for subject, colour in _colours(rows).items():
        points = [row for row in rows if row["subject"] == subject]
        x = [cases.index(row["case"]) for row in points]
        y = [row["also"][key] for row in points]
        ax.plot(x, y, "o-", color=colour, label=subject, lw=2.2)
    ax.set_xticks(range(len(cases)), [case.split()[0] for case in cases])
    ax.set(title=title, xlabel="connections", yscale="log")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.grid()


def _colours(rows: Sequence[Row]) -> dict[str, str]:
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    others = [subject for subject in subjects if subject != OURS]
    return dict(zip([OURS, *others], (BLUE, *COLOURS), strict=False))


def _short(size: float) -> str:
    return f"{size / 1e6:.3g} M" if size >= 1e6 else f"{size / 1e3:.3g} k"
