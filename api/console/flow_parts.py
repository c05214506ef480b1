"""Judge how each part of the way from host to state is, and say what to do; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.console import flow_advice as advice
from api.console.words import ago, number, seconds
from operations.fresh import Seen
from operations.load import Spooled
from operations.monitoring import Sight
from schemas.errors import TookTooLong

#: The four states, named as the badges are.
GOOD, WARNING, BAD, UNKNOWN = "good", "warn", "bad", "neutral"
WORDS = {GOOD: "OK", WARNING: "Warning", BAD: "Failing", UNKNOWN: "Unknown"}
#: What waits for longer than that, in seconds, is late.
LATE_SECONDS = 60.0
#: Without them, nobody can say that all is well.
_NEEDED = frozenset({"rabbitmq", "mongodb"})
_NOT_YET = "Has not answered yet"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the way: in which state it is, what is seen, and what to do."""

    name: str
    state: str
    says: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All parts together, in a sentence."""

    state: str
    says: str
    advice: str = ""


def judged(sight: Sight, *, spool_max_seconds: float, now: datetime) -> dict[str, Part]:
    """Return the parts by their keys, in the order in which a hook passes them."""
    return {
        "receivers": Part("Receivers", *_receivers(sight)),
        "spool": Part("Spool", *_spool(sight.spool, spool_max_seconds)),
        "rabbitmq": Part("RabbitMQ", *_rabbitmq(sight.queues)),
        "workers": Part("Workers", *_workers(sight)),
        "mongodb": Part("MongoDB", *_mongodb(sight)),
        "dead-letters": Part("Dead letters", *_dead_letters(sight)),
        "audit": Part("Audit", *_audit(sight, now)),
    }


def verdict(parts: dict[str, Part]) -> Verdict:
    """Return what to look at first."""
    for state in (BAD, WARNING):
        found = [it for it in parts.values() if it.state == state]
        if found:
            first, *others = found
            more = f" (and {len(others)} more below)" if others else ""
            says = f"{first.name}: {first.says[0].lower()}{first.says[1:]}{more}"
            return Verdict(state, says, first.advice)
    if any(parts[key].state == UNKNOWN for key in _NEEDED):
        return Verdict(UNKNOWN, "Not everything has answered yet")
    return Verdict(GOOD, "All is well: what arrives is applied")


def _receivers(sight: Sight) -> Sequence[str]:
    ledger = sight.ledger.value
    if ledger is None:
        return UNKNOWN, "Not known without MongoDB", advice.ASK_RECEIVERS
    if lately := len(ledger.lately.receivers):
        return GOOD, f"{lately} seen in the last 15 minutes"
    if sight.load and sight.load.events.depth:
        return UNKNOWN, "What they sent lately still waits", advice.ASK_RECEIVERS
    return UNKNOWN, "No hook in the last 15 minutes", advice.QUIET


def _spool(seen: Seen[Spooled | None], max_seconds: float) -> Sequence[str]:
    found = seen.value
    if found is None:
        says = _NOT_YET if seen.at is None else "None on this machine"
        return UNKNOWN, says, "" if seen.at is None else advice.OTHER_SPOOLS
    if found.events is None:
        return WARNING, "More waits than can be counted in time", advice.SPOOLED
    if not found.events:
        return GOOD, "Empty"
    oldest = found.oldest_seconds or 0.0
    state = BAD if oldest > max_seconds else WARNING
    says = f"{number(found.events)} wait, the oldest for {seconds(oldest)}"
    return state, says, advice.SPOOLED


def _rabbitmq(seen: Seen[Any]) -> Sequence[str]:
    if seen.problem:
        return BAD, "Does not answer", advice.NO_RABBITMQ
    return (UNKNOWN, _NOT_YET) if seen.value is None else (GOOD, "Answers")


def _workers(sight: Sight) -> Sequence[str]:
    if sight.queues.value is None:
        return UNKNOWN, "Not known without RabbitMQ", advice.ASK_WORKERS
    # A worker may have several.
    connected = sight.queues.value[0].consumers
    if not connected:
        return BAD, "None is connected", advice.NO_WORKER
    if sight.load is None:
        return UNKNOWN, "Connected; they wait for MongoDB"
    events = sight.load.events
    if (events.oldest_seconds or 0.0) <= LATE_SECONDS:
        return GOOD, f"Connected, by {number(connected)} subscriptions"
    if not events.out_per_second:
        return BAD, "Connected, but nothing is worked", advice.STANDING_STILL
    return WARNING, f"Late by {seconds(events.oldest_seconds)}", advice.LATE


def _mongodb(sight: Sight) -> Sequence[str]:
    seen = sight.ledger
    if isinstance(seen.problem, TookTooLong):
        return WARNING, "Takes longer than 2 s to answer", advice.SLOW_MONGODB
    if seen.problem:
        return BAD, "Does not answer, or has no primary", advice.NO_MONGODB
    if seen.value is None:
        return UNKNOWN, _NOT_YET
    away = sight.servers.value.members["unreachable"] if sight.servers else 0
    if away:
        return WARNING, f"Answers, but {away} of its members do not", advice.MEMBER
    return GOOD, "Answers"


def _dead_letters(sight: Sight) -> Sequence[str]:
    if sight.queues.value is None:
        return UNKNOWN, "Not known without RabbitMQ"
    waiting = sight.queues.value[1].waiting
    if not waiting:
        return GOOD, "None"
    return WARNING, f"{number(waiting)} to decide on", advice.DEAD_LETTERS


def _audit(sight: Sight, now: datetime) -> Sequence[str]:
    if sight.balance is None:
        return UNKNOWN, "Not weighed yet", advice.WEIGHED_LATER
    at = ago(sight.balance.at, now)
    missing = sight.balance.value.unaccounted
    if missing:
        return BAD, f"{number(missing)} unaccounted for, {at}", advice.UNBALANCED
    return GOOD, f"All that was accepted is accounted for, {at}"
