"""What the pages of the dead letters work with, made once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.services import Services
from operations.letter_jobs import Runner, Tools
from operations.letter_reader import Reader
from operations.overview import Watch
from state.client import limited
from state.dead import Noted, noted
from state.documents import Db

#: How long MongoDB may take for what stands in for RabbitMQ, in seconds.
LEDGER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Letters:
    """Shared among threads."""

    watch: Watch
    reader: Reader
    runner: Runner
    db: Db

    def forget(self) -> None:
        """Have all of it read again: some letters left."""
        self.watch.forget()
        self.reader.forget()

    def noted(self) -> Sequence[Noted]:
        """Return what the ledger says of dead letters, for when RabbitMQ is away."""
        with limited(LEDGER_SECONDS):
            return noted(self.db)


def tools(services: Services) -> Letters:
    """Return the tools that work with `services`."""
    queues, db, now = services.queues, services.db, services.now
    runner = Runner(Tools(queues, db, services.handlers, now))
    return Letters(Watch(queues, now), Reader(queues), runner, db)
