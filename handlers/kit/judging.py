"""Have a handler decide one body, and say which promise it breaks, if any."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from marshmallow import ValidationError

from handlers.changes import Change, Delete, Mention, Move, Put
from handlers.kit.faults import Fault, Kind, changed_fields, difference, names
from handlers.kit.variants import REDACTED
from handlers.kit.watching import asking
from handlers.registry import Handler


@dataclass(frozen=True, slots=True)
class Told:
    """A body that a handler took: what it means, and in which event it came."""

    name: str
    body: Mapping[str, Any]
    event: Any
    changes: list[Change]


class Broken(Exception):
    """Raised where a handler breaks a promise."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


#: Makes the exception that says what is broken.
Refusal: TypeAlias = Callable[[Kind, str], Broken]


def judge(handler: Handler, name: str, body: Mapping[str, Any]) -> Told | None:
    """Return what `body` means, or None if it is rejected; raise Broken."""

    def broken(kind: Kind, detail: str) -> Broken:
        return Broken(Fault(kind, handler.name, name, detail))

    event = _load(handler, body, broken)
    if event is None:
        return None
    untouched = deepcopy(event)
    changes = _decide(handler, event, broken)
    touched = changed_fields(untouched, event)
    if touched:
        raise broken(Kind.MUTATING, f"{names(touched)} of the event is not as it was")
    _check(changes, broken)
    differs = difference(changes, _repeated(handler, body, broken))
    if differs:
        raise broken(Kind.IMPURE, f"{differs} differs when the same event comes twice")
    return Told(name, body, event, changes)


def keeps_redacted(changes: list[Change]) -> str | None:
    """Return the name of a field that "[REDACTED]" would overwrite, or None."""
    for change in changes:
        if isinstance(change, Put | Mention):
            for field, value in change.fields.items():
                if REDACTED in _texts(value):
                    return field
    return None


def _repeated(
    handler: Handler, body: Mapping[str, Any], broken: Refusal
) -> list[Change]:
    """Return what `body`, which was taken before, means when it comes again."""
    with asking() as asked:
        event = _load(handler, body, broken)
    _refuse_asking(asked, broken, "its schema")
    if event is None:
        raise broken(Kind.IMPURE, "its schema rejects what it took before")
    return _decide(handler, event, broken)


def _load(handler: Handler, body: Mapping[str, Any], broken: Refusal) -> Any:
    given = deepcopy(dict(body))
    try:
        event = handler.schema.load(given)
    except ValidationError:
        return None
    except Exception as exc:
        detail = f"it raises {type(exc).__name__} instead of ValidationError"
        raise broken(Kind.NOT_REJECTING, detail) from exc
    touched = changed_fields(dict(body), given)
    if touched:
        raise broken(Kind.MUTATING, f"its schema changes {names(touched)} of the body")
    return event


def _decide(handler: Handler, event: Any, broken: Refusal) -> list[Change]:
    try:
        with asking() as asked:
            changes = handler.decide(event)
    except Exception as exc:
        _refuse_asking(asked, broken)
        detail = f"{type(exc).__name__} for an event that its schema takes"
        raise broken(Kind.RAISING, detail) from exc
    _refuse_asking(asked, broken)
    return changes


def _refuse_asking(asked: list[str], broken: Refusal, who: str = "it") -> None:
    if asked:
        raise broken(Kind.IMPURE, f"{who} asks {asked[0]}")


def _check(changes: Any, broken: Refusal) -> None:
    if not isinstance(changes, list):
        raise broken(Kind.UNDECLARED, f"{type(changes).__name__} instead of a list")
    for change in changes:
        if not isinstance(change, Put | Mention | Delete | Move):
            raise broken(Kind.UNDECLARED, f"{type(change).__name__} in its list")


def _texts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    else:
        yield value
