"""Say from profiles where the time of a hook or event goes, and what the floor is."""

from collections.abc import Mapping
from typing import Any

from bench.bars import BARS, OURS, RECEIVER_PROFILE, WORKER_PROFILE
from bench.spent import (
    CLOCK,
    HELD,
    KERNEL,
    OUTSIDE,
    PROCESSOR,
    TURNS,
    WAITING,
)
from bench.stacks import OTHERS, RECEIVER, WORKER
from bench.tables import Results, Table, number

TITLES = {
    RECEIVER_PROFILE: "A receiver at 64 connections, µs for one hook",
    WORKER_PROFILE: "A worker on a full queue, µs for one event",
}
#: The profile that explains the bars of an experiment.
PROFILES = {"receive": RECEIVER_PROFILE, "work": WORKER_PROFILE}
#: What Forgewire's own code does.
OWN = frozenset({*RECEIVER, *WORKER}) - OTHERS
#: Below the parts; what they are sums of is in bench/spent.py.
SUMS = (HELD, PROCESSOR, KERNEL, CLOCK, TURNS)

FLOORS = (
    *("", "bar", "allows", "takes", "interpreter held"),
    *("by own code", "floor", "ceiling takes"),
)

#: Medians by case, by subject.
Spent = Mapping[str, Mapping[str, float]]


def spent(results: Results, experiment: str) -> dict[str, dict[str, float]]:
    """Return the medians of a profile by subject and case, {} if not measured."""
    found: dict[str, dict[str, float]] = {}
    for it in results["figures"]:
        if it["experiment"] == experiment:
            found.setdefault(it["subject"], {})[it["case"]] = it["median"]
    return found


def parts(found: Spent) -> list[str]:
    """Return the cases that make up the whole: parts of Python, and what is outside."""
    return [case for case in next(iter(found.values())) if case not in SUMS]


def tables(results: Results) -> list[Table]:
    """Return the floors, then a table for each profile; [] if none was measured."""
    found = {it: spent(results, it) for it in TITLES}
    profiles = [_table(TITLES[it], each) for it, each in found.items() if each]
    return [*_floors(results), *profiles]


def _table(title: str, found: Spent) -> Table:
    cases = [*parts(found), *SUMS]
    rows = tuple(_row(case, found) for case in cases if any(_values(case, found)))
    return Table(title, ("", *found), rows, labels=1)


def _row(case: str, found: Spent) -> tuple[str, ...]:
    return case, *map(number, _values(case, found))


def _values(case: str, found: Spent) -> list[float]:
    return [each.get(case, 0.0) for each in found.values()]


def _floors(results: Results) -> list[Table]:
    """Return what bars allow beside what Forgewire's own code cannot save.

    The floor is what would remain if that code took no time. One interpreter serves all
    hooks, so for them it is how long others' code holds it; who works in one thread
    also waits, and pays what is outside.
    """
    experiments = {bar.name: bar.value.experiment for bar in BARS}
    rows = []
    for bar in results["bars"]:
        profile = PROFILES.get(experiments.get(bar["name"], ""), "")
        ours = spent(results, profile).get(OURS)
        if ours:
            rows.append(_floor(bar, ours))
    return [Table("Bars and floors, µs", FLOORS, tuple(rows), labels=2)] if rows else []


def _floor(bar: Mapping[str, Any], ours: Mapping[str, float]) -> tuple[str, ...]:
    allowed, own = 1e6 / bar["needed"], sum(ours.get(part, 0.0) for part in OWN)
    serial = ours[HELD] + (ours[OUTSIDE] + ours[WAITING] if WAITING in ours else 0)
    floor, ceiling = serial - own, bar["ceiling"]
    return (
        "above the bar" if floor > allowed else "",
        bar["name"],
        *map(number, (allowed, ours[CLOCK], ours[HELD], own, floor)),
        number(1e6 / ceiling["value"]) if ceiling else "",
    )
