"""Make up the bodies of events for commands that were given no file."""

import json
from collections.abc import Mapping
from datetime import datetime

from handlers.registry import Handler
from schemas import made_up
from schemas.errors import ForgewireError


class NothingToMakeUp(ForgewireError):
    """Raised when a word is neither a file nor an event that a handler wants."""


def body(
    event: str, handlers: Mapping[str, Handler], *, number: int, now: datetime
) -> bytes:
    """Return a body of `event` about entity `number`, which changed `now`.

    Raise NothingToMakeUp if no handler wants it, CannotMakeUp if none fits its schema.
    """
    if event not in handlers:
        raise NothingToMakeUp(
            f"{event} is no file, and no event that a handler wants: "
            "`forgewire handlers` lists those"
        )
    schema = handlers[event].schema
    return json.dumps(made_up.payload(event, schema, number=number, now=now)).encode()
