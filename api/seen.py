"""Put what the watch saw last into numbers, one small function for each metric."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeAlias, TypeVar

from operations.watching.balance import Balance
from operations.watching.queues import Line
from operations.watching.sampler import Sample
from operations.watching.watching import Watching
from state.servers import Servers

#: What was seen of queues and MongoDB is told for so long: older figures would mislead.
YOUNG = timedelta(seconds=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The values of the labels of a metric, and the number.
Points: TypeAlias = Iterator[tuple[tuple[str, ...], float]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known at a moment; what is None is not known."""

    now: datetime
    #: By what the metrics call each queue.
    lines: Mapping[str, Line]
    rabbitmq_is_up: bool | None
    servers: Servers | None
    mongodb_is_up: bool | None
    balance: Balance | None
    #: When the last sample of each part was taken.
    times: Mapping[str, datetime]

    @classmethod
    def at(cls, now: datetime, watching: Watching) -> Self:
        """Return what `watching` knows."""
        parts = (watching.queues, watching.mongodb, watching.audit)
        lines = _young(watching.queues.last, now)
        audit = watching.audit.last
        both = (
            {"events": lines.events, "dead_letters": lines.dead_letters}
            if lines
            else {}
        )
        return cls(
            now=now,
            lines=both,
            rabbitmq_is_up=watching.queues.is_up,
            servers=_young(watching.mongodb.last, now),
            mongodb_is_up=watching.mongodb.is_up,
            balance=audit.value if audit else None,
            times={part.name: part.last.at for part in parts if part.last},
        )


def _young(sample: Sample[T] | None, now: datetime) -> T | None:
    return sample.value if sample and now - sample.at < YOUNG else None


def messages(seen: Seen) -> Points:
    for name, line in seen.lines.items():
        yield (name, "ready"), line.depth.ready
        if line.depth.unacknowledged is not None:
            yield (name, "unacknowledged"), line.depth.unacknowledged


def consumers(seen: Seen) -> Points:
    for name, line in seen.lines.items():
        yield (name,), line.depth.consumers


def oldest(seen: Seen) -> Points:
    for name, line in seen.lines.items():
        if line.since is not None:
            yield (name,), max(0.0, (seen.now - line.since).total_seconds())
        elif not line.depth.waiting:
            yield (name,), 0


def rabbitmq_up(seen: Seen) -> Points:
    return _one(seen.rabbitmq_is_up)


def mongodb_up(seen: Seen) -> Points:
    return _one(seen.mongodb_is_up)


def primary(seen: Seen) -> Points:
    if seen.mongodb_is_up and seen.servers:
        return _one(seen.servers.has_primary)
    # Nobody answers, so nobody takes writes; before the first answer nothing is known.
    return _one(seen.mongodb_is_up)


def members(seen: Seen) -> Points:
    return _by_state(seen.servers.members if seen.servers else {})


def connections(seen: Seen) -> Points:
    return _by_state(seen.servers.connections if seen.servers else {})


def cache(seen: Seen) -> Points:
    return _one(seen.servers.cache_bytes if seen.servers else None)


def cache_max(seen: Seen) -> Points:
    return _one(seen.servers.cache_max_bytes if seen.servers else None)


def unaccounted(seen: Seen) -> Points:
    return _one(seen.balance.unaccounted if seen.balance else None)


def balanced(seen: Seen) -> Points:
    return _one(seen.balance.unaccounted == 0 if seen.balance else None)


def times(seen: Seen) -> Points:
    for part, at in seen.times.items():
        yield (part,), (at - _EPOCH).total_seconds()


def _one(number: float | None) -> Points:
    if number is not None:
        yield (), number


def _by_state(numbers: Mapping[str, int]) -> Points:
    for state, number in numbers.items():
        yield (state,), number
