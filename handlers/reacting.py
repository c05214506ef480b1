"""Declare reactions: what is to happen once the state has changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from handlers.changes import Id

#: What can become of a document.
KINDS = frozenset({"created", "changed", "deleted"})
#: How long a reaction may take unless it says otherwise, and at most, in seconds.
DEFAULT_SECONDS, MAX_SECONDS = 30.0, 600.0


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of one document; `repr` shows no value.

    `before` and `after` have the fields that the reaction asked for, as far as they
    were told; before a creation and after a deletion there are none. Times are texts
    such as "2026-01-05T08:00:00Z".
    """

    collection: str
    #: The host's id within the collection: 41, or "project:74:41".
    id: Id
    #: One of KINDS.
    kind: str
    source: str
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any] = field(repr=False)
    #: The names of all fields that differ, asked for or not.
    changed_fields: tuple[str, ...]
    #: Names this transition and this reaction, the same each time it is tried:
    #: "users/gitlab:41@3#badges.welcome". The number grows with each transition of the
    #: document.
    key: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """One reaction: the transitions that it wants, and the function to call."""

    collection: str
    kinds: frozenset[str]
    fields: frozenset[str]
    #: A run that takes longer is killed, and tried again.
    seconds: float
    react: Callable[[Transition], None]

    @property
    def name(self) -> str:
        """Return the dotted name of the function, as people would search for it."""
        return f"{self.react.__module__}.{self.react.__qualname__}"

    def __call__(self, transition: Transition) -> None:
        """React, so that tests call a reaction like the function it was."""
        self.react(transition)


def reacts_to(
    collection: str,
    *kinds: str,
    fields: Iterable[str] = (),
    seconds: float = DEFAULT_SECONDS,
) -> Callable[[Callable[[Transition], None]], Reaction]:
    """Make a Reaction of the decorated function; nothing is registered anywhere.

    `kinds` are of "created", "changed" and "deleted". `fields` are those whose values
    it gets; a change of none of them is no concern of it, unless it names none at all.
    """
    if not kinds or not KINDS.issuperset(kinds):
        raise ValueError(f"a reaction is to some of {sorted(KINDS)}")
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"a reaction may take up to {MAX_SECONDS:g} seconds")
    wanted = frozenset(kinds), frozenset(fields)
    return lambda react: Reaction(collection, *wanted, seconds, react)


def reactions_in(modules: Iterable[ModuleType]) -> dict[str, Reaction]:
    """Return by name the reactions that stand at the top level of `modules`."""
    found = (value for module in modules for value in vars(module).values())
    return {it.name: it for it in found if isinstance(it, Reaction)}
