"""Read access levels: the host's labels, old and new, and their numbers."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from schemas.fields import MAX_INTEGER, MAX_TEXT, HostField, storable

#: The number of each label, as the host's REST API gives it.
LEVELS = {
    "No access": 0,
    "Minimal Access": 5,
    "Guest": 10,
    "Planner": 15,
    "Reporter": 20,
    "Security Manager": 25,
    "Developer": 30,
    "Maintainer": 40,
    "Owner": 50,
}
_LABELS = {value: label for label, value in LEVELS.items()}
#: Labels of GitLab 10 and before.
_RENAMED = {"Master": "Maintainer"}


@dataclass(frozen=True, slots=True)
class Access:
    """A label and its number; the number of a custom role is not told, so None."""

    label: str
    value: int | None


class AccessLevel(HostField[Access | None]):
    """The label that the host sends, or the number, should it ever send that.

    A label that we do not know is a custom role of the host: it is kept, without a
    number. A number that we do not know is its own label.
    """

    shape = MappingProxyType(
        {
            "type": ["string", "integer"],
            "maxLength": MAX_TEXT,
            "minimum": 0,
            "maximum": MAX_INTEGER,
        }
    )

    def read(self, value: Any) -> Access | None:
        if type(value) is int:
            return _numbered(value)
        label = storable(value, most=MAX_TEXT)
        label = _RENAMED.get(label, label)
        return Access(label, LEVELS.get(label)) if label else None


def _numbered(value: int) -> Access:
    if not 0 <= value <= MAX_INTEGER:
        raise ValidationError("Not an access level.")
    return Access(_LABELS.get(value, str(value)), value)
