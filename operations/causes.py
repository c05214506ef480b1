"""Tell of what dead letters died, so that those of one cause stand together; pure."""

import hashlib
import re
from dataclasses import astuple, dataclass

from broker.dead_letter import DeadLetter

#: Where a frame of a traceback is: the file, and the function; the code is below it.
_FRAME = re.compile(r'^  File "(?P<file>[^"]*)", line \d+, in (?P<function>.*)$')
#: A place in a list (`owners.3.email`), and a number in front of all.
_POSITION, _NUMBER = re.compile(r"(?<=\.)\d+(?=[.:])"), re.compile(r"^\d+")
#: What begins the line with which our own exceptions end a traceback.
_OURS = re.compile(r"^schemas\.errors\.\w+: ")
#: Only a handler that raises is mended where it raised.
_HAS_PLACE = "handler-failed"
_KEY_BYTES = 6


@dataclass(frozen=True, slots=True)
class Cause:
    """What the letters of one group have in common."""

    reason: str
    #: The dotted name of the handler that had to do with it.
    handler: str | None
    #: In a sentence, without values of the payload.
    problem: str | None
    #: Where a handler raised: "handlers/users.py in save", and the line of code there.
    where: str | None = None
    code: str | None = None

    @property
    def key(self) -> str:
        """Return what names the group in URLs; the same in every process and release.

        Lines may move within a file: no line number is part of it.
        """
        told = "\0".join(part or "" for part in astuple(self))
        digest = hashlib.blake2b(told.encode(errors="replace"), digest_size=_KEY_BYTES)
        return digest.hexdigest()


def cause_of(letter: DeadLetter) -> Cause:
    """Return of what `letter` died."""
    lines = (letter.detail or "").rstrip().splitlines()
    where, code = _place(lines) if letter.reason == _HAS_PLACE else (None, None)
    problem = _problem(lines[-1]) if lines else None
    return Cause(letter.reason, letter.handler, problem, where, code)


def letter_key(letter: DeadLetter) -> str:
    """Return what names one letter in URLs, also one that has no delivery id."""
    told = (letter.source, letter.delivery_id, letter.receipt, letter.dead_at)
    digest = hashlib.blake2b(letter.body, digest_size=8)
    digest.update(repr(told).encode(errors="replace"))
    return digest.hexdigest()


def _problem(last_line: str) -> str:
    told = _OURS.sub("", last_line.strip())
    return _NUMBER.sub("Several", _POSITION.sub("*", told))


def _place(lines: list[str]) -> tuple[str | None, str | None]:
    """Return where the first of the exceptions was raised, and the code there."""
    found: tuple[str | None, str | None] = (None, None)
    for line, below in zip(lines, [*lines[1:], ""], strict=False):
        if not line:
            # What follows was raised because of the first one.
            break
        frame = _FRAME.match(line)
        if frame:
            file = "/".join(frame["file"].replace("\\", "/").split("/")[-2:])
            code = below.strip() if below.startswith("    ") else None
            found = f"{file} in {frame['function']}", code
    return found
