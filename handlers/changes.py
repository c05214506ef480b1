"""The verbs in which handlers declare what an event means for the state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

#: Names that the state gives meaning to in every document.
RESERVED = frozenset(
    {
        "_id",
        "deleted",
        "kept",
        "marks",
        "older",
        "orphan",
        "outbox",
        "people",
        "rev",
        "source",
        "state",
        "teams",
        "trail",
        "version",
    }
)

#: The host's id of a document within its collection: 41, or "project:74:41".
Id: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class _Telling:
    """Fields of a document, told by an event."""

    collection: str
    id: Id
    fields: Mapping[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse fields that would be taken for the state's own."""
        taken = RESERVED.intersection(self.fields)
        if taken:
            raise ValueError(f"these field names belong to the state: {sorted(taken)}")


class Put(_Telling):
    """Tell fields of a document; None means "not told" and overwrites nothing."""

    __slots__ = ()


class Mention(_Telling):
    """Tell fields in passing: they count until the document's own events tell them."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a document and leave a tombstone.

    `known_by` lists e-mail addresses and names under which other documents may show
    the person who is gone; the tombstone keeps digests of them, nothing readable.
    """

    collection: str
    id: Id
    known_by: tuple[str | None, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Move:
    """Tell that all below path `old` is below `new` from now on, or gone if None.

    `owner` names the document, (collection, id), whose path it was.
    """

    owner: tuple[str, Id]
    old: str = field(repr=False)
    new: str | None = field(repr=False)


Change: TypeAlias = Put | Mention | Delete | Move


class Null:
    """The type of NULL."""

    def __repr__(self) -> str:
        return "NULL"


#: A value told to be empty; None in a Put means that nothing was told.
NULL = Null()
