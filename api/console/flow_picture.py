"""Put what is seen of the way into the words of the picture; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.console.flow_parts import WORDS, Part
from api.console.flow_rates import rates
from api.console.words import NOTHING, ago, number, seconds
from operations.monitoring import Sight


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the way, with the figure to be seen first; a host has no state."""

    name: str
    state: str
    figure: str
    caption: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The parts by their keys, and what goes along the arrows that bear a number."""

    nodes: dict[str, Node]
    rates: dict[str, str]

    @property
    def told(self) -> str:
        """Return it all in sentences, for who cannot see it."""
        return ". ".join(
            f"{it.name}: {it.figure}, {it.caption}{_state(it)}"
            for it in self.nodes.values()
        )


def picture(sight: Sight, parts: Mapping[str, Part], now: datetime) -> Picture:
    """Return what the picture shows."""
    told = {
        "host": ("Git hosts", *_host(sight, now)),
        "receivers": ("Receivers", *_receivers(sight)),
        "rabbitmq": ("RabbitMQ", *_rabbitmq(sight)),
        "workers": ("Workers", *_workers(sight)),
        "mongodb": ("MongoDB", *_mongodb(sight)),
        "spool": ("Spool", *_spool(sight)),
        "dead-letters": ("Dead letters", *_dead_letters(sight)),
    }
    states = {key: part.state for key, part in parts.items()}
    nodes = {
        key: Node(name, states.get(key, ""), figure, caption)
        for key, (name, figure, caption) in told.items()
    }
    return Picture(nodes, rates(sight))


def _host(sight: Sight, now: datetime) -> tuple[str, str]:
    sources = sight.sources.value
    if sources is None:
        return NOTHING, "not known"
    if not sources:
        return "No hook", "in the ledger yet"
    told = next(iter(sources)) if len(sources) == 1 else f"{len(sources)} sources"
    return told, f"last hook {ago(max(sources.values()), now)}"


def _receivers(sight: Sight) -> tuple[str, str]:
    ledger = sight.ledger.value
    if ledger is None:
        return NOTHING, "not known"
    return str(len(ledger.lately.receivers)), "seen in 15 min"


def _rabbitmq(sight: Sight) -> tuple[str, str]:
    if sight.queues.value is None:
        return NOTHING, "not known"
    waiting = sight.queues.value[0].waiting
    if not waiting:
        return "0", "nothing waits"
    oldest = sight.load.events.oldest_seconds if sight.load else None
    told = "events wait" if oldest is None else f"wait, up to {seconds(oldest)}"
    return number(waiting), told


def _workers(sight: Sight) -> tuple[str, str]:
    if sight.queues.value is None:
        return NOTHING, "not known"
    events = sight.queues.value[0]
    in_hand = events.unacknowledged
    told = "subscriptions" if not in_hand else f"with {number(in_hand)} in hand"
    return str(events.consumers), told


def _mongodb(sight: Sight) -> tuple[str, str]:
    ledger = sight.ledger.value
    if ledger is None:
        return NOTHING, "not known"
    lately = ledger.lately
    if lately.median_seconds is None:
        return NOTHING, "nothing in 15 min"
    return seconds(lately.median_seconds), f"p99 {seconds(lately.slow_seconds)}"


def _spool(sight: Sight) -> tuple[str, str]:
    found = sight.spool.value
    if found is None:
        return NOTHING, "not known" if sight.spool.at is None else "not here"
    if found.events is None:
        return f"{number(found.files)} files", "too many to count"
    oldest = found.oldest_seconds
    return number(found.events), _old(oldest) if found.events else "nothing waits"


def _dead_letters(sight: Sight) -> tuple[str, str]:
    if sight.queues.value is None:
        return NOTHING, "not known"
    waiting = sight.queues.value[1].waiting
    oldest = sight.load.dead_letters.oldest_seconds if sight.load else None
    return number(waiting), _old(oldest) if waiting else "none"


def _old(oldest: float | None) -> str:
    return "age unknown" if oldest is None else f"oldest {seconds(oldest)}"


def _state(node: Node) -> str:
    return f" ({WORDS[node.state]})" if node.state else ""
