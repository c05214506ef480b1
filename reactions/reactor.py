"""Take calls, run their reactions, and see to what failed; alone here is acked."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from broker import dead_letters
from broker.call import Call, again, decode
from broker.confirm import Confirm
from broker.consumer import Consumer
from broker.delivery import Delivery
from broker.publisher import Publisher
from broker.reaction_topology import ReactionTopology
from handlers.reacting import Reaction
from reactions.child import Failure, Prepare
from reactions.metrics import Metrics
from reactions.runner import Runner
from schemas.errors import Unavailable, Undecodable

_log = structlog.stdlib.get_logger("reactor")

#: How long a thread waits for a call before it looks whether to stop, in seconds.
TAKE_SECONDS = 0.5
#: How long reactions may go on once the process is told to stop, in seconds.
CLOSE_SECONDS = 10.0
#: The longest wait for RabbitMQ before what failed is sent to it again, in seconds.
LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Reactor:
    """What runs reactions, and with what."""

    consumer: Consumer
    publisher: Publisher
    topology: ReactionTopology
    reactions: Mapping[str, Reaction]
    prepare: Prepare
    metrics: Metrics
    stop: threading.Event

    def run(self, at_once: int) -> None:
        """Run up to `at_once` reactions side by side until `stop` is set.

        What does not come to its end soon after that is killed, and comes again.
        """
        runners = [Runner(self.prepare) for _ in range(at_once)]
        threads = [
            threading.Thread(target=self._serve, args=(it,), daemon=True)
            for it in runners
        ]
        for thread in threads:
            thread.start()
        self.stop.wait()
        end = time.monotonic() + CLOSE_SECONDS
        for thread, runner in zip(threads, runners, strict=True):
            thread.join(max(0, end - time.monotonic()))
            runner.interrupt()
            thread.join(TAKE_SECONDS)

    def _serve(self, runner: Runner) -> None:
        runner.start()
        while not self.stop.is_set():
            for delivery in self.consumer.take(1, TAKE_SECONDS):
                self._work(delivery, runner)
        runner.close()

    def _work(self, delivery: Delivery, runner: Runner) -> None:
        began = time.monotonic()
        try:
            call = decode(delivery.properties, delivery.body)
        except Undecodable as exc:
            call = Call("", "", "", b"")
            failure: Failure | None = Failure(exc.reason, str(exc))
        else:
            failure = self._run(call, runner)
        if failure and self.stop.is_set():
            # Perhaps it was killed by us. It comes again.
            return
        outcome = self._settled(delivery, call, failure)
        if outcome is not None:
            self.consumer.ack([delivery])
            self.metrics.count(call.reaction, outcome, time.monotonic() - began)
            _tell(call, outcome, failure)

    def _run(self, call: Call, runner: Runner) -> Failure | None:
        reaction = self.reactions.get(call.reaction)
        if reaction is None:
            return Failure("unknown-reaction")
        return runner.run(reaction.name, call.body, reaction.seconds)

    def _settled(
        self, delivery: Delivery, call: Call, failure: Failure | None
    ) -> str | None:
        """Have RabbitMQ keep what failed; return the outcome, None if it could not."""
        if failure is None:
            return "done"
        try:
            return self._retrying()(self._send_on, delivery, call, failure)
        except Unavailable:
            return None

    def _send_on(self, delivery: Delivery, call: Call, failure: Failure) -> str:
        parcel = None
        if call.reaction and not failure.is_final:
            parcel = again(call, self.topology)
        if parcel is not None:
            self.publisher.send(parcel).result()
            return "retried"
        self._bury(delivery, call, failure).result()
        return "dead"

    def _bury(self, delivery: Delivery, call: Call, failure: Failure) -> Confirm:
        death = dead_letters.Death(
            reason=failure.reason,
            detail=failure.detail,
            handler=call.reaction or None,
            died_at=time.time_ns() // 1_000,
        )
        return dead_letters.bury(
            self.publisher, delivery.properties, delivery.body, death
        )

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(Unavailable),
            wait=wait_random_exponential(multiplier=0.2, min=0.1, max=LONGEST_WAIT),
            stop=stop_when_event_set(self.stop),
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )


def _tell(call: Call, outcome: str, failure: Failure | None) -> None:
    tell = _log.info if failure is None else _log.warning
    tell(
        "reaction",
        key=call.key,
        outcome=outcome,
        attempt=call.attempt,
        reason=failure.reason if failure else None,
    )
