"""A Dramatiq worker that does the same two writes for each event.

Run by Dramatiq's own command with one process and its default of eight threads, which
also gives its default prefetch of two messages for each thread. Quorum queues are no
option of Dramatiq, so their type is added where it declares its queues; confirms are.
"""

import os
from collections.abc import Iterable, Iterator

import dramatiq
import orjson
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from bench.mix import Hook
from bench.rivals import writes

ACTOR = "apply"
#: What runs it.
THREADS = ("-m", "dramatiq", f"{__name__}:main", "--processes=1")


class QuorumBroker(RabbitmqBroker):
    def _build_queue_arguments(self, queue_name: str) -> dict[str, str]:
        arguments = super()._build_queue_arguments(queue_name)
        return {**arguments, "x-queue-type": "quorum"}


def make(
    amqp_url: str, queue: str, mongodb_url: str | None = None
) -> tuple[RabbitmqBroker, dramatiq.Actor]:
    """Return the broker and the actor; it can work if it knows a database."""
    broker = QuorumBroker(url=amqp_url, confirm_delivery=True)
    db = writes.connect(mongodb_url) if mongodb_url else None

    @dramatiq.actor(broker=broker, queue_name=queue, actor_name=ACTOR)
    def apply(delivery_id: str, event: str, body: str) -> None:
        writes.write(db, delivery_id, event, orjson.loads(body))

    return broker, apply


def feed(amqp_url: str, queue: str, hooks: Iterable[Hook]) -> Iterator[str]:
    """Send a message for each hook; yield the delivery id once it is confirmed."""
    broker, actor = make(amqp_url, queue)
    for hook in hooks:
        actor.send(hook.delivery_id, hook.event, hook.body.decode())
        yield hook.delivery_id
    broker.close()


def main() -> None:
    """Set up what Dramatiq's command runs."""
    names = ("AMQP_URL", "QUEUE", "MONGODB_URL")
    broker, _ = make(*(os.environ[name] for name in names))
    dramatiq.set_broker(broker)
