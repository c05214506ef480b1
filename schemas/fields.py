"""Read single values of the host: ids, counts, flags, texts, addresses and times."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from marshmallow import ValidationError, fields, missing

T = TypeVar("T")

#: The largest integer that MongoDB and the host can store.
MAX_INTEGER = 2**63 - 1
#: Longest text, in characters; the host's own limits lie at 1,024 and below.
MAX_TEXT = 4_096
#: Longest public key, in characters; RSA of 16,384 bit needs about 2,800.
MAX_KEY = 65_536

_SURROGATE = re.compile("[\ud800-\udfff]")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class HostField(fields.Field[T]):
    """A value of the host: absent and null are None, unless it is required."""

    #: Return what a value other than null means; raise ValidationError.
    read: Callable[[Any], T]
    #: What JSON Schema says of these values, null apart; it may take more than `read`.
    shape: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        default = missing if required else None
        super().__init__(required=required, load_default=default, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> T:
        return self.read(value)


class HostId(HostField[int]):
    """An id of the host, 1 to 2^63 - 1; floats, booleans and texts are refused."""

    shape = MappingProxyType({"type": "integer", "minimum": 1, "maximum": MAX_INTEGER})

    def read(self, value: Any) -> int:
        # A boolean is an int to Python, and what is beyond 64 bit comes as a float.
        if type(value) is not int or not 0 < value <= MAX_INTEGER:
            raise ValidationError("Not an id: an integer from 1 to 2^63 - 1.")
        return value


class Count(HostField[int]):
    """A number from 0 to 2^63 - 1."""

    shape = MappingProxyType({"type": "integer", "minimum": 0, "maximum": MAX_INTEGER})

    def read(self, value: Any) -> int:
        if type(value) is not int or not 0 <= value <= MAX_INTEGER:
            raise ValidationError("Not a number from 0 to 2^63 - 1.")
        return value


class Flag(HostField[bool]):
    """True or false; numbers and texts are refused."""

    shape = MappingProxyType({"type": "boolean"})

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Neither true nor false.")
        return value


class Text(HostField[str | None]):
    """A text that MongoDB can store; an empty one tells nothing and is None."""

    def __init__(self, *, most: int = MAX_TEXT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most
        least = {"minLength": 1} if self.required else {}
        self.shape = {"type": "string", "maxLength": most, **least}

    def read(self, value: Any) -> str | None:
        text = storable(value, most=self.most)
        if not text and self.required:
            raise ValidationError("Empty.")
        return text or None


class Email(Text):
    """An e-mail address; what the host has redacted tells nothing and is None."""

    def read(self, value: Any) -> str | None:
        text = super().read(value)
        return None if text is None or text.upper() == "[REDACTED]" else text


class Time(HostField[datetime]):
    """A time in any shape the host uses, as UTC in whole milliseconds.

    With `dates`, a plain date is its midnight; otherwise it is refused.
    """

    def __init__(self, *, dates: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dates = dates
        shapes = (_TIME, _DATE) if dates else (_TIME,)
        pattern = "|".join(shape.pattern for shape in shapes)
        self.shape = {"type": "string", "pattern": f"^(?:{pattern})$"}

    def read(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError("Not a time: no text.")
        if self.dates and _DATE.fullmatch(value):
            value += "T00:00:00Z"
        moment = parse_time(value)
        if moment is None:
            raise ValidationError("Not a time of the years 1970 to 9999.")
        return moment


class Told(fields.Field[bool]):
    """Whether a key is present at all; a null under it counts as told."""

    def __init__(self, *, data_key: str) -> None:
        super().__init__(data_key=data_key, load_only=True)

    def deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        """Return whether there was a value."""
        return value is not missing


def storable(value: Any, *, most: int) -> str:
    """Return `value` if MongoDB can store it as a text; raise ValidationError."""
    if not isinstance(value, str):
        raise ValidationError("Not a text.")
    if len(value) > most:
        raise ValidationError(f"Longer than {most} characters.")
    if not value.isascii() and _SURROGATE.search(value):
        raise ValidationError("Has half a surrogate pair, which is no character.")
    return value


def parse_time(text: str) -> datetime | None:
    """Return the time in UTC, whole milliseconds, or None if it is none.

    A time without zone is UTC. None instead of an error, because Python's own errors
    quote the text.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    milliseconds = (fraction or "")[:3].ljust(3, "0")
    offset = "Z" if zone in (None, "UTC") else zone
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}.{milliseconds}{offset}")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= 1970 else None  # noqa: PLR2004 - the epoch
