"""One round of a profile: a receiver, or a worker, is counted and then watched.

First it is only counted what the process spends on each hook. Then, under the same
load, py-spy says how long whose code holds the interpreter for each; for that the
process gets a processor of its own (bench/spy.py), so this is the work itself, with as
few turns and as little waiting for a processor as there can be.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pymongo.database import Database

from bench import accounting, closed, hooks, spy
from bench.bars import MIX
from bench.lab import Lab
from bench.progress import reach
from bench.receive import CONNECTIONS, LOAD
from bench.receivers import OPENERS
from bench.spent import each
from bench.stacks import RECEIVER, WORKER, Parts
from bench.usage import busiest, children, watch
from bench.work import MIXES
from bench.workers import SUBJECTS

#: py-spy needs so long to begin; the load must not be over before it is.
SLACK_SECONDS = 1

T = TypeVar("T")
L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Windows:
    """How long is counted, and how long py-spy looks, in whole seconds."""

    counted: int
    watched: int
    rounds: int

    @property
    def all(self) -> int:
        return self.counted + self.watched + SLACK_SECONDS


@dataclass(frozen=True, slots=True)
class Round:
    """What one subject spent in one round, for one hook or event."""

    spent: Mapping[str, float]
    acknowledged: int
    arrived: int


def receive(lab: Lab, name: str, windows: Windows) -> Round:
    lab.say(f"profile: {name}, receiving")
    files = hooks.write(lab.folder)
    with OPENERS[name](lab) as receiver:
        load = partial(closed.load, receiver.url, files, CONNECTIONS[LOAD])
        (supervisor,) = children("ingest") + children("bench.rivals.serve")
        with accounting.counted(receiver) as account:
            first = load(1)
            pid = busiest(supervisor)
            spent = watch(pid)
            seen = load(windows.counted)
            # wrk itself takes a moment to start.
            used = replace(spent(), clock=seen.seconds)
            look = partial(_shares, pid, windows.watched, RECEIVER)
            shares, last = _beside(look, partial(load, windows.watched + SLACK_SECONDS))
            account.acknowledged = sum(it.accepted for it in (first, seen, last))
    parts = _microseconds(shares, last.seconds / last.accepted)
    each_hook = each(used, seen.accepted, parts, is_alone=False)
    return Round(each_hook, account.acknowledged, account.arrived)


def _beside(look: Callable[[], T], load: Callable[[], L]) -> tuple[T, L]:
    """Look while there is load, and return what both saw; raise CannotSpy if late."""
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load)
        seen = look()
        if loading.done():
            raise spy.CannotSpy("py-spy was still at work when the load was over")
        return seen, loading.result()


def _microseconds(shares: Mapping[str, float], seconds: float) -> dict[str, float]:
    return {part: 1e6 * share * seconds for part, share in shares.items()}


def work(lab: Lab, name: str, number: int, windows: Windows) -> Round:
    lab.say(f"profile: {name}, working")
    subject = SUBJECTS[name]
    with subject.place(lab) as place, lab.db() as db:
        confirmed = set(subject.feed(lab, place, MIXES[MIX].hooks(number)))
        with subject.process(lab, place, db) as child:
            first = reach(db, 1)
            spent = watch(child.pid)
            last = reach(db, number * windows.counted // windows.all)
            used = spent()
            # Not to the end of the queue, however fast it is worked.
            left = (number - last.rows) / last.rate_since(first)
            parts = _watched(db, child.pid, min(windows.watched, left - SLACK_SECONDS))
            if reach(db, 1).rows >= number:
                raise spy.CannotSpy("py-spy was still at work when the queue was empty")
            reach(db, len(confirmed))
            child.kill()
        found = db["deliveries"].find({}, {"delivery_id": 1})
        arrived = confirmed & {row["delivery_id"] for row in found}
    each_event = each(used, last.rows - first.rows, parts, is_alone=True)
    return Round(each_event, len(confirmed), len(arrived))


def _watched(db: Database, pid: int, seconds: float) -> dict[str, float]:
    before = reach(db, 1)
    shares = _shares(pid, max(1, int(seconds)), WORKER)
    return _microseconds(shares, 1 / reach(db, 1).rate_since(before))


def _shares(pid: int, seconds: int, parts: Parts) -> dict[str, float]:
    """Return for which share of the time each part held the interpreter, working.

    Who holds it while the processor is taken away (by the host of a virtual machine,
    say) does not work: together they get no more than the processor time of all.
    """
    spent = watch(pid)
    shares = spy.shares(pid, seconds, parts)
    used = spent()
    most = min(1, used.processor / used.clock / sum(shares.values()))
    return {part: most * share for part, share in shares.items()}
