"""Tell how long writes take, to whoever wants to know."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

#: Is told what was done and the seconds that it took.
Timed: TypeAlias = Callable[[str, float], None]


def untimed(_what: str, _seconds: float) -> None:
    """Tell nobody."""


@contextmanager
def timing(timed: Timed, what: str) -> Iterator[None]:
    """Tell `timed` how long the block takes, also if it fails."""
    began = time.perf_counter()
    try:
        yield
    finally:
        timed(what, time.perf_counter() - began)
