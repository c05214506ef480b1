"""The six bars that Forgewire is to reach, each a ratio within one run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.figures import Figure, find

#: The figures that the bars need, by experiment, subject and case.
OURS = "Forgewire"
#: Experiments that say where the time of a hook, or of an event, goes.
RECEIVER_PROFILE, WORKER_PROFILE = "receiver profile", "worker profile"


@dataclass(frozen=True, slots=True)
class Side:
    """One figure of a comparison."""

    experiment: str
    subject: str
    case: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What is compared with what, and what the ratio must be."""

    name: str
    value: Side
    reference: Side
    bar: float
    #: Whether the ratio must be at least, or at most, that much.
    is_least: bool = True
    #: What does less than Forgewire must do: nobody can expect more than this.
    ceiling: Side | None = None

    def measured(self, figures: list[Figure]) -> dict[str, Any]:
        """Return the row; raise LookupError if a side of it was not measured."""
        value = find(figures, *_names(self.value)).median
        reference = find(figures, *_names(self.reference)).median
        ratio = value / reference
        return {
            "name": self.name,
            "value": value,
            "reference": reference,
            "ratio": ratio,
            "bar": self.bar,
            "at_least": self.is_least,
            "reached": ratio >= self.bar if self.is_least else ratio <= self.bar,
            "needed": reference * self.bar,
            "ceiling": self._ceiling(figures),
        }

    def _ceiling(self, figures: list[Figure]) -> dict[str, Any] | None:
        for it in figures:
            if self.ceiling == Side(it.experiment, it.subject, it.case):
                return {"subject": it.subject, "value": it.median}
        return None


def _names(side: Side) -> tuple[str, str, str]:
    return side.experiment, side.subject, side.case


LOAD = "64 connections"
MIX = "mixed events"
NO_OP = Side("receive", "no-op Flask view", LOAD)
PUBLISH_ONLY = "Flask, only publishing"
RECEIVE_CEILING = Side("receive", PUBLISH_ONLY, LOAD)
BARE_LOOP = Side("work", "bare loop", MIX)
BARS = (
    Bar(
        "accepted hooks/s, of a no-op Flask view",
        Side("receive", OURS, LOAD),
        NO_OP,
        0.6,
        ceiling=RECEIVE_CEILING,
    ),
    Bar(
        "accepted hooks/s, of Flask and Celery",
        Side("receive", OURS, LOAD),
        Side("receive", "Flask and Celery", LOAD),
        4,
        ceiling=RECEIVE_CEILING,
    ),
    Bar(
        "worked events/s, of Celery",
        Side("work", OURS, MIX),
        Side("work", "Celery", MIX),
        20,
        ceiling=BARE_LOOP,
    ),
    Bar(
        "worked events/s, of a bare loop",
        Side("work", OURS, MIX),
        BARE_LOOP,
        0.6,
        ceiling=BARE_LOOP,
    ),
    Bar(
        "hook to visible state, of confirm and write apart",
        Side("latency", OURS, "idle"),
        Side("latency", "confirm and write apart", "idle"),
        3,
        is_least=False,
    ),
    Bar(
        "memory of a worker, many queued, of few queued",
        Side("memory", OURS, "many queued"),
        Side("memory", OURS, "few queued"),
        1.2,
        is_least=False,
    ),
)


def bars(
    figures: list[Figure], told: Callable[[str], None] = print
) -> list[dict[str, Any]]:
    """Return a row for each bar whose sides were measured."""
    rows = []
    for bar in BARS:
        try:
            rows.append(bar.measured(figures))
        except LookupError as exc:
            told(f"{bar.name}: {exc}")
    return rows
