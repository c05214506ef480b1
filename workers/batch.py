"""Work one batch: decide, write the state, bury what is rejected, write the ledger.

Every step may be repeated, so the whole batch may: after a crash, or once a server that
was away is back. It is acknowledged by the caller, after all else.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from broker.delivery import Delivery
from broker.message import Message
from config import about
from handlers.registry import Handler
from schemas.errors import Poison, Rejected, Unstorable
from state.changed import changed
from state.ledger import Ledger, Row
from state.store import Store
from state.suspects import Suspects
from state.timing import Timed, untimed
from state.version import from_micros
from workers.brake import Brake
from workers.decide import Decision, decide
from workers.items import Item, Reject, opened, sorted_out
from workers.keeping import Keep
from workers.tracing import Tracing

#: An event is poison when so many starts of workers began with it alone and none of
#: them came to an end. Now and then a worker is killed for other reasons.
POISON_AFTER = 3


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch is worked with."""

    handlers: Mapping[str, Handler]
    store: Store
    ledger: Ledger
    #: Publishes what is rejected as dead letters; returns once all are confirmed.
    bury: Callable[[Sequence[Reject]], None]
    now: Callable[[], datetime]
    suspects: Suspects
    brake: Brake
    #: Names this start of the worker.
    worker: str
    #: Has the transitions published that the batch left in outboxes.
    react: Callable[[], None] = lambda: None
    #: Has the bodies of new rows kept; None if bodies are not kept.
    keep: Keep | None = None
    #: Told how long it took to decide an event, by its name.
    timed: Timed = untimed
    #: Makes spans, if anybody wants them.
    tracing: Tracing = field(default_factory=Tracing)


@dataclass(frozen=True, slots=True)
class _Result:
    item: Item
    outcome: str
    decision: Decision | None = None
    error: Rejected | None = None
    #: Which of the changes had an effect; none were made if there are none.
    effects: Sequence[bool] = ()


def work(batch: Sequence[Delivery], tools: Tools) -> list[Row]:
    """Work `batch`, and return the ledger rows that are new.

    Raise Unavailable when a server is away: then the same batch can be worked again.
    Raise TooManyRejections when so much is rejected that none of it is buried.
    """
    items, foreign = opened(batch)
    fresh, repeated = sorted_out(items, tools.ledger)
    suspect = _suspect(fresh) if len(batch) == 1 else None
    results = _poisoned(suspect, tools) if suspect else []
    results = results or _decided(fresh, tools)
    rejects = [
        Reject(result.item.delivery, result.error, _handler(result, tools))
        for result in results
        if result.error
    ]
    counts = {
        "rejected": len(foreign) + len(rejects),
        "fitted": sum(_fitted(result, tools) for result in results),
    }
    tools.brake.check(**counts)
    tools.bury([*foreign, *rejects])
    results += [_Result(item, "duplicate") for item in repeated]
    with tools.tracing.writing("ledger", (it.item.delivery for it in results)):
        written = _written(results, tools)
    tools.tracing.tell(_outcomes(results, foreign))
    tools.react()
    if suspect:
        tools.suspects.end([suspect.attempt_key])
    tools.brake.note(**counts)
    return written


def _suspect(items: Sequence[Item]) -> Item | None:
    """Return what came back to be worked alone, if that is so."""
    return next((item for item in items if item.delivery.delivery_count), None)


def _poisoned(suspect: Item, tools: Tools) -> list[_Result]:
    """Return the result of an event that killed its workers; note that we begin."""
    begun = tools.suspects.begin(suspect.attempt_key, tools.worker, now=tools.now())
    if begun < POISON_AFTER:
        return []
    error = Poison(f"{begun} workers began with it alone, and none came to an end")
    return [_Result(suspect, "dead", error=error)]


def _fitted(result: _Result, tools: Tools) -> bool:
    """Return whether a handler understood the event, which shows that we are well."""
    is_handled = result.item.message.event in tools.handlers
    return is_handled and result.error is None and result.outcome != "test"


def _written(results: Sequence[_Result], tools: Tools) -> list[Row]:
    """Write the ledger, and return the rows that are new in it; have bodies kept."""
    now = tools.now()
    first = [_row(result, now) for result in results if not result.item.is_replay]
    again = [_row(result, now) for result in results if result.item.is_replay]
    written = tools.ledger.write(first) + tools.ledger.replace(again)
    if tools.keep is not None:
        tools.keep(written, [result.item.message for result in results])
    return written


def _decided(items: Sequence[Item], tools: Tools) -> list[_Result]:
    results, to_apply = [], []
    for item in items:
        try:
            decision = _decision(item.message, tools)
        except Rejected as exc:
            results.append(_Result(item, "dead", error=exc))
            continue
        if decision.outcome:
            results.append(_Result(item, decision.outcome, decision))
        else:
            to_apply.append((item, decision))
    with tools.tracing.writing("state", (item.delivery for item, _ in to_apply)):
        return results + _applied(to_apply, tools.store)


def _decision(message: Message, tools: Tools) -> Decision:
    began = time.perf_counter()
    # Whatever a handler logs is about this one.
    about.tell_of(message.names)
    try:
        return decide(message, tools.handlers)
    finally:
        about.tell_of(None)
        tools.timed(message.event, time.perf_counter() - began)


def _applied(pairs: Sequence[tuple[Item, Decision]], store: Store) -> list[_Result]:
    """Write what was decided; if MongoDB refuses, one by one, to find out what."""
    if not pairs:
        return []
    try:
        effects = store.effects_of([decision.decided for _, decision in pairs])
    except Unstorable as exc:
        if len(pairs) > 1:
            return [result for pair in pairs for result in _applied([pair], store)]
        return [_Result(item, "dead", decision, exc) for item, decision in pairs]
    return [
        _Result(item, "applied" if any(had) else "stale", decision, effects=had)
        for (item, decision), had in zip(pairs, effects, strict=True)
    ]


def _outcomes(
    results: Iterable[_Result], foreign: Iterable[Reject]
) -> Iterator[tuple[Delivery, Mapping[str, str | None]]]:
    """Yield what became of each delivery, as the ledger has it."""
    for it in results:
        entity = it.decision.entity if it.decision else None
        reason = it.error.reason if it.error else None
        yield (
            it.item.delivery,
            {"outcome": it.outcome, "entity": entity, "reason": reason},
        )
    for reject in foreign:
        yield reject.delivery, {"outcome": "dead", "reason": reject.error.reason}


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
        sent_by=message.sent_by,
        trace_id=message.trace_id,
        changed=_changed(result),
    )


def _changed(result: _Result) -> list[dict[str, Any]] | None:
    if result.decision is None or not result.effects:
        return None
    return changed(result.decision.decided.changes, result.effects)
