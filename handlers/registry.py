"""Bind functions to event names, and collect what the handler modules offer."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from marshmallow import Schema

from handlers.changes import Change
from handlers.packages import SETTING, modules
from schemas.errors import ForgewireError


class ClaimedTwice(ForgewireError):
    """Raised at start when two handlers claim one event."""


@dataclass(frozen=True, slots=True)
class Handler:
    """One decision: the events it claims, their schema, and the pure function."""

    events: tuple[str, ...]
    schema: Schema
    decide: Callable[[Any], list[Change]]

    @property
    def name(self) -> str:
        """Return the dotted name of the function, as people would search for it."""
        return f"{self.decide.__module__}.{self.decide.__qualname__}"

    @property
    def place(self) -> str:
        """Return the name of the function, and in brackets its file and line."""
        code = getattr(inspect.unwrap(self.decide), "__code__", None)
        if code is None:
            return self.name
        return f"{self.name} ({code.co_filename}:{code.co_firstlineno})"

    def __call__(self, event: Any) -> list[Change]:
        """Decide, so that tests call a handler like the function it was."""
        return self.decide(event)


def handles(
    *events: str, schema: type[Schema]
) -> Callable[[Callable[[Any], list[Change]]], Handler]:
    """Make a Handler of the decorated function; nothing is registered anywhere."""
    # Building a schema is dear, so each handler owns one instance.
    return lambda decide: Handler(events, schema(), decide)


def load(packages: Collection[str] | None = None) -> dict[str, Handler]:
    """Return the handler of each event, from `handlers` and the packages that are on.

    `packages` names their entry points; None stands for all that are installed. Raise
    ClaimedTwice when two functions claim one event; NotInstalled, CannotLoad.
    """
    return by_event(handlers_in(modules(packages)))


def handlers_in(modules: Iterable[ModuleType]) -> list[Handler]:
    """Return the Handler values that stand at the top level of `modules`."""
    found = (vars(module).values() for module in modules)
    return [value for values in found for value in values if isinstance(value, Handler)]


def by_event(handlers: Iterable[Handler]) -> dict[str, Handler]:
    """Return the handler of each event name; raise ClaimedTwice on a conflict."""
    claims: dict[str, Handler] = {}
    for handler in handlers:
        for event in handler.events:
            _refuse_second_claim(claims, event, handler)
            claims[event] = handler
    return claims


def _refuse_second_claim(
    claims: Mapping[str, Handler], event: str, handler: Handler
) -> None:
    first = claims.get(event)
    if first is not None and first is not handler:
        raise ClaimedTwice(
            f"{event} is claimed by {first.place} and by {handler.place}: remove it "
            f"from one of them, or leave the package of one out of {SETTING}"
        )
