"""Draw where the time of a hook, and of an event, goes."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench import breakdown, panels
from bench.bars import RECEIVER_PROFILE, WORKER_PROFILE
from bench.breakdown import Spent
from bench.panels import Row
from bench.spent import CLOCK, OUTSIDE, WAITING

TITLES = {
    RECEIVER_PROFILE: "One hook, µs of processor time",
    WORKER_PROFILE: "One event, µs",
}


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw the profiles that were measured, one below the other."""
    found = {name: breakdown.spent({"figures": rows}, name) for name in TITLES}
    found = {name: each for name, each in found.items() if each}
    if not found:
        return None
    heights = [1 + len(each) for each in found.values()]
    figure = Figure(figsize=(13, 1.5 + 0.8 * sum(heights)))
    axes = figure.subplots(len(found), squeeze=False, height_ratios=heights)[:, 0]
    for (name, each), ax in zip(found.items(), axes, strict=True):
        panels.stacks(ax, TITLES[name], each, _colours(each))
        _clock(ax, each)
        place = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        ax.legend(**place, ncols=2, frameon=False, fontsize=11)
    return figure


def _colours(found: Spent) -> Mapping[str, str]:
    cases = breakdown.parts(found)
    pale = [case for case in cases if case in {OUTSIDE, WAITING}]
    python = [case for case in cases if case not in pale]
    return dict(zip(python, panels.MORE, strict=False)) | dict(
        zip(pale, panels.PALE, strict=False)
    )


def _clock(ax: Axes, found: Spent) -> None:
    """Mark what a hook or event took by the clock."""
    label = CLOCK
    for place, each in enumerate(found.values()):
        ends = (place - 0.45, place + 0.45)
        ax.plot([each[CLOCK]] * 2, ends, color="black", lw=2.5, label=label)
        label = "_again"  # no second line in the legend
    whole = max(ax.get_xlim()[1], *(1.05 * each[CLOCK] for each in found.values()))
    ax.set_xlim(0, whole)
