"""Refuse what a wrong handler returns, before it reaches the database; pure."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from handlers.changes import Change, Delete, Mention, Move, Put
from state.collections import Collection, declare, undeclared

#: Collections that are not the handlers' to write.
OURS = frozenset(
    {"deliveries", "migrations", "moves", "receivers", "suspects", "teams"}
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_INT64 = range(-(2**63), 2**63)


def checked(changes: Iterable[object]) -> tuple[Change, ...]:
    """Return `changes`; raise TypeError or ValueError if one is no change of ours."""
    return tuple(_checked(change) for change in changes)


def _checked(change: object) -> Change:
    if isinstance(change, Move):
        _check_id(*change.owner)
        _check_text(change.old)
        _check_text(change.new)
        return change
    if not isinstance(change, Put | Mention | Delete):
        raise TypeError("a handler returned something else than a change")
    _check_id(change.collection, change.id)
    if isinstance(change, Delete):
        for name in change.known_by:
            _check_text(name)
    else:
        _check_fields(_collection(change.collection), change.fields)
    return change


def _check_id(name: object, id_: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in OURS:
        raise ValueError("a handler named a collection that is not its to write")
    if isinstance(id_, str):
        _check_text(id_)
    elif not isinstance(id_, int) or isinstance(id_, bool) or id_ not in _INT64:
        raise TypeError("a handler gave an id that is no text and no 64-bit integer")
    # Of memberships, for example, the id is made of others.
    _collection(name).identity(id_)


def _check_fields(collection: Collection, fields: Mapping[str, Any]) -> None:
    for name in (collection.path, *collection.known_by):
        _check_text(fields.get(name))
    for person in fields.get(collection.people) or ():
        _check_text(person.get("name"))
        _check_text(person.get("email"))


def _check_text(value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise TypeError("a handler gave something else than text")
    if value:
        value.encode()


def _collection(name: str) -> Collection:
    return _declared().get(name) or undeclared(name)


@cache
def _declared() -> Mapping[str, Collection]:
    return declare("")
