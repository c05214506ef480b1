"""Who is measured working: how each is fed, and how one process of it is run."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from pymongo.database import Database

from bench.feed import feed
from bench.lab import Lab
from bench.mix import Hook
from bench.rivals import bare_loop, celery_worker, dramatiq_worker
from broker.topology import Topology
from cli.local.process import Child


@dataclass(frozen=True, slots=True)
class Subject:
    """One of those that are compared; its queue is in a place of its own."""

    name: str
    place: Callable[[Lab], AbstractContextManager[Topology]]
    #: Fills the queue; gives the delivery ids that were confirmed.
    feed: Callable[[Lab, Topology, Iterable[Hook]], Iterable[str]]
    #: Runs one worker process.
    process: Callable[[Lab, Topology, Database], AbstractContextManager[Child]]


def _rival(name: str, module: ModuleType, arguments: Iterable[str]) -> Subject:
    """Return a rival that has messages of its own."""
    return Subject(
        name,
        _own_queues,
        lambda lab, place, hooks: module.feed(lab.broker.url, place.events, hooks),
        partial(_run, name, tuple(arguments)),
    )


@contextmanager
def _own_queues(lab: Lab) -> Iterator[Topology]:
    # Only its name: the rival declares its queues by itself.
    topology = Topology(f"bench-{secrets.token_hex(4)}")
    try:
        yield topology
    finally:
        lab.delete(*(f"{topology.events}{end}" for end in ("", ".DQ", ".XQ")))


def _run(
    name: str, arguments: tuple[str, ...], lab: Lab, topology: Topology, db: Database
) -> AbstractContextManager[Child]:
    environment = {
        "AMQP_URL": lab.broker.url,
        "QUEUE": topology.events,
        "MONGODB_URL": lab.url_of(db.name),
    }
    return lab.process(name.replace(",", ""), arguments, environment)


_SUBJECTS = (
    Subject("Forgewire", Lab.topology, feed, Lab.worker),
    Subject(
        "bare loop",
        Lab.topology,
        feed,
        partial(_run, "bare loop", ("-m", bare_loop.__name__)),
    ),
    _rival("Celery", celery_worker, celery_worker.THREADS),
    _rival("Celery, prefork", celery_worker, celery_worker.PREFORK),
    _rival("Dramatiq", dramatiq_worker, dramatiq_worker.THREADS),
)
SUBJECTS = {subject.name: subject for subject in _SUBJECTS}
