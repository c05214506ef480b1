"""Put the place where a page ended into one opaque word, and read it back."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas.errors import ForgewireError
from state.orders import Order
from state.question import Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: What it begins with; to be changed with what it is made of.
_FORM = 1
MAX_CHARS = 32_768
_WORD = re.compile("[A-Za-z0-9_-]+", re.ASCII)


class BadCursor(ForgewireError):
    """Raised when a word is no cursor, or one of another listing."""


def written(listing: str, place: Place) -> str:
    """Return the cursor; `listing` says of which resource, in which order."""
    value: Any = place.value
    if isinstance(value, datetime):
        value = (value - _EPOCH) // _MILLISECOND
    told = orjson.dumps([_FORM, listing, value, place.id])
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def read(cursor: str, listing: str, order: Order) -> Place:
    """Return the place that a cursor names; raise BadCursor if it names none."""
    told = _told(cursor)
    if told[1] != listing:
        raise BadCursor("It belongs to another resource or to another sort.")
    value, doc_id = told[2:]
    if not isinstance(doc_id, str) or not _fits(value, order):
        raise BadCursor("It is none of ours.")
    return Place(_timed(value) if order.holds == "time" else value, doc_id)


def _told(cursor: str) -> list[Any]:
    if len(cursor) > MAX_CHARS or not _WORD.fullmatch(cursor):
        raise BadCursor("It is none of ours.")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except ValueError:
        raise BadCursor("It is none of ours.") from None
    if not isinstance(told, list) or len(told) != 4 or told[0] != _FORM:  # noqa: PLR2004
        raise BadCursor("It is none of ours.")
    return told


def _fits(value: Any, order: Order) -> bool:
    kinds = {"id": str, "text": str, "time": int}
    return value is None or type(value) is kinds[order.holds]


def _timed(milliseconds: int | None) -> datetime | None:
    try:
        return None if milliseconds is None else _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        raise BadCursor("It is none of ours.") from None
