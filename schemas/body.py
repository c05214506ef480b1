"""Read a hook's body: one JSON object, and the name of its event."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from schemas.errors import NoEventName, NotAnObject

#: Longest event name accepted, in characters; the host's longest has 39.
MAX_NAME_LENGTH = 100
#: Integers with more digits than this are beyond 64 bit.
_INT64_DIGITS = 19


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` holds; raise NotAnObject otherwise.

    Duplicate keys: the last wins. Integers beyond 64 bit come out as floats, which
    no schema takes for an id.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = _parse_leniently(body)
    if not isinstance(parsed, dict):
        raise NotAnObject("the body is JSON, but not an object")
    return parsed


def event_name(payload: Mapping[str, Any]) -> str:
    """Return `event_name`, else `object_kind`; raise NoEventName if neither fits.

    The `X-Gitlab-Event` header is of no use: it says `System Hook` for all of them.
    """
    name = payload.get("event_name")
    if name is None:
        name = payload.get("object_kind")
    if not isinstance(name, str):
        raise NoEventName("the body has no event_name and no object_kind")
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isascii():
        raise NoEventName(f"the event name is not 1 to {MAX_NAME_LENGTH} ASCII letters")
    if not name.isprintable():
        raise NoEventName("the event name has control characters")
    return name


def _parse_leniently(body: bytes) -> Any:
    # orjson refuses lone surrogates ("\ud800"), which are JSON all the same.
    try:
        return json.loads(
            body.decode("utf-8"), parse_int=_number, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as exc:
        raise NotAnObject("the body is not JSON in UTF-8") from exc


def _number(digits: str) -> int | float:
    # As orjson does; and int() refuses more than 4,300 digits.
    return int(digits) if len(digits) <= _INT64_DIGITS else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
