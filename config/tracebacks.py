"""Format tracebacks without what foreign exceptions say: it may quote a payload."""

import traceback
from collections.abc import Iterator
from typing import TypeAlias

#: Exceptions whose messages are known to hold no payload values and no secrets.
Trusted: TypeAlias = tuple[type[BaseException], ...]

#: Longest text returned, in characters; the end of a traceback says most.
MAX_LENGTH = 8000
#: Most frames shown of one exception.
MAX_FRAMES = 50

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another one occurred:\n\n"


def format_traceback(exc: BaseException, trusted: Trusted = ()) -> str:
    """Return the frames and types of `exc` and its causes, the last 8000 characters.

    Messages and notes are left out, except the messages of `trusted` exceptions.
    """
    parts = [_format_one(one, trusted) + link for one, link in _chain(exc)]
    return "".join(reversed(parts)).rstrip()[-MAX_LENGTH:]


def summary(exc: BaseException, trusted: Trusted = ()) -> str:
    """Return the type of `exc`, and its message if it is trusted."""
    kind = type(exc)
    builtin = kind.__module__ in {"builtins", "__main__"}
    name = kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {exc}" if isinstance(exc, trusted) else name


def _chain(exc: BaseException) -> Iterator[tuple[BaseException, str]]:
    link, seen, current = "", set[int](), exc
    while id(current) not in seen:
        seen.add(id(current))
        yield current, link
        if current.__cause__ is not None:
            current, link = current.__cause__, _CAUSED
        elif current.__context__ is not None and not current.__suppress_context__:
            current, link = current.__context__, _DURING


def _format_one(exc: BaseException, trusted: Trusted) -> str:
    frames = traceback.extract_tb(exc.__traceback__, limit=-MAX_FRAMES).format()
    head = "Traceback (most recent call last):\n" if frames else ""
    return f"{head}{''.join(frames)}{summary(exc, trusted)}\n"
