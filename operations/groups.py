"""Put dead letters of the same cause into groups, and count them; pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from broker.dead_letter import DeadLetter
from operations.causes import Cause, cause_of, letter_key
from operations.letters import summary

#: So many letters of a group are listed, the oldest.
MAX_LISTED = 100


@dataclass(slots=True)
class Group:
    """Letters that died of the same cause."""

    cause: Cause
    number: int = 0
    #: When the first and the last of them died; None if no letter tells.
    first: datetime | None = None
    last: datetime | None = None
    events: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    #: The traceback of the last one.
    detail: str | None = field(default=None, repr=False)
    #: Summaries, each with the letter's `key`; no more than MAX_LISTED.
    letters: list[dict[str, Any]] = field(default_factory=list)
    #: The keys of all of them, by source and delivery id.
    keys: dict[tuple[str | None, str | None], str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return what names the group in URLs."""
        return self.cause.key

    def add(self, letter: DeadLetter) -> None:
        """Count a letter of this cause."""
        told = summary(letter)
        self.number += 1
        self.events[letter.event or "unknown"] += 1
        self.sources[letter.source or "unknown"] += 1
        self._note_time(told["dead_at"], letter.detail)
        key = self.keys[letter.source, letter.delivery_id] = letter_key(letter)
        if len(self.letters) < MAX_LISTED:
            self.letters.append(told | {"key": key})

    def _note_time(self, died: datetime | None, detail: str | None) -> None:
        if died is not None and (self.first is None or died < self.first):
            self.first = died
        if self.last is None or (died is not None and died >= self.last):
            self.last, self.detail = died or self.last, detail


def grouped(letters: Iterable[DeadLetter]) -> list[Group]:
    """Return the groups, the largest first; one body is in memory at a time."""
    groups: dict[Cause, Group] = {}
    for letter in letters:
        cause = cause_of(letter)
        groups.setdefault(cause, Group(cause)).add(letter)
    for group in groups.values():
        # What another reader gave back may stand at the end of the queue.
        group.letters.sort(key=lambda it: str(it["dead_at"]))
    return sorted(groups.values(), key=lambda it: (-it.number, it.key))
