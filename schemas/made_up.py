"""Make up payloads that fit a schema, to try and to send where no sample is at hand.

A value is tried until the field takes it, so fields of other packages are filled too.
Everything that looks like a name is made of the number that was asked for.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from schemas.errors import ForgewireError

#: What a text looks like whose key has this in it.
_BY_NAME = (
    ("_at", "{now}"),
    ("mail", "{key}-{number}@example.com"),
    ("access", "Developer"),
    ("visibility", "private"),
    ("path", "sample/{key}-{number}"),
    ("ref", "refs/heads/main"),
)


class CannotMakeUp(ForgewireError):
    """Raised when no payload could be made up that fits."""


def payload(
    event: str, schema: Schema, *, number: int, now: datetime
) -> dict[str, Any]:
    """Return a payload of `event`: about entity `number`, which changed `now`.

    Raise CannotMakeUp if the schema wants what nobody could guess.
    """
    made = {"event_name": event, **_filled(schema, number, now)}
    try:
        schema.load(made)
    except ValidationError as exc:
        names = ", ".join(map(str, exc.messages_dict))
        raise CannotMakeUp(
            f"no payload of {event} could be made up: {type(schema).__name__} refuses "
            f"what was guessed ({names}). Name a file with a sample instead"
        ) from exc
    return made


def _filled(schema: Schema, number: int, now: datetime) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        fitting = (
            one for one in _guesses(key, field, number, now) if _fits(field, one)
        )
        # Two fields may read one key, such as "was it told at all".
        if key not in made and (found := next(fitting, None)) is not None:
            made[key] = found
    return made


def _fits(field: fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def _guesses(
    key: str, field: fields.Field[Any], number: int, now: datetime
) -> Iterator[Any]:
    """Yield what may fit, the likeliest first."""
    yield from _of_kind(key, field, number, now)
    for part, text in _BY_NAME:
        if part in key:
            yield text.format(key=key, number=number, now=_moment(now))
    yield from (number, f"{key}-{number}", _moment(now), now.date().isoformat())
    yield from (True, 0.5, [], {})


def _of_kind(
    key: str, field: fields.Field[Any], number: int, now: datetime
) -> Iterator[Any]:
    """Yield what the field itself says about its values."""
    if isinstance(field, fields.Nested):
        nested = _filled(field.schema, number, now)
        yield [nested] if field.many else nested
    if isinstance(field, fields.List):
        inner = field.inner
        inside = (it for it in _guesses(key, inner, number, now) if _fits(inner, it))
        yield list(islice(inside, 1))
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            yield from rule.choices


def _moment(now: datetime) -> str:
    """Return the time as the host tells it, in whole seconds."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
