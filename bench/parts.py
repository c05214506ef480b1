"""Who used the processors: our processes, the servers, and who makes the load."""

import os
from collections.abc import Callable, Iterable, Mapping

from bench.lab import Lab
from bench.usage import usage

#: In the order of an event's way.
PARTS = ("load", "receivers", "RabbitMQ", "workers", "MongoDB")


def watch(
    lab: Lab, *, receivers: Iterable[int] = (), workers: Iterable[int] = ()
) -> Callable[[], Mapping[str, float]]:
    """Begin to count; return a function that returns processor seconds, by part."""
    pids = {
        "receivers": tuple(receivers),
        "RabbitMQ": (lab.broker.node.pid,),
        "workers": tuple(workers),
        "MongoDB": (lab.database.node.pid,),
    }

    def used() -> dict[str, float]:
        of_pids = {
            part: sum(usage(pid).cpu_seconds for pid in each)
            for part, each in pids.items()
        }
        return {"load": _own(), **of_pids}

    begin = used()
    return lambda: {part: now - begin[part] for part, now in used().items()}


def _own() -> float:
    # Our own, and of children that have ended: a load generator meanwhile.
    return sum(os.times()[:4])
