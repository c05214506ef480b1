"""Fill the events' queue as a receiver would, before anybody works it."""

import secrets
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future

from bench.lab import Lab
from bench.mix import Hook
from broker.message import Message
from broker.publisher import Publisher
from broker.topology import Topology

SOURCE = "gitlab"
#: Hooks in memory at most: bodies may be large, and there may be a million of them.
AHEAD = 2_000


def feed(lab: Lab, topology: Topology, hooks: Iterable[Hook]) -> list[str]:
    """Publish `hooks`, and return the delivery ids of those that were confirmed."""
    publisher = Publisher(
        lab.broker.url, topology, name="bench feed", confirm_seconds=60
    )
    publisher.start()
    try:
        publisher.wait_connected(30)
        return list(_confirmed(publisher, hooks))
    finally:
        publisher.close(60)


def _confirmed(publisher: Publisher, hooks: Iterable[Hook]) -> Iterable[str]:
    start = secrets.token_hex(4)
    waiting: deque[tuple[str, Future[None]]] = deque()
    for number, hook in enumerate(hooks, 1):
        future = publisher.submit(message(hook, f"{start}.{number}"))
        waiting.append((hook.delivery_id, future))
        if len(waiting) >= AHEAD:
            yield from _settled(waiting, AHEAD // 2)
    yield from _settled(waiting, 0)


def _settled(waiting: deque[tuple[str, Future[None]]], left: int) -> Iterable[str]:
    while len(waiting) > left:
        delivery_id, future = waiting.popleft()
        future.result()
        yield delivery_id


def message(hook: Hook, receipt: str) -> Message:
    """Return the message that a receiver makes of a hook."""
    return Message(
        source=SOURCE,
        event=hook.event,
        delivery_id=hook.delivery_id,
        receipt=receipt,
        received_at=time.time_ns() // 1_000,
        body=hook.body,
    )
