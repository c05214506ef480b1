"""Tell from one key of a sample body how a schema reads it; pure."""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from config.hiding import hidden
from handlers.changes import RESERVED
from schemas.event import EventSchema
from schemas.fields import MAX_INTEGER, parse_time

#: Longer keys are no names that anybody wants to write.
MAX_KEY_LENGTH = 28
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ANNOTATIONS = {
    "HostId": "int",
    "Count": "int",
    "Flag": "bool",
    "Time": "datetime",
    "Text": "str",
    "Email": "str",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A key of the body, and how the schema and the event call and read it."""

    key: str
    name: str
    #: The class in `schemas.fields`: "Text".
    kind: str
    value: Any = field(repr=False)

    @property
    def annotation(self) -> str:
        """Return the type of the event's attribute, without its None."""
        return _ANNOTATIONS[self.kind]

    @property
    def dates(self) -> bool:
        """Return whether the value is a plain date, which Time refuses by default."""
        return self.kind == "Time" and bool(_DATE.fullmatch(self.value or ""))


def read(key: str, value: Any, subject: str, taken: Container[str]) -> Field | None:
    """Return how to read `key`, under a name not in `taken`, or None to leave it out.

    Left out are lists, objects and fractions, what looks like a secret, and keys that
    nobody wants to write.
    """
    kind = _kind(key, value)
    is_secret = hidden({key: value}) != {key: value}
    is_name = key.isascii() and key.isprintable() and len(key) <= MAX_KEY_LENGTH
    if kind is None or is_secret or not is_name:
        return None
    name = _name(key, subject)
    return None if name in taken else Field(key, name, kind, value)


def _kind(key: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return "Flag"
    if isinstance(value, int):
        return _kind_of_number(key, value)
    if isinstance(value, str | None):
        return _kind_of_text(key, value)
    return None


def _kind_of_number(key: str, value: int) -> str | None:
    if not 0 <= value <= MAX_INTEGER:
        return None
    return "HostId" if value and _is_id(key) else "Count"


def _kind_of_text(key: str, value: str | None) -> str:
    if "email" in key.lower():
        return "Email"
    if value is None:
        # Nothing but the name says what would be there.
        return "HostId" if _is_id(key) else "Time" if key.endswith("_at") else "Text"
    is_time = _DATE.fullmatch(value) or parse_time(value)
    return "Time" if is_time else "Text"


def _is_id(key: str) -> bool:
    return key in {"id", "iid"} or key.endswith("_id")


def _name(key: str, subject: str) -> str:
    """Return an identifier that neither Python nor the state has a meaning for."""
    name = re.sub(r"\W+", "_", key.lower(), flags=re.ASCII).strip("_") or "field"
    is_free = name != "id" and name not in RESERVED and not _means_a_schema(name)
    is_a_name = name.isidentifier() and not iskeyword(name)
    return name if is_free and is_a_name else f"{subject}_{name}"


def _means_a_schema(name: str) -> bool:
    return hasattr(EventSchema, name) or name in EventSchema.__annotations__
