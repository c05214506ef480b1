"""A long backlog: how it leaves the spool, and what memory its length takes.

Both kinds of workers work the same number of events of the same mix, into an empty
database, and their peak memory is read. With few queued a feeder keeps the queue short:
it adds an event when one is done. With many queued all were there before the worker.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from bench import spooled
from bench.accounting import settled
from bench.bars import OURS
from bench.effort import Effort
from bench.feed import feed
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Hook, Mix
from bench.progress import reach, rows
from bench.rounds import in_turn
from bench.usage import MIB, peak
from broker.topology import Topology

SHORT, LONG = "few queued", "many queued"
FEW = 1_000
#: Events that each worker works before its memory is read.
WORKED = 10_000
PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Round:
    """The peak memory of one worker, and how many events it worked."""

    mib: float
    worked: int


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Fill a spool, drain it into a queue, and have workers begin on that."""
    with lab.topology() as topology:
        figures = spooled.measure(lab, topology, effort.many)
        lab.say("growth: workers on a short and on a long queue")
        runs = {SHORT: partial(_few, lab), LONG: partial(_many, lab, topology)}
        found = in_turn(runs, effort.rounds)
        worked = {case: sum(it.worked for it in found[case]) for case in found}
        left = effort.many - worked[LONG]
        worked[LONG] += settled(lambda: lab.depth(topology.events), left)
    queued = {SHORT: FEW, LONG: effort.many}
    confirmed = {SHORT: WORKED * effort.rounds, LONG: effort.many}
    return figures + [
        Figure(
            "memory",
            OURS,
            case,
            "MiB",
            tuple(it.mib for it in rounds),
            {"queued": queued[case]},
            acknowledged=confirmed[case],
            arrived=worked[case],
        )
        for case, rounds in found.items()
    ]


def _few(lab: Lab) -> Round:
    with lab.topology() as topology, lab.db() as db:
        with lab.worker(topology, db) as child:
            feed(lab, topology, _paced(Mix().hooks(WORKED), partial(rows, db)))
            reach(db, WORKED)
            most = peak(child.pid)
        return Round(most / MIB, rows(db))


def _many(lab: Lab, topology: Topology) -> Round:
    with lab.db() as db:
        with lab.worker(topology, db) as child:
            reach(db, WORKED)
            most = peak(child.pid)
        return Round(most / MIB, rows(db))


def _paced(hooks: Iterable[Hook], worked: Callable[[], int]) -> Iterator[Hook]:
    """Yield a hook when fewer than `FEW` of those before are still to be worked."""
    done = 0
    for number, hook in enumerate(hooks):
        while number - done >= FEW:
            time.sleep(PAUSE_SECONDS)
            done = worked()
        yield hook
