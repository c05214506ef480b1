"""A Celery worker that does the same two writes for each event.

python -m bench.rivals.celery_worker POOL NUMBER

As Celery's documentation has it for work that must not be lost: a quorum queue,
publisher confirms, late acknowledgement also when the process dies, results ignored;
gossip, mingling and its heartbeats are off. Celery's own default of four prefetched
messages for each task at once. Measured twice: with a pool of threads, which suits work
that waits for a server, and with its default, one process that works one by one.
"""

import os
import sys
from collections.abc import Iterable, Iterator

import orjson
from celery import Celery
from kombu import Queue

from bench.mix import Hook
from bench.rivals import writes

TASK = "apply"
#: What runs it. More threads than that are no faster.
THREADS = ("-m", __name__, "threads", "16")
PREFORK = ("-m", __name__, "prefork", "1")


def make(amqp_url: str, queue: str, mongodb_url: str | None = None) -> Celery:
    """Return the application; it can work if it knows a database."""
    app = Celery(broker=amqp_url)
    app.conf.update(
        task_queues=[Queue(queue, queue_arguments={"x-queue-type": "quorum"})],
        task_default_queue=queue,
        # Delays are not used; 28 more quorum queues would only take memory.
        broker_native_delayed_delivery_queue_type="classic",
        broker_transport_options={"confirm_publish": True},
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_hijack_root_logger=False,
    )
    db = writes.connect(mongodb_url) if mongodb_url else None

    @app.task(name=TASK)
    def apply(delivery_id: str, event: str, body: str) -> None:
        writes.write(db, delivery_id, event, orjson.loads(body))

    return app


def feed(amqp_url: str, queue: str, hooks: Iterable[Hook]) -> Iterator[str]:
    """Send a task for each hook; yield the delivery id once it is confirmed."""
    app = make(amqp_url, queue)
    with app.producer_pool.acquire(block=True) as producer:
        for hook in hooks:
            app.tasks[TASK].apply_async(
                (hook.delivery_id, hook.event, hook.body.decode()), producer=producer
            )
            yield hook.delivery_id
    app.close()


def main(pool: str, number: str) -> None:
    app = make(*(os.environ[name] for name in ("AMQP_URL", "QUEUE", "MONGODB_URL")))
    options = [f"--pool={pool}", f"--concurrency={number}"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", *options, *quiet, "--loglevel=INFO"])


if __name__ == "__main__":
    main(*sys.argv[1:])
