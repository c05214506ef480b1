"""Draw what was measured: PNG and SVG, readable on light and on dark pages."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench import breakdown_plot, panels
from bench.bars import LOAD, MIX
from bench.panels import Row
from bench.parts import PARTS
from bench.tables import Results

STYLE = {
    # The background is always light, so that dark pages do not swallow the letters.
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.1,
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e0e0e0",
    # The same results give the same file.
    "svg.hashsalt": "forgewire",
}
DPI = 110


def draw(results: Results, folder: Path) -> None:
    """Draw into a folder all plots whose experiments were measured."""
    with mpl.rc_context(STYLE):
        for name, plot in PLOTS.items():
            figure = plot(results["figures"])
            if figure is None:
                continue
            for suffix, told in (("png", None), ("svg", {"Date": None})):
                figure.savefig(folder / f"{name}.{suffix}", dpi=DPI, metadata=told)


def _throughput(rows: Sequence[Row]) -> Figure | None:
    found = {
        f"Hooks/s at {LOAD}": _of(rows, "receive", LOAD),
        f"Events/s of one worker, {MIX}": _of(rows, "work", MIX),
    }
    found = {title: each for title, each in found.items() if each}
    if not found:
        return None
    heights = [len(each) for each in found.values()]
    figure = Figure(figsize=(9, 1.3 + 0.55 * sum(heights)))
    axes = figure.subplots(len(found), squeeze=False, height_ratios=heights)[:, 0]
    for (title, each), ax in zip(found.items(), axes, strict=True):
        ordered = sorted(each, key=lambda row: -row["median"])
        panels.bars(ax, title, {row["subject"]: row for row in ordered})
    return figure


def _latency(rows: Sequence[Row]) -> Figure | None:
    found = _of(rows, "receive")
    if not found:
        return None
    names = {"p50_ms": "Median, ms", "p99_ms": "p99, ms", "p999_ms": "p99.9, ms"}
    figure = Figure(figsize=(13, 5.2))
    axes = figure.subplots(1, len(names), sharey=True)
    for (key, title), ax in zip(names.items(), axes, strict=True):
        panels.percentiles(ax, title, found, key)
    _legend(figure, *axes[0].get_legend_handles_labels(), ncols=3)
    return figure


def _growth(rows: Sequence[Row]) -> Figure | None:
    found = {
        "One event, µs, by users\nand projects there": _of(rows, "growth"),
        "Worker, peak MiB, by\nevents in the queue": _of(rows, "memory"),
        "Receiver, MiB, by hooks\nsince its start": _of(rows, "receiver memory"),
    }
    found = {title: each for title, each in found.items() if each}
    if not found:
        return None
    figure = Figure(figsize=(4.3 * len(found), 4.6))
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for (title, each), ax in zip(found.items(), axes, strict=True):
        panels.curve(ax, title, each)
    return figure


def _scale(rows: Sequence[Row]) -> Figure | None:
    found = {row["case"]: row for row in _of(rows, "scale")}
    if not found:
        return None
    figure = Figure(figsize=(13, 5.2))
    left, right = figure.subplots(1, 2, sharey=True)
    panels.bars(left, "Events/s, hooks/s", found)
    used = {
        case: {part: row["also"][f"{part}_us"] for part in PARTS}
        for case, row in found.items()
    }
    colours = dict(zip(PARTS, (panels.GREY, *panels.MORE), strict=False))
    panels.stacks(right, "Processor time for each, µs", used, colours)
    # Shared, the axis was turned round twice.
    left.invert_yaxis()
    _legend(figure, *right.get_legend_handles_labels(), ncols=len(PARTS))
    return figure


def _legend(figure: Figure, handles: list, labels: list[str], *, ncols: int) -> None:
    place = "outside lower center"
    figure.legend(handles, labels, loc=place, ncols=ncols, frameon=False)


def _of(rows: Sequence[Row], experiment: str, case: str | None = None) -> list[Row]:
    return [
        row
        for row in rows
        if row["experiment"] == experiment and case in {None, row["case"]}
    ]


PLOTS: Mapping[str, Callable[[Sequence[Row]], Figure | None]] = {
    "throughput": _throughput,
    "latency": _latency,
    "growth": _growth,
    "scale": _scale,
    "profile": breakdown_plot.draw,
}
