"""What was timed in one round of the latencies, and the figures made of all rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.bars import OURS
from bench.figures import Figure

CONFIRM, WRITE = "RabbitMQ confirm", "MongoDB write"
APART = "confirm and write apart"

Pick = Callable[["Samples"], Sequence[float]]


@dataclass(slots=True)
class Samples:
    """Seconds of each sample of one round."""

    #: From sending a hook to its document, and to its row in the ledger.
    visible: list[float] = field(default_factory=list)
    accounted: list[float] = field(default_factory=list)
    #: Of one publish to be confirmed, and of both writes; each alone.
    confirm: list[float] = field(default_factory=list)
    write: list[float] = field(default_factory=list)
    #: Hooks that were answered 202, and how many of them have a row.
    acknowledged: int = 0
    arrived: int = 0


def ours(case: str, rounds: Sequence[Samples]) -> Figure:
    """Return Forgewire's figure of a case."""
    return Figure(
        experiment="latency",
        subject=OURS,
        case=case,
        unit="ms",
        rounds=_medians(rounds, lambda it: it.visible),
        also=_p99(rounds, lambda it: it.visible)
        | {"ledger_ms": median(_medians(rounds, lambda it: it.accounted))},
        acknowledged=sum(it.acknowledged for it in rounds),
        arrived=sum(it.arrived for it in rounds),
    )


def references(case: str, rounds: Sequence[Samples]) -> list[Figure]:
    """Return what the servers took apart: the sum of the medians, and its parts."""
    confirms = _medians(rounds, lambda it: it.confirm)
    writes = _medians(rounds, lambda it: it.write)
    both = tuple(sum(pair) for pair in zip(confirms, writes, strict=True))
    return [
        Figure("latency", APART, case, "ms", both),
        _part(CONFIRM, case, rounds, lambda it: it.confirm),
        _part(WRITE, case, rounds, lambda it: it.write),
    ]


def _part(subject: str, case: str, rounds: Sequence[Samples], pick: Pick) -> Figure:
    medians, p99 = _medians(rounds, pick), _p99(rounds, pick)
    return Figure("latency", subject, case, "ms", medians, p99)


def _medians(rounds: Sequence[Samples], pick: Pick) -> tuple[float, ...]:
    """Return the median of each round, in milliseconds."""
    return tuple(median(pick(samples)) * 1_000 for samples in rounds)


def _p99(rounds: Sequence[Samples], pick: Pick) -> dict[str, float]:
    # Of all rounds together: one alone has too few for it.
    seconds = [it for samples in rounds for it in pick(samples)]
    return {"p99_ms": quantiles(seconds, n=100, method="inclusive")[98] * 1_000}
