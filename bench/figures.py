"""What was measured: one figure for each subject and case, with all its rounds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from statistics import median
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Figure:
    """The rounds of one subject in one case of one experiment."""

    experiment: str
    subject: str
    case: str
    unit: str
    #: One value for each round, in the order in which they ran.
    rounds: tuple[float, ...]
    #: Further figures of the same rounds, at the median: {"p50_ms": 3.1}.
    also: Mapping[str, float] = field(default_factory=dict)
    #: Events whose acknowledgement was seen, and how many of these had arrived.
    acknowledged: int = 0
    arrived: int = 0

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Return the figure that `as_json` was made of."""
        given = {it.name: row[it.name] for it in fields(cls)}
        return cls(**given | {"rounds": tuple(row["rounds"])})

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def lost(self) -> int:
        """Return how many acknowledged events did not arrive."""
        return max(0, self.acknowledged - self.arrived)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        low, high = min(self.rounds), max(self.rounds)
        return {
            **asdict(self),
            "median": self.median,
            "low": low,
            "high": high,
            "lost": self.lost,
        }


def find(figures: list[Figure], experiment: str, subject: str, case: str) -> Figure:
    """Return the figure of these names; raise LookupError if it was not measured."""
    for it in figures:
        if (it.experiment, it.subject, it.case) == (experiment, subject, case):
            return it
    raise LookupError(f"not measured: {experiment}, {subject}, {case}")
