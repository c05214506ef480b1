"""A full spool: how soon a receiver is up with it, what it takes, how it drains."""

import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from bench.bars import OURS
from bench.feed import message
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Hook, Mix
from bench.usage import MIB, children, peak
from broker.topology import Topology
from config.settings import MAX_SPOOL_BYTES
from ingest.spool import records
from ingest.spool.folder import Folder
from ingest.spool.store import Store

#: Events for one fsync while the spool is filled.
GROUP = 1_000
#: More than any receiver reaches.
DRAIN_RATE = 1_000_000
POLL_SECONDS = 0.25
#: Nothing new in the queue for so long, and something is wrong.
PATIENCE_SECONDS = 60


def measure(lab: Lab, topology: Topology, number: int) -> list[Figure]:
    """Fill a spool with so many events, and have a receiver send them to the queue."""
    lab.say(f"growth: a spool of {number:,} events")
    folder = lab.folder / f"{topology.prefix}-spool"
    fill(folder, Mix().hooks(number))
    size = sum(it.stat().st_size for it in folder.iterdir())
    settings = {
        "SPOOL_MAX_BYTES": str(MAX_SPOOL_BYTES),
        "SPOOL_DRAIN_RATE": str(DRAIN_RATE),
    }
    begin = time.monotonic()
    with lab.receiver(topology, **settings):
        ready = time.monotonic()
        arrived = _drained(lab, topology.events, number)
        end, (pid,) = time.monotonic(), children("ingest")
        mib = peak(pid) / MIB
    told = {"events": number, "spool_mib": size / MIB}
    return [
        Figure("spool", OURS, "start to ready", "s", (ready - begin,), told),
        Figure("spool", OURS, "peak memory of the receiver", "MiB", (mib,), told),
        Figure(
            "spool",
            OURS,
            "drained",
            "events/s",
            # All the time counts, also that in which it looked what was there.
            (number / (end - begin),),
            told,
            acknowledged=number,
            arrived=arrived,
        ),
    ]


def fill(folder: Path, hooks: Iterable[Hook]) -> None:
    """Write `hooks` into a spool as a receiver would that is gone since."""
    store = Store(Folder(folder, "bench"), max_bytes=MAX_SPOOL_BYTES)
    messages = (message(hook, f"0.{number}") for number, hook in enumerate(hooks, 1))
    while group := list(islice(messages, GROUP)):
        store.append([records.payload(it) for it in group], group[0].received_at)
    store.close()


def _drained(lab: Lab, queue: str, expected: int) -> int:
    """Return how many events are in the queue, once all are or no more come."""
    before, changed = 0, time.monotonic()
    with lab.channel() as channel:
        while True:
            now = channel.queue_declare(queue, passive=True).method.message_count
            if now >= expected or time.monotonic() - changed > PATIENCE_SECONDS:
                return now
            changed = time.monotonic() if now > before else changed
            before = now
            time.sleep(POLL_SECONDS)
