"""What a cluster of three nodes would carry, by the processor time of each part.

A node is a machine like the one that was measured. RabbitMQ and MongoDB keep a copy on
each node, so an event costs their time as often as there are nodes; receivers and
workers, which keep nothing, run beside them wherever there is time left.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.bars import OURS
from bench.tables import Results

NODES = 3
#: Parts of which each node has a copy.
COPIED = ("RabbitMQ", "MongoDB")
PARTS = ("receivers", "RabbitMQ", "workers", "MongoDB")


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many events a second a cluster carries, by what would limit it."""

    #: Microseconds of processor time for an event, of one copy, by part.
    cost: Mapping[str, float]
    processors: int
    #: The most events a second that one queue has taken here.
    queue: float
    #: Events a second of one process of ours, by part.
    alone: Mapping[str, float]

    def spent(self, nodes: int = NODES) -> dict[str, float]:
        """Return the microseconds for an event on all nodes together, by part."""
        return {
            part: each * (nodes if part in COPIED else 1)
            for part, each in self.cost.items()
        }

    def bounds(self, nodes: int = NODES) -> dict[str, float]:
        """Return events a second by what bounds them; the lowest counts."""
        second = self.processors * 1e6
        leading = sum(self.cost[part] for part in COPIED)
        return {
            "the processors of all nodes": nodes
            * second
            / sum(self.spent(nodes).values()),
            "the node with both leaders": second / leading,
            "one queue": self.queue,
        }

    def limit(self, nodes: int = NODES) -> str:
        """Return what bounds it first."""
        bounds = self.bounds(nodes)
        return min(bounds, key=bounds.__getitem__)

    def processes(self, rate: float) -> dict[str, int]:
        """Return how many processes of ours take so many events a second."""
        return {part: math.ceil(rate / each) for part, each in self.alone.items()}


def capacity(results: Results) -> Capacity:
    """Return what the figures say; raise LookupError if one was not measured."""
    receiving = _figure(results, "scale", "1 receiver")
    working = _figure(results, "scale", "1 worker")
    spent = [it["also"] for it in (receiving, working)]
    return Capacity(
        cost={part: sum(it[f"{part}_us"] for it in spent) for part in PARTS},
        processors=results["machine"]["processors"],
        queue=_figure(results, "spool", "drained")["median"],
        alone={"receivers": receiving["median"], "workers": working["median"]},
    )


def _figure(results: Results, experiment: str, case: str) -> Mapping[str, Any]:
    wanted = (experiment, OURS, case)
    for it in results["figures"]:
        if (it["experiment"], it["subject"], it["case"]) == wanted:
            return it
    raise LookupError(f"not measured: {experiment}, {case}")
