"""Say what the lines are about that a thread logs: the delivery in its hands."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TypeAlias

from structlog.typing import EventDict, WrappedLogger

#: Returns what lines say of it. Asked for each line, and so for hardly any delivery.
Names: TypeAlias = Callable[[], Mapping[str, str]]

_names: ContextVar[Names | None] = ContextVar("about", default=None)


def tell_of(names: Names | None) -> None:
    """Have lines say what `names` returns, from now on; None: nothing more."""
    _names.set(names)


def add_names(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add what the line is about, unless it says so itself; for structlog."""
    names = _names.get()
    if names is not None:
        for name, value in names().items():
            event.setdefault(name, value)
    return event
