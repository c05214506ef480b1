"""Say what operations take: times, names, and which dead letters are meant."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.fields import DelimitedList

from api.resources import parameters
from api.resources.parameters import Parameters
from operations.selection import Selection

MAX_TEXT = 1_024
#: The same in a query, and how many of them: a server reads no more than 64 KiB of it.
MAX_NAME, MAX_NAMES = 255, 20
#: Letters that one request names, lists or sends at most.
MAX_LETTERS = 1_000
_SEVERAL = "Several are given with commas between them."


class Moment(fields.AwareDateTime):
    """A time in ISO 8601; in UTC if no zone is told."""

    def __init__(self, description: str) -> None:
        super().__init__(
            default_timezone=UTC, metadata={"description": description}, required=False
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, *args, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            # In the first or the last hours that can be told.
            return moment.replace(tzinfo=UTC)


def _is_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValidationError("Not Unicode.") from None


class Flag(fields.Boolean):
    """True or false in a body, and nothing that could be taken for one of them."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def text(description: str, most: int = MAX_TEXT, **more: Any) -> fields.String:
    """Return a text that AMQP and MongoDB can express."""
    return fields.String(
        validate=[validate.Length(1, most), _is_unicode],
        metadata={"description": description},
        **more,
    )


def several(description: str, **more: Any) -> fields.Field[Any]:
    """Return a parameter of a query that lists texts."""
    listed: fields.Field[Any] = DelimitedList(
        text(description, MAX_NAME),
        validate=validate.Length(1, MAX_NAMES),
        metadata={"description": f"{description} {_SEVERAL}"},
        **more,
    )
    return listed


def listed(description: str, **more: Any) -> fields.Field[Any]:
    """Return a member of a body that lists texts."""
    return fields.List(
        text(description),
        validate=validate.Length(1, MAX_LETTERS),
        metadata={"description": description},
        **more,
    )


def chosen(description: str, values: list[str], **more: Any) -> fields.Field[Any]:
    """Return a parameter of a query that lists some of `values`."""
    found: fields.Field[Any] = DelimitedList(
        fields.String(validate=validate.OneOf(values)),
        validate=validate.Length(1),
        metadata={"description": f"{description} {_SEVERAL}"},
        **more,
    )
    return found


def limit() -> fields.Field[Any]:
    """Return the parameter that says how many rows are wanted."""
    return parameters.limit(MAX_LETTERS, 100)


def cursor() -> fields.Field[Any]:
    """Return the parameter that says where a page begins."""
    description = "Where another page ended. Follow the `Link` with `rel=next`."
    return fields.String(metadata={"description": description})


class LettersAsked(Parameters):
    """What narrows a list, in a query."""

    events = several("Only this event.", data_key="event")
    reasons = several("Only this reason.", data_key="reason")
    handlers = several("Only of this handler.", data_key="handler")
    sources = several("Only of this Git host.", data_key="source")
    since = Moment("Only who died then or later.")
    until = Moment("Only who died before.")


class LettersSent(Schema):
    """What narrows a replay, in a body."""

    class Meta:
        """Options that marshmallow reads."""

        # A name that is misspelt must not widen what is replayed.
        unknown = RAISE

    ids = listed("Only these delivery ids.")
    events = listed("Only these events.")
    reasons = listed("Only for these reasons.")
    handlers = listed("Only of these handlers.")
    sources = listed("Only of these Git hosts.")
    since = Moment("Only who died then or later.")
    until = Moment("Only who died before.")


def selection(told: Mapping[str, Any]) -> Selection:
    """Return what is meant by what one of these schemas has loaded."""
    names = ("ids", "events", "reasons", "handlers", "sources")
    return Selection(
        since=told.get("since"),
        until=told.get("until"),
        **{name: frozenset(told.get(name, ())) for name in names},
    )
