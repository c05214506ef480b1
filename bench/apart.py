"""What the broker and the database take apart, one at a time, for the same event."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pika.adapters.blocking_connection import BlockingChannel
from pymongo.database import Database

from bench.feed import message
from bench.lab import Lab
from bench.mix import Hook
from broker.envelope import pack
from broker.topology import Topology
from state.migrations import migrate


@dataclass(frozen=True, slots=True)
class Apart:
    """A quorum queue that nobody consumes, and a database that no worker writes to."""

    channel: BlockingChannel
    topology: Topology
    db: Database

    def confirm(self, hook: Hook) -> float:
        """Return the seconds that a persistent message takes to be confirmed."""
        parcel = pack(message(hook, hook.delivery_id), self.topology)
        begin = time.perf_counter()
        self.channel.basic_publish(
            parcel.exchange,
            parcel.routing_key,
            parcel.body,
            parcel.properties,
            mandatory=True,
        )
        return time.perf_counter() - begin

    def write(self, user: dict, row: dict) -> float:
        """Return the seconds that it takes to write both, by a journaled majority."""
        begin = time.perf_counter()
        self.db["users"].insert_one(user)
        self.db["deliveries"].insert_one(row)
        return time.perf_counter() - begin


@contextmanager
def opened(lab: Lab) -> Iterator[Apart]:
    """Open both, with the same queues and indexes as Forgewire's."""
    with lab.topology() as topology, lab.db() as db, lab.channel() as channel:
        migrate(db)
        channel.confirm_delivery()
        yield Apart(channel, topology, db)
