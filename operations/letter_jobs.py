"""Send many dead letters again, or drop them, while whoever asked for it looks on."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from handlers.registry import Handler
from operations.letter_run import Order, Run
from operations.progress import Progress
from operations.queues import Busy, Queues
from schemas.errors import (
    BrokerUnavailable,
    ForgewireError,
    StateUnavailable,
    TookTooLong,
)
from state.client import limited
from state.documents import Db
from state.letter_jobs import LetterJobs

_log = structlog.stdlib.get_logger("operations")

#: How long to wait for somebody else who has the dead letters, in seconds.
PATIENCE_SECONDS = 10.0
#: The state of a job that somebody stopped.
STOPPED = "stopped"
#: How long MongoDB may take to note how far a job is, in seconds; less than
#: `state.letter_jobs.SILENT`.
NOTE_SECONDS = 5.0
#: What prevents a job, as its row says it.
_PROBLEMS: Mapping[type[ForgewireError], str] = {
    Busy: "busy",
    BrokerUnavailable: "rabbitmq-away",
    StateUnavailable: "mongodb-away",
    TookTooLong: "mongodb-away",
}


class UnderWay(Busy):
    """Raised when another job has the dead letters."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with."""

    queues: Queues
    db: Db
    handlers: Mapping[str, Handler]
    now: Callable[[], datetime]


class Runner:
    """Does one job at a time, in the background; safe to share among threads.

    The letters are safe whenever its process ends: the job then is `interrupted`.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.jobs = LetterJobs(tools.db)

    def start(self, order: Order, ended: Callable[[Progress], None]) -> str:
        """Begin, and return the id of the job; raise UnderWay, or StateUnavailable.

        `ended` is called in another thread when it is over, whatever became of it.
        """
        id_ = self.jobs.begin(order.as_row(), at=self._tools.now())
        if id_ is None:
            raise UnderWay("another job has the dead letters")
        told = (id_, order, ended)
        threading.Thread(target=self._run, args=told, daemon=True).start()
        return id_

    def _run(self, id_: str, order: Order, ended: Callable[[Progress], None]) -> None:
        run = Run(order, lambda progress: self._tell(id_, progress))
        problem: str | None = "unexpected"
        try:
            problem = self._do(run, order) or run.ended_for
        finally:
            self._end(id_, run.progress, problem)
            ended(run.progress)

    def _do(self, run: Run, order: Order) -> str | None:
        """Do it, and return what prevented it."""
        tools = self._tools
        try:
            with tools.queues.holding(patience=PATIENCE_SECONDS) as holding:
                if order.kind == "drop":
                    run.drop(holding, tools.db)
                else:
                    submit = tools.queues.publisher().submit
                    run.replay(holding, tools.handlers, submit)
        except tuple(_PROBLEMS) as exc:
            _log.warning("letters-job-failed", cause=exc)
            return next(it for kind, it in _PROBLEMS.items() if isinstance(exc, kind))
        return None

    def _tell(self, id_: str, progress: Progress) -> str | None:
        try:
            with limited(NOTE_SECONDS):
                numbers = progress.numbers()
                goes_on = self.jobs.tell(id_, numbers, at=self._tools.now())
        except (StateUnavailable, TookTooLong):
            return "mongodb-away"
        return None if goes_on else STOPPED

    def _end(self, id_: str, progress: Progress, problem: str | None) -> None:
        state = problem if problem == STOPPED else "failed" if problem else "done"
        told = progress.as_row() | ({"problem": problem} if problem else {})
        try:
            with limited(NOTE_SECONDS):
                self.jobs.end(id_, state, told, at=self._tools.now())
        except (StateUnavailable, TookTooLong) as exc:
            # Who looks at the job is told that it was interrupted.
            _log.error(
                "letters-job-not-noted", job=id_, cause=exc, **progress.numbers()
            )
        _log.info("letters-job-ended", job=id_, state=state, **progress.numbers())
