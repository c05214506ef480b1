"""Watch queues, MongoDB and the balance in the background: who asks need not wait."""

from collections.abc import Callable
from datetime import datetime

from config.settings import Settings
from operations.deadline import Deadline
from operations.queues import Queues
from operations.watching.balance import GRACE_SECONDS, Balance, Scales
from operations.watching.pace import Pace
from operations.watching.queues import Lines, Lookout
from operations.watching.sampler import Sampler
from state.documents import Db
from state.servers import Servers, look

QUEUES = Pace(every=5, longest=20)
MONGODB = Pace(every=10, longest=20)
#: It reads all of the ledger that has not expired, so not more often the more there is.
AUDIT = Pace(every=60, longest=600, share=0.05, idle=GRACE_SECONDS)
#: How long a stop waits for samples that are being taken, in seconds.
STOP_SECONDS = 2.0


class Watching:
    """Three samplers, each in a thread of its own: none waits for another's server."""

    def __init__(
        self, settings: Settings, queues: Queues, db: Db, now: Callable[[], datetime]
    ) -> None:
        """Start nothing yet."""
        lookout = Lookout(queues, db, now)
        self.queues: Sampler[Lines] = Sampler("queues", lookout.look, QUEUES, now)
        self.mongodb: Sampler[Servers] = Sampler(
            "mongodb", lambda: look(db), MONGODB, now
        )
        scales = Scales(
            db=db,
            spool_dir=settings.spool_dir,
            depths=queues.depths_again,
            prefetch=settings.prefetch,
            now=now,
            wait=self._wait,
        )
        self.audit: Sampler[Balance] = Sampler("audit", scales.weigh, AUDIT, now)
        self._parts = (self.queues, self.mongodb, self.audit)

    def start(self) -> None:
        """Begin, in the background."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Take no more samples."""
        for part in self._parts:
            part.end()
        deadline = Deadline.after(STOP_SECONDS)
        for part in self._parts:
            part.join(deadline.left)

    def _wait(self, seconds: float) -> bool:
        return self.audit.wait(seconds)
