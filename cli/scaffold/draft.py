"""Draft a handler: what its events are about, and how their bodies are read; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.scaffold import names
from cli.scaffold.fields import Field, read
from schemas.errors import ForgewireError

#: Where bodies of web hooks have what they are about.
ATTRIBUTES = "object_attributes"
#: Keys that say which event it is, and not what happened.
_NAMING = frozenset({"event_name", "object_kind", "event_type"})
#: What every event has already, if it has one of them.
_TIMES = ("created_at", "updated_at")


class NoId(ForgewireError):
    """Raised when a body does not tell which document it is about."""


@dataclass(frozen=True, slots=True)
class Draft:
    """All that the texts are made of."""

    #: One thing that the events are about, as a name in Python: "badge".
    subject: str
    events: tuple[str, ...]
    id: Field
    #: Without the id.
    fields: tuple[Field, ...]
    #: Those of `created_at` and `updated_at` that the body tells.
    times: tuple[Field, ...]
    #: The fields lie in an object of the body, not on top of it.
    is_wrapped: bool
    left_out: tuple[str, ...]

    @property
    def collection(self) -> str:
        """Return the name of the collection, and of the modules."""
        return names.plural(self.subject)

    @property
    def saving(self) -> tuple[str, ...]:
        """Return the events after which the document is there."""
        return tuple(event for event in self.events if not names.removes(event))

    @property
    def removing(self) -> tuple[str, ...]:
        """Return the events after which it is gone."""
        return tuple(event for event in self.events if names.removes(event))


def draft(
    events: Sequence[str],
    body: Mapping[str, Any],
    *,
    subject: str | None = None,
    id_key: str | None = None,
) -> Draft:
    """Return the draft of a handler for `events`, whose bodies look like `body`.

    Raise NoId if no key of it, or not `id_key`, is the id of a document.
    """
    word = subject or names.subject(events[0])
    told, is_wrapped = _told(body)
    found = _fields(told, word)
    id_field = _id(found, word, id_key)
    only_id = all(names.removes(event) for event in events)
    rest = [it for it in found if it is not id_field and it.key not in _TIMES]
    return Draft(
        subject=word,
        events=tuple(dict.fromkeys(events)),
        id=id_field,
        fields=() if only_id else tuple(rest),
        times=tuple(it for it in found if it.key in _TIMES and _orders(it)),
        is_wrapped=is_wrapped,
        left_out=tuple(sorted(told.keys() - {it.key for it in found} - _NAMING)),
    )


def _orders(it: Field) -> bool:
    return it.kind == "Time" and it.value is not None and not it.dates


def _told(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    inner = body.get(ATTRIBUTES)
    if isinstance(inner, Mapping) and inner and "id" not in body:
        return inner, True
    return body, False


def _fields(told: Mapping[str, Any], subject: str) -> list[Field]:
    found: dict[str, Field] = {}
    # The key that bears the name of the subject goes first: "id" would take its name.
    for key in sorted(told, key=lambda key: key != f"{subject}_id"):
        one = None if key in _NAMING else read(key, told[key], subject, found)
        if one is not None:
            found[one.name] = one
    return list(found.values())


def _id(found: Sequence[Field], subject: str, id_key: str | None) -> Field:
    """Return the id: the key that was named, else the likeliest."""
    by_key = {it.key: it for it in found if it.value is not None}
    kind = [key for key in by_key if _names_a_kind_of(subject, key)]
    likely = [id_key] if id_key else [f"{subject}_id", "id", "iid", *kind]
    for key in likely:
        if key in by_key and by_key[key].kind in {"HostId", "Text"}:
            return by_key[key]
    if id_key:
        raise NoId(f"{id_key} is no id in that body: neither a number nor a text")
    raise NoId(
        f"nothing in that body says which {subject} it is about: name the key that "
        "does with --id"
    )


def _names_a_kind_of(subject: str, key: str) -> bool:
    """Return whether a subgroup would be called by `group_id`."""
    return key.endswith("_id") and subject.endswith(key.removesuffix("_id"))
