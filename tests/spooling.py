"""What the tests of the spool need: messages, a broker that does as it is told."""

import contextlib
import resource
import threading
import time

from structlog.testing import capture_logs

from broker.confirm import Confirm
from broker.errors import NotConnected
from broker.message import Message
from ingest.circuit import Circuit
from ingest.spool import records
from ingest.spool.drain import Outlet
from ingest.spool.folder import Folder
from ingest.spool.spool import Bounds, Spool
from ingest.spool.store import Store


def a_message(number=1, body=b'{"event_name": "push"}', **changes):
    given = {
        "source": "gitlab",
        "event": "push",
        "delivery_id": f"delivery-{number}",
        "receipt": f"3f9c2a71.{number}",
        "received_at": 1_790_000_000_000_000 + number,
        "body": body,
    }
    return Message(**given | changes)


def a_store(path, *, max_bytes=1 << 30, name="test", clock=time.time_ns, **options):
    return Store(Folder(path, name, clock), max_bytes=max_bytes, **options)


def keep(store, *messages):
    store.append([records.payload(it) for it in messages], messages[0].received_at)


@contextlib.contextmanager
def disk_limit(size):
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        # What the tests print goes to a file as well.
        with capture_logs():
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Outlets:
    """A broker that writes down what it confirms, and fails what it is told to."""

    def __init__(self, *, is_ready=True, rate=100_000.0):
        self.is_up = is_ready
        self.rate = rate
        self.taken = []
        self.tried = []
        self.counted = 0
        #: By delivery id, what its next tries end with.
        self.errors = {}
        #: While not set, no confirm comes at all.
        self.confirms = threading.Event()
        self.confirms.set()
        self.silent = []

    def submit(self, message):
        self.tried.append(message)
        confirm = Confirm()
        if not self.confirms.is_set():
            self.silent.append((message, confirm))
            return confirm
        if not self.is_up:
            confirm.settle(NotConnected("not connected"))
            return confirm
        errors = self.errors.get(message.delivery_id, [])
        if errors:
            confirm.settle(errors.pop(0))
        else:
            self.taken.append(message)
            confirm.settle()
        return confirm

    def outlet(self):
        return Outlet(lambda: self.is_up, self.submit, self._count, self.rate)

    def _count(self, number):
        self.counted += number


def a_spool(path, outlets, circuit=None, **bounds):
    given = {"max_bytes": 1 << 30, "max_age_seconds": 3600.0} | bounds
    return Spool(path, Bounds(**given), outlets.outlet(), circuit or Circuit())
