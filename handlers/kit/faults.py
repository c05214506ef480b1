"""Say in one line which handler breaks which promise; never a value of an event."""

from dataclasses import dataclass, is_dataclass
from dataclasses import fields as fields_of
from enum import StrEnum
from typing import Any

from handlers.changes import Change, Mention, Move, Put


class Kind(StrEnum):
    """The promises, as what is said of a handler that breaks one."""

    UNTESTED = "is not tested"
    IMPURE = "is impure"
    MUTATING = "mutates its input"
    UNDECLARED = "returns what is no change"
    RAISING = "raises"
    NOT_REJECTING = "has a schema that does not reject"
    REDACTED = "keeps what the host redacted"
    ORDER_DEPENDENT = "is order-dependent"
    NOT_IDEMPOTENT = "is not idempotent"


@dataclass(frozen=True, slots=True)
class Fault:
    """One promise that a handler breaks."""

    kind: Kind
    #: The dotted name of the function.
    handler: str
    event: str
    detail: str

    def __str__(self) -> str:
        return f"{self.handler} ({self.event}) {self.kind}: {self.detail}"


class ContractBroken(AssertionError):
    """Raised by a test when handlers break promises; one line for each."""


def changed_fields(before: Any, after: Any) -> list[str]:
    """Return the names of the fields, or keys, in which two events differ."""
    first, second = _values(before), _values(after)
    return sorted(
        name
        for name in first.keys() | second.keys()
        if name not in first or name not in second or first[name] != second[name]
    )


def difference(first: list[Change], second: list[Change]) -> str | None:
    """Return which part of two decisions differs, or None if they are the same."""
    for one, other in zip(first, second, strict=False):
        if one != other:
            return _difference(one, other)
    if len(first) != len(second):
        return f"the number of changes, {len(first)} and {len(second)},"
    return None


def names(fields: list[str]) -> str:
    """Return names as a line shows them: "`labels`, `title`"."""
    return ", ".join(f"`{name}`" for name in fields)


def where(change: Change) -> str:
    """Return what a change is about: "Put badges/7"."""
    collection, id_ = (
        change.owner if isinstance(change, Move) else (change.collection, change.id)
    )
    return f"{type(change).__name__} {collection}/{id_}"


def _difference(one: Change, other: Change) -> str:
    if where(one) != where(other):
        return f"{where(one)} or {where(other)}"
    if isinstance(one, Put | Mention) and isinstance(other, Put | Mention):
        return f"{names(changed_fields(one.fields, other.fields))} of {where(one)}"
    return where(one)


def _values(event: Any) -> dict[str, Any]:
    if is_dataclass(event):
        return {one.name: getattr(event, one.name) for one in fields_of(event)}
    if isinstance(event, dict):
        return dict(event)
    return vars(event) if hasattr(event, "__dict__") else {"the event": event}
