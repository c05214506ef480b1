"""Work one batch: decide, write the state, bury what is rejected, write the ledger.

Every step may be repeated, so the whole batch may: after a crash, or once a server that
was away is back. It is acknowledged by the caller, after all else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.delivery import Delivery
from broker.message import Message
from handlers.registry import Handler
from schemas.errors import Rejected, Undecodable, Unstorable
from state.ledger import Ledger, Row
from state.store import Store
from state.version import from_micros
from workers.decide import Decision, decide


@dataclass(frozen=True, slots=True)
class Reject:
    """A delivery that can never be applied, and why."""

    delivery: Delivery
    error: Rejected
    #: The dotted name of the handler of its event.
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch is worked with."""

    handlers: Mapping[str, Handler]
    store: Store
    ledger: Ledger
    #: Publishes what is rejected as dead letters; returns once all are confirmed.
    bury: Callable[[Sequence[Reject]], None]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Item:
    """A delivery with its message."""

    delivery: Delivery
    message: Message


@dataclass(frozen=True, slots=True)
class _Result:
    item: _Item
    outcome: str
    decision: Decision | None = None
    error: Rejected | None = None


def work(batch: Sequence[Delivery], tools: Tools) -> list[Row]:
    """Work `batch`, and return the ledger rows that are new.

    Raise Unavailable when a server is away: then the same batch can be worked again.
    """
    items, foreign = _opened(batch)
    fresh, repeated = _sorted_out(items, tools.ledger)
    results = _decided(fresh, tools)
    rejects = [
        Reject(result.item.delivery, result.error, _handler(result, tools))
        for result in results
        if result.error
    ]
    tools.bury([*foreign, *rejects])
    results += [_Result(item, "duplicate") for item in repeated]
    return tools.ledger.write([_row(result, tools.now()) for result in results])


def _opened(batch: Iterable[Delivery]) -> tuple[list[_Item], list[Reject]]:
    """Return the messages, and what is none of ours."""
    items, foreign = [], []
    for delivery in batch:
        try:
            items.append(_Item(delivery, delivery.message()))
        except Undecodable as exc:
            foreign.append(Reject(delivery, exc))
    return items, foreign


def _sorted_out(
    items: Sequence[_Item], ledger: Ledger
) -> tuple[list[_Item], list[_Item]]:
    """Return what is new, and what the host delivered before.

    What the ledger holds under the same receipt is neither: the broker gave it to us
    again because its acknowledgement was lost.
    """
    known = ledger.receipts(_key(item.message) for item in items)
    fresh, repeated = [], []
    for item in items:
        key, receipt = _key(item.message), item.message.receipt
        if key not in known:
            known[key] = receipt
            fresh.append(item)
        elif known[key] != receipt:
            repeated.append(item)
    return fresh, repeated


def _decided(items: Sequence[_Item], tools: Tools) -> list[_Result]:
    results, to_apply = [], []
    for item in items:
        try:
            decision = decide(item.message, tools.handlers)
        except Rejected as exc:
            results.append(_Result(item, "dead", error=exc))
            continue
        if decision.outcome:
            results.append(_Result(item, decision.outcome, decision))
        else:
            to_apply.append((item, decision))
    return results + _applied(to_apply, tools.store)


def _applied(pairs: Sequence[tuple[_Item, Decision]], store: Store) -> list[_Result]:
    """Write what was decided; if MongoDB refuses, one by one, to find out what."""
    if not pairs:
        return []
    try:
        had_effect = store.apply([decision.decided for _, decision in pairs])
    except Unstorable as exc:
        if len(pairs) > 1:
            return [result for pair in pairs for result in _applied([pair], store)]
        return [_Result(item, "dead", decision, exc) for item, decision in pairs]
    return [
        _Result(item, "applied" if effect else "stale", decision)
        for (item, decision), effect in zip(pairs, had_effect, strict=True)
    ]


def _handler(result: _Result, tools: Tools) -> str | None:
    handler = tools.handlers.get(result.item.message.event)
    return handler.name if handler else None


def _row(result: _Result, now: datetime) -> Row:
    message = result.item.message
    return Row(
        source=message.source,
        delivery_id=message.delivery_id,
        receipt=message.receipt,
        event=message.event,
        outcome=result.outcome,
        received_at=from_micros(message.received_at),
        processed_at=now,
        attempts=message.attempt + result.item.delivery.delivery_count,
        entity=result.decision.entity if result.decision else None,
        reason=result.error.reason if result.error else None,
    )


def _key(message: Message) -> str:
    return f"{message.source}:{message.delivery_id}"
