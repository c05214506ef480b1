"""Turn a payload into an event: a frozen dataclass with the times of its entity."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, post_load, validates_schema

from schemas.fields import Time


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Event:
    """What all events have: the times of the entity's row at the host, in UTC."""

    created_at: datetime | None = None
    updated_at: datetime | None = None

    def __repr__(self) -> str:
        """Show numbers only: names, addresses and paths are about people."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        told = ", ".join(f"{name}={value}" for name, value in pairs if _is_id(value))
        return f"{type(self).__name__}({told})"


class EventSchema(Schema):
    """A payload whose unknown keys are left out: newer hosts send more of them."""

    #: The dataclass that a valid payload becomes.
    makes: ClassVar[type[Any]]
    #: What JSON Schema says of a payload beyond its single fields.
    rules: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    class Meta:
        """Options that marshmallow reads."""

        unknown = EXCLUDE

    @post_load
    def build(self, values: dict[str, Any], **_: Any) -> Any:
        """Return the dataclass that holds `values`."""
        return self.makes(**values)


class DatedSchema(EventSchema):
    """A payload that tells when its entity was created, or last changed, or both."""

    created_at = Time()
    updated_at = Time()

    rules = MappingProxyType(
        {
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("created_at", "updated_at")
            ]
        }
    )

    @validates_schema
    def require_a_time(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a payload without any time: nothing could order it."""
        if values["created_at"] is None and values["updated_at"] is None:
            raise ValidationError("no created_at and no updated_at")


def _is_id(value: Any) -> bool:
    return type(value) is int
