"""Read one dead letter in the background, and keep what may be shown of it a while."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from operations.causes import Cause, cause_of, letter_key
from operations.deadline import Deadline
from operations.fresh import Fresh, Seen
from operations.letters import summary
from operations.masking import shown
from operations.queues import Queues

#: How long one that was read is shown again, in seconds, and how many such there are.
YOUNG_SECONDS, MAX_KEPT = 10.0, 8
#: Letters are read one by one from the oldest on, for so long at most, in seconds.
READ_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it may be shown."""

    summary: Mapping[str, Any]
    cause: Cause
    detail: str | None = field(repr=False)
    #: The payload without secrets; and also without what is personal.
    body: str = field(repr=False)
    masked_body: str = field(repr=False)


class Reader:
    """Finds letters by their keys; safe to share among threads."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Fresh[Letter | None]] = OrderedDict()

    def find(self, key: str, patience: float) -> Seen[Letter | None]:
        """Return what is known after so many seconds at most.

        `at` is None if it is not known yet; the value is None if there is none.
        """
        fresh = self._fresh(key)
        fresh.begin()
        return fresh.seen(Deadline.after(patience))

    def forget(self) -> None:
        """Have letters looked for again: some of them left."""
        with self._lock:
            self._kept.clear()

    def _fresh(self, key: str) -> Fresh[Letter | None]:
        with self._lock:
            made = self._kept.pop(key, None)
            if made is None:
                made = Fresh(lambda: self._read(key), young_seconds=YOUNG_SECONDS)
            self._kept[key] = made
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return made

    def _read(self, key: str) -> Letter | None:
        deadline = Deadline.after(READ_SECONDS)
        with self._queues.holding() as holding:
            for held in deadline.watched(holding.letters()):
                if letter_key(held.letter) == key:
                    letter = held.letter
                    return Letter(
                        summary(letter),
                        cause_of(letter),
                        letter.detail,
                        shown(letter.body, people=True),
                        shown(letter.body, people=False),
                    )
        return None
