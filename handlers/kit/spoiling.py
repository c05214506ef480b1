"""Judge a handler by its samples, by spoiled ones, and by events that are made."""

from collections.abc import Mapping
from typing import Any

from handlers.kit.faults import Fault, Kind, difference
from handlers.kit.judging import Broken, Told, judge, keeps_redacted
from handlers.kit.made import try_bodies
from handlers.kit.variants import known_keys, turned, variants
from handlers.registry import Handler

#: How many events that were made are put into orders with the samples.
KEPT = 3


def replayed(handler: Handler, name: str, body: Mapping[str, Any]) -> Told:
    """Return what a sample means; raise Broken, also if it is rejected."""
    told = judge(handler, name, body)
    if told is None:
        raise Broken(
            Fault(Kind.UNTESTED, handler.name, name, "its schema rejects a sample")
        )
    again = judge(handler, name, turned(body))
    differs = difference(told.changes, again.changes if again else [])
    if differs:
        detail = f"{differs} depends on the order of the keys"
        raise Broken(Fault(Kind.ORDER_DEPENDENT, handler.name, name, detail))
    return told


def spoiled(handler: Handler, name: str, body: Mapping[str, Any]) -> None:
    """Raise Broken if a spoiled sample is neither rejected nor decided well."""
    for how, variant in variants(body, known_keys(handler.schema)):
        try:
            told = judge(handler, name, variant)
        except Broken as exc:
            raise _with_cause(exc.fault, how) from exc
        if told and "mail" in how and how.endswith("redacted"):
            _refuse_redacted(handler, told, how)


def made(
    handler: Handler, name: str, samples: list[Mapping[str, Any]], examples: int
) -> list[Told]:
    """Return some of the events that Hypothesis made; raise Broken."""
    from hypothesis.errors import Flaky  # noqa: PLC0415 - workers have no Hypothesis

    told: list[Told] = []

    def look(body: dict[str, Any]) -> None:
        one = judge(handler, name, body)
        if one is not None:
            told.append(one)

    try:
        try_bodies(handler.schema, samples, look, examples=examples)
    except Broken as exc:
        raise _with_cause(exc.fault, "an event that was made") from exc
    except Flaky as exc:
        detail = "it breaks a promise with one event at times, and not always"
        raise Broken(Fault(Kind.IMPURE, handler.name, name, detail)) from exc
    return told[-KEPT:]


def _refuse_redacted(handler: Handler, told: Told, how: str) -> None:
    field = keeps_redacted(told.changes)
    if field:
        detail = f"it would overwrite `{field}`"
        raise _with_cause(Fault(Kind.REDACTED, handler.name, told.name, detail), how)


def _with_cause(fault: Fault, how: str) -> Broken:
    detail = f"{fault.detail}, with {how}"
    return Broken(Fault(fault.kind, fault.handler, fault.event, detail))
