"""The receiver's own disk, where events wait while the broker is away."""

import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from broker.message import Message
from ingest.circuit import Circuit
from ingest.spool import records
from ingest.spool.drain import Drain, Outlet
from ingest.spool.folder import Folder, is_remote
from ingest.spool.store import SEGMENT_BYTES, Level, Store
from ingest.spool.writer import PATIENCE_SECONDS, Writer

_log = structlog.stdlib.get_logger("ingest.spool")

_REMOTE = "The spool must be on a disk of this machine: fsync and locks over a network "
_REMOTE += "do not keep what they promise. Set FORGEWIRE_SPOOL_DIR."


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the spool takes, and what is too old for comfort."""

    max_bytes: int
    #: An older event is an alarm; nothing is ever deleted for its age.
    max_age_seconds: float
    segment_bytes: int = SEGMENT_BYTES
    patience_seconds: float = PATIENCE_SECONDS
    #: Where Linux lists what is mounted.
    mounts: Path = Path("/proc/self/mounts")


class Spool:
    """Takes events from many threads, and drains by itself when the broker is back."""

    def __init__(
        self, path: Path, bounds: Bounds, outlet: Outlet, circuit: Circuit
    ) -> None:
        self._folder = Folder(path, f"{os.getpid()}-{secrets.token_hex(4)}")
        self._bounds = bounds
        self._store = Store(
            self._folder,
            max_bytes=bounds.max_bytes,
            segment_bytes=bounds.segment_bytes,
        )
        self._writer = Writer(self._store, patience_seconds=bounds.patience_seconds)
        self._drain = Drain(self._store, outlet, circuit)

    def start(self) -> None:
        """See whether the disk takes anything, adopt orphans, begin to drain."""
        self._store.probe()
        self._folder.sweep()
        self._warn_of_network()
        self._writer.start()
        self._drain.start()

    def close(self, timeout: float) -> None:
        """Stop within about `timeout` seconds; what is in the spool stays there."""
        self._drain.close(timeout / 2)
        if self._writer.close(timeout / 2):
            self._store.close()

    def keep(self, message: Message) -> None:
        """Return when the disk has confirmed `message`; raise CannotSpool otherwise."""
        self._writer.write(records.payload(message), message.received_at)

    def is_ready(self) -> bool:
        """Return whether it takes events now."""
        is_writable = self._store.failure is None and self._writer.is_alive
        return is_writable and not self._store.is_full

    def is_fresh(self) -> bool:
        """Return whether it is drained, and nothing in it is too old."""
        is_young = self.oldest_seconds() <= self._bounds.max_age_seconds
        return is_young and self._drain.is_alive

    def level(self) -> Level:
        """Return how full it is."""
        return self._store.level()

    def oldest_seconds(self) -> float:
        """Return the age of the oldest event in it, 0 if it is empty."""
        oldest = self.level().oldest
        return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1_000_000)

    def set_aside_files(self) -> int:
        """Return how many files wait for somebody to look at them."""
        return self._folder.set_aside_files()

    def _warn_of_network(self) -> None:
        with contextlib.suppress(OSError):
            if is_remote(self._folder.path, self._bounds.mounts.read_text("utf-8")):
                _log.warning("spool-on-network", hint=_REMOTE)
