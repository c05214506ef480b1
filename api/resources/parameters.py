"""Say what the parameters of resources are, and what fits them."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing, pre_load, validate
from webargs.fields import DelimitedList
from webargs.multidictproxy import MultiDictProxy

#: The largest id that the host and MongoDB can hold.
MAX_ID = 2**63 - 1
MAX_TEXT = 1_024
_NUMBER = re.compile("0|[1-9][0-9]*", re.ASCII)


class Parameters(Schema):
    """Parameters that stand in a query."""

    @pre_load
    def once(self, data: MultiDictProxy, **_: Any) -> MultiDictProxy:
        """Refuse a parameter that is given twice: nobody knows which is meant."""
        given: Any = data.data
        twice = [name for name in given if len(given.getlist(name)) > 1]
        if twice:
            raise ValidationError({name: ["Given twice."] for name in twice})
        return data


class Number(fields.Integer):
    """An integer in a query, in the digits 0 to 9 only."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        # int() takes much else: blanks, underscores, the digits of any script.
        if not _NUMBER.fullmatch(str(value)):
            raise ValidationError("Not a number.")
        return super()._deserialize(value, *args, **kwargs)


def id_at_host(description: str) -> fields.Field[Any]:
    """Return a filter by an id of the host."""
    return Number(
        validate=validate.Range(1, MAX_ID), metadata=_about(description, example=41)
    )


def word(description: str, example: str) -> fields.Field[Any]:
    """Return a filter by a text that must be equal."""
    return fields.String(
        validate=validate.Length(1, MAX_TEXT),
        metadata=_about(description, example=example),
    )


def text(description: str) -> fields.Field[Any]:
    """Return a parameter that is any text."""
    return fields.String(
        validate=validate.Length(1, MAX_TEXT), metadata=_about(description)
    )


def choice(
    description: str, values: list[str], usual: str | None = None
) -> fields.Field[Any]:
    """Return a parameter that is one of `values`."""
    return fields.String(
        load_default=usual or missing,
        validate=validate.OneOf(values),
        metadata=_about(description),
    )


def choices(description: str, values: list[str]) -> fields.Field[Any]:
    """Return a parameter that lists some of `values`, with commas between them."""
    listed: fields.Field[Any] = DelimitedList(
        fields.String(validate=validate.OneOf(values)),
        validate=validate.Length(1),
        metadata=_about(description),
    )
    return listed


def source() -> fields.Field[Any]:
    """Return the filter by the Git host."""
    return fields.String(
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,62}\Z"),
        metadata=_about("Of this Git host only.", example="gitlab")
        | {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
    )


def limit(most: int, usual: int) -> fields.Field[Any]:
    """Return how many rows are wanted."""
    return Number(
        load_default=usual,
        validate=validate.Range(1, most),
        metadata=_about("The most rows in one answer."),
    )


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}
