"""Run subjects in turn, A B A B, so that the machine's moods meet them all alike."""

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def in_turn(subjects: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Return what each subject measured in each round.

    Each round begins with another subject, so that none always comes first.
    """
    names = list(subjects)
    found: dict[str, list[T]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(subjects[name]())
    return found
