"""Recognise a person who is gone in a payload: by id, and by digests; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from schemas.fields import parse_time
from state.digest import digest

#: Under these keys stand objects whose `id` is that of a user.
_PEOPLE = frozenset(
    {
        "assignee",
        "assignees",
        "author",
        "owner",
        "owners",
        "reviewer",
        "reviewers",
        "user",
    }
)
_ID_KEYS = ("user_id", "author_id", "assignee_id", "updated_by_id", "edited_by_id")
_IDS_KEYS = ("assignee_ids", "reviewer_ids")
#: A name counts where no address stands beside it, as for the owners of projects.
_NAMES = {"name": "email", "owner_name": "owner_email", "user_name": "user_email"}
_PATH_KEYS = ("username", "path_with_namespace")
_REDACTED = "[REDACTED]"

_Entry = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """What is kept of a person who is gone: the id, and digests."""

    source: str
    user_id: int
    #: Digests of addresses and names.
    marks: frozenset[str] = field(default=frozenset(), repr=False)
    #: The digest of each username, and when it ceased to be theirs.
    usernames: Mapping[str, datetime] = field(default_factory=dict, repr=False)


def learned(person: Person, payload: Mapping[str, Any], until: datetime) -> Person:
    """Return `person` with the names that `payload` tells of that very id."""
    for name, entry in entries(payload):
        if entry.get("user_id") == person.user_id or _is_object_of(person, name, entry):
            person = _with_names(person, entry, until)
    return person


def is_about(person: Person, payload: Mapping[str, Any], received: datetime) -> bool:
    """Return whether `payload` tells anything of `person`.

    A username is somebody else's once it was given up, so the time of the payload
    counts (`received`, if it tells none).
    """
    moment = _time(payload) or received
    return any(
        _names_id(person, name, entry)
        or _names_address(person, entry)
        or _names_name(person, entry)
        or _names_username(person, entry, moment)
        for name, entry in entries(payload)
    )


def entries(payload: Mapping[str, Any]) -> Iterator[_Entry]:
    """Yield every object inside, with the key under which it stands."""
    # Not recursive: how deep it goes is not ours to say.
    todo: list[tuple[str, Any]] = [("", payload)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, Mapping):
            yield name, value
            todo.extend(value.items())
        elif isinstance(value, list):
            todo.extend((name, item) for item in value)


def _names_id(person: Person, name: str, entry: Mapping[str, Any]) -> bool:
    if _is_object_of(person, name, entry):
        return True
    return any(
        (key.endswith(_ID_KEYS) and value == person.user_id)
        or (key in _IDS_KEYS and isinstance(value, list) and person.user_id in value)
        for key, value in entry.items()
    )


def _is_object_of(person: Person, name: str, entry: Mapping[str, Any]) -> bool:
    return name in _PEOPLE and entry.get("id") == person.user_id


def _names_address(person: Person, entry: Mapping[str, Any]) -> bool:
    return any(
        "@" in value and digest(person.source, value) in person.marks
        for value in entry.values()
        if isinstance(value, str)
    )


def _names_name(person: Person, entry: Mapping[str, Any]) -> bool:
    return any(
        beside in entry
        and entry[beside] in (None, "", _REDACTED)
        and _has_mark(person, entry.get(key))
        for key, beside in _NAMES.items()
    )


def _has_mark(person: Person, value: object) -> bool:
    return isinstance(value, str) and digest(person.source, value) in person.marks


def _names_username(person: Person, entry: Mapping[str, Any], moment: datetime) -> bool:
    until = [
        person.usernames.get(digest(person.source, value.partition("/")[0]))
        for key, value in entry.items()
        if key.endswith(_PATH_KEYS) and isinstance(value, str)
    ]
    return any(last is not None and moment <= last for last in until)


def _with_names(person: Person, entry: Mapping[str, Any], until: datetime) -> Person:
    told = {key: it for key, it in entry.items() if isinstance(it, str) and it}
    usernames = {
        digest(person.source, told[key]): until
        for key in ("username", "user_username", "old_username")
        if key in told
    }
    marks = {
        digest(person.source, told[key])
        for key in ("email", "user_email", "name", "user_name")
        if key in told and told[key].upper() != _REDACTED
    }
    return replace(
        person,
        marks=person.marks | marks,
        usernames={**usernames, **person.usernames},
    )


def _time(payload: Mapping[str, Any]) -> datetime | None:
    for key in ("updated_at", "created_at"):
        value = payload.get(key)
        moment = parse_time(value) if isinstance(value, str) else None
        if moment is not None:
            return moment
    return None
