"""Read W3C Trace Context: the headers by which a trace goes from process to process."""

import re

#: Nobody has to carry a longer `tracestate`, in characters.
MAX_TRACESTATE = 512

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_MEMBER = (
    r"[a-z0-9][a-z0-9_*/@-]{0,255}="
    r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_TRACESTATE = re.compile(rf"{_MEMBER}(?:[ \t]*,[ \t]*{_MEMBER}){{0,31}}")


def traceparent(given: str | None) -> str | None:
    """Return a `traceparent` if it is well-formed."""
    return given if given and _TRACEPARENT.fullmatch(given) else None


def tracestate(given: str | None) -> str | None:
    """Return a `tracestate` if it is well-formed and not too long."""
    is_short = given is not None and len(given) <= MAX_TRACESTATE
    return given if given and is_short and _TRACESTATE.fullmatch(given) else None


def pair(parent: str | None, state: str | None) -> tuple[str | None, str | None]:
    """Return both headers as far as they are well-formed; no state without a parent."""
    found = traceparent(parent)
    return found, found and tracestate(state)


def trace_id(traceparent: str | None) -> str | None:
    """Return the 32 digits that name the trace of a `traceparent`, if it has one."""
    if traceparent is None:
        return None
    found = _TRACEPARENT.fullmatch(traceparent)
    return None if found is None else found[1]
