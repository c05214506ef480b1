"""Make up the bodies of events for commands that were given no file."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cli import payloads as given
from cli.payloads import Payload
from handlers.registry import Handler
from schemas import made_up
from schemas.errors import ForgewireError

#: The id of what the first one is about: above those that a host has.
FIRST_ID = 900_000_001


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


def payloads(
    words: Iterable[str], handlers: Mapping[str, Handler], *, number: int
) -> list[Payload]:
    """Return what is in the files and folders, and `number` of each event.

    Raise what `body` and `cli.payloads.payloads` do.
    """
    now = datetime.now(UTC)
    listed: list[Payload] = []
    for word in words:
        if (path := Path(word)).exists():
            listed += given.payloads([path])
            continue
        for id_ in range(FIRST_ID, FIRST_ID + number):
            made = body(word, handlers, number=id_, now=now)
            listed.append(given.payload(word, made))
    return listed
