"""Bound the values of a label: each new one is a time series more, kept for months."""

from collections.abc import Iterable

#: What all others are called.
OTHER = "other"


class Labels:
    """The values known from the start, and up to `more` that turn up; then `other`."""

    def __init__(self, known: Iterable[str] = (), *, more: int = 0) -> None:
        self._known = set(known)
        self._more = more

    def of(self, value: str) -> str:
        """Return the label for `value`."""
        if value in self._known:
            return value
        if not self._more:
            return OTHER
        self._more -= 1
        self._known.add(value)
        return value
