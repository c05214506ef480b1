"""Count and time reactions; all labels are bounded."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
#: What reactions are called that this process does not know.
_OTHER = "other"


class Metrics:
    """The reactor's metrics, in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry, names: Iterable[str]) -> None:
        """`names` are the reactions that are told by name."""
        self.registry = registry
        self._names = frozenset(names)
        self._runs = Counter(
            "forgewire_reactions",
            "Runs of reactions, by what became of them: done, retried or dead.",
            ("reaction", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "forgewire_reaction_seconds",
            "Time of one run of a reaction.",
            ("reaction",),
            registry=registry,
            buckets=_SECONDS,
        )

    def count(self, reaction: str, outcome: str, seconds: float) -> None:
        """Note what became of a run, and how long it took."""
        name = reaction if reaction in self._names else _OTHER
        self._runs.labels(name, outcome).inc()
        self._seconds.labels(name).observe(seconds)
