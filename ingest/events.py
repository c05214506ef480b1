"""Name the events of the host that metrics show by name; any other is `other`."""

from schemas.catalogue import SYSTEM_HOOKS

#: What senders may make up must not become a label: each would be a new time series.
KNOWN = frozenset(SYSTEM_HOOKS)


def label(event: str | None) -> str:
    """Return the event's name if the host documents it, else `other`."""
    return event if event in KNOWN else "other"
