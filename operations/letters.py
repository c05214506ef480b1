"""Tell of a dead letter in short: neither payload nor traceback."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from broker.dead_letter import DeadLetter
from operations.selection import Selection
from state.version import from_micros

#: Fields that may be long, or hold what the host sent.
_LARGE = frozenset({"body", "detail"})


def summary(letter: DeadLetter) -> dict[str, Any]:
    """Return what there is to tell in short: without payload and traceback."""
    told = {
        one.name: getattr(letter, one.name)
        for one in fields(letter)
        if one.name not in _LARGE
    }
    for name in ("received_at", "dead_at"):
        if told[name] is not None:
            told[name] = from_micros(told[name])
    return told | {"body_size": letter.body_size}


def missed(selection: Selection, found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids that were named and are not among `found`, in order."""
    return sorted(selection.ids - {it["delivery_id"] for it in found})
