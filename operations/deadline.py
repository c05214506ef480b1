"""Stop in the middle what takes longer than somebody waits for it."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

from schemas.errors import TookTooLong

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by the monotonic clock, in seconds."""

    moment: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the moment in so many seconds."""
        return cls(time.monotonic() + seconds)

    @classmethod
    def never(cls) -> Self:
        """Return a moment that does not come."""
        return cls(math.inf)

    @property
    def left(self) -> float:
        """Return the seconds until then; 0 if it is over."""
        return max(0.0, self.moment - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Return whether it has come."""
        return time.monotonic() >= self.moment

    def watched(self, items: Iterable[T]) -> Iterator[T]:
        """Yield `items`; raise TookTooLong once it has come."""
        for item in items:
            self.check()
            yield item

    def check(self) -> None:
        """Raise TookTooLong if it has come."""
        if self.is_over:
            raise TookTooLong("it was not done in the time given")
