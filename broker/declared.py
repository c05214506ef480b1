"""Note what a topology declares, without a broker: for who describes it to others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pika.channel import Channel


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange, and its type."""

    name: str
    kind: str
    durable: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, and the arguments that it has to be declared with."""

    name: str
    arguments: Mapping[str, Any]
    durable: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """What there is once a topology was declared."""

    exchanges: list[Exchange] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    #: Queue, exchange and routing key.
    bindings: list[tuple[str, str, str]] = field(default_factory=list)


class _Notes:
    """Takes what a channel would, and sends nothing."""

    def __init__(self) -> None:
        self.declared = Declared()

    def exchange_declare(
        self, exchange: str, exchange_type: str, *, durable: bool, **_: Any
    ) -> None:
        one = Exchange(exchange, exchange_type, durable=durable)
        self.declared.exchanges.append(one)

    def queue_declare(
        self,
        queue: str,
        *,
        durable: bool,
        arguments: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        one = Queue(queue, dict(arguments or {}), durable=durable)
        self.declared.queues.append(one)

    def queue_bind(
        self, queue: str, exchange: str, routing_key: str = "", **_: Any
    ) -> None:
        self.declared.bindings.append((queue, exchange, routing_key))


def declared(declare: Callable[[Channel, Callable[[], None]], None]) -> Declared:
    """Return what `declare`, such as `Topology.declare`, would tell a broker."""
    notes = _Notes()
    declare(cast("Channel", notes), lambda: None)
    return notes.declared
