"""Profile: where the time of a hook, and of an event, goes in our processes."""

from collections.abc import Mapping
from functools import partial

from bench.bars import OURS, PUBLISH_ONLY, RECEIVER_PROFILE, WORKER_PROFILE
from bench.effort import Effort
from bench.figures import Figure
from bench.lab import Lab
from bench.profiled import Round, Windows, receive, work
from bench.rounds import in_turn
from bench.spent import CLOCK, TURNS
from bench.spy import CannotSpy

#: Beside ours its ceiling, and what it is measured against.
RECEIVERS = (OURS, PUBLISH_ONLY, "no-op Flask view")
#: Events of a round for each second of it: rather more than any of them works.
WORKERS = {OURS: 6_000, "bare loop": 8_000}
UNITS = {TURNS: "turns"}
WHOLE = Windows(counted=2, watched=5, rounds=3)
QUICK = Windows(counted=1, watched=2, rounds=1)


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Profile ours beside others; quickly, only ours; nothing where py-spy may not."""
    windows = QUICK if effort.is_quick else WHOLE
    receivers = RECEIVERS[:1] if effort.is_quick else RECEIVERS
    workers = list(WORKERS)[:1] if effort.is_quick else list(WORKERS)
    received = {it: partial(receive, lab, it, windows) for it in receivers}
    worked = {
        it: partial(work, lab, it, WORKERS[it] * windows.all, windows) for it in workers
    }
    try:
        return [
            *_figures(RECEIVER_PROFILE, in_turn(received, windows.rounds)),
            *_figures(WORKER_PROFILE, in_turn(worked, windows.rounds)),
        ]
    except CannotSpy as exc:
        lab.say(f"profile: left out, {exc}")
        return []


def _figures(experiment: str, found: Mapping[str, list[Round]]) -> list[Figure]:
    return [
        figure
        for subject, rounds in found.items()
        for figure in figures(experiment, subject, rounds)
    ]


def figures(experiment: str, subject: str, rounds: list[Round]) -> list[Figure]:
    """Return one for each part and sum; what arrived stands with the whole time."""
    counts = {
        "acknowledged": sum(it.acknowledged for it in rounds),
        "arrived": sum(it.arrived for it in rounds),
    }
    return [
        Figure(
            experiment,
            subject,
            case,
            UNITS.get(case, "µs"),
            tuple(it.spent[case] for it in rounds),
            **counts if case == CLOCK else {},
        )
        for case in rounds[0].spent
    ]
