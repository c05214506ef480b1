"""Read the events about projects."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from schemas.event import DatedSchema, Event
from schemas.fields import MAX_TEXT, Email, HostField, HostId, Text, storable

#: The numbers that stand for visibility in the host's database.
VISIBILITY = {0: "private", 10: "internal", 20: "public"}
_PART = {"type": ["string", "null"], "maxLength": MAX_TEXT}


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """An owner of a project, as far as the host tells."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProjectEvent(Event):
    """A project, as of one moment."""

    project_id: int
    name: str | None = None
    path: str | None = None
    path_with_namespace: str | None = None
    visibility: str | None = None
    #: None before GitLab 15, which told one owner by name and e-mail address.
    owners: tuple[Owner, ...] | None = None
    owner_name: str | None = None
    owner_email: str | None = None
    #: The id of the group that owns the project; GitLab 17 and later.
    namespace_id: int | None = None


class Visibility(HostField[str | None]):
    """`private`, `internal` or `public`, from the label or the number.

    A label that we do not know is kept in lower case: it is better to show a new
    word than to lose the project over it. An untranslated key such as
    `visibilitylevel|private` is cut to its last part.
    """

    shape = MappingProxyType(
        {
            "anyOf": [
                {"type": "string", "maxLength": MAX_TEXT},
                {"type": "integer", "enum": list(VISIBILITY)},
            ]
        }
    )

    def read(self, value: Any) -> str | None:
        if type(value) is int and value in VISIBILITY:
            return VISIBILITY[value]
        label = storable(value, most=MAX_TEXT)
        return label.rpartition("|")[2].strip().lower() or None


class Owners(HostField[tuple[Owner, ...]]):
    """A list of objects with name and e-mail address; the first bad one is told."""

    shape = MappingProxyType(
        {
            "type": "array",
            "items": {"type": "object", "properties": {"name": _PART, "email": _PART}},
        }
    )

    def read(self, value: Any) -> tuple[Owner, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a list.")
        return tuple(_owner(item) for item in value)


class ProjectSchema(DatedSchema):
    """The payload of every `project_*` event."""

    makes = ProjectEvent

    project_id = HostId(required=True)
    name = Text()
    path = Text()
    path_with_namespace = Text()
    visibility = Visibility(data_key="project_visibility")
    owners = Owners()
    owner_name = Text()
    owner_email = Email()
    namespace_id = HostId(data_key="project_namespace_id")


_NAME = Text()
_EMAIL = Email()


def _owner(item: Any) -> Owner:
    if not isinstance(item, dict):
        raise ValidationError("Not a list of objects.")
    name = _NAME.deserialize(item.get("name"))
    return Owner(name, _EMAIL.deserialize(item.get("email")))
