"""Growth: what an event costs, and what a process takes, the more there is already."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pymongo.database import Database

from bench import backlog, hooked
from bench.bars import OURS
from bench.effort import Effort
from bench.feed import feed
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Hook, Mix
from bench.populate import SOURCE, populate
from bench.progress import reach, rows
from bench.rounds import in_turn

SIZES = (10_000, 100_000, 1_000_000)
#: Events of one round, so that it takes some seconds, and those to warm up before.
EVENTS, QUICK_EVENTS, WARM_UP = 12_000, 6_000, 2_000


@dataclass(frozen=True, slots=True)
class Round:
    """What one round at one size found."""

    microseconds: float
    confirmed: int
    arrived: int


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Measure cost by size of the state, then memory by length of queue and spool."""
    figures = [*_costs(lab, effort), *backlog.measure(lab, effort)]
    if not effort.is_quick:
        figures += hooked.measure(lab, effort)
    return figures


def _costs(lab: Lab, effort: Effort) -> list[Figure]:
    sizes = SIZES[:1] if effort.is_quick else SIZES
    events = QUICK_EVENTS if effort.is_quick else EVENTS
    with ExitStack() as stack:
        runs = {
            str(size): partial(
                _round,
                lab,
                stack.enter_context(_populated(lab, size)),
                # Each round takes the next ones, so that none comes twice.
                Mix(entities=size).hooks(events * effort.rounds),
                events,
            )
            for size in sizes
        }
        return [
            _figure(int(size), it) for size, it in in_turn(runs, effort.rounds).items()
        ]


@contextmanager
def _populated(lab: Lab, size: int) -> Iterator[Database]:
    lab.say(f"growth: writing {size:,} users, projects and rows of the ledger")
    with lab.db() as db:
        populate(db, size)
        yield db


def _round(lab: Lab, db: Database, hooks: Iterator[Hook], events: int) -> Round:
    with lab.topology() as topology:
        before = rows(db)
        confirmed = feed(lab, topology, islice(hooks, events))
        with lab.worker(topology, db):
            first = reach(db, before + WARM_UP)
            last = reach(db, before + len(confirmed))
    keys = [f"{SOURCE}:{it}" for it in confirmed]
    arrived = db["deliveries"].count_documents({"_id": {"$in": keys}})
    return Round(1e6 / last.rate_since(first), len(confirmed), arrived)


def _figure(size: int, found: list[Round]) -> Figure:
    return Figure(
        "growth",
        OURS,
        f"{size:,} users and projects",
        "µs/event",
        tuple(it.microseconds for it in found),
        {"entities": size},
        acknowledged=sum(it.confirmed for it in found),
        arrived=sum(it.arrived for it in found),
    )
