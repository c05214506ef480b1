"""Have what connects to the broker run during a block, and end with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Connecting(Protocol):
    """A consumer, a publisher, or what else works in a thread of its own."""

    def start(self) -> None:
        """Begin, and return at once."""

    def close(self, seconds: float) -> None:
        """End, in about so many seconds."""


It = TypeVar("It", bound=Connecting)


@contextmanager
def running(it: It, seconds: float) -> Iterator[It]:
    """Yield `it` while it runs; `seconds` are what its end may take."""
    it.start()
    try:
        yield it
    finally:
        it.close(seconds)
