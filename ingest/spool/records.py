"""How messages are spelled in a file of the spool, and found again in a damaged one.

A file begins with a line that names the format, and a salt. Each record is a head
(mark, length, checksum of the length, checksum of the payload) and a payload (length of
the description, description in JSON, body). Checksums begin with the salt, which no
sender knows: a body that looks like a record is never taken for one, however damaged
the file.
"""

import secrets
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields

import orjson

from broker.message import Message
from ingest.spool.errors import NotASpoolFile

#: The number at the end of the line is the version of the format.
MAGIC = b"forgewire-spool 1\n"
MARK = b"\x93FwR"

_SALT = struct.Struct(">I")
_HEAD = struct.Struct(">4sIII")
_LENGTH = struct.Struct(">I")
#: What the payload of an erased record begins with, and no other.
_NO_DESCRIPTION = bytes(_LENGTH.size)
#: What is sent by hand never comes here.
_UNTOLD = frozenset({"body", "sent_by"})
_DESCRIBED = tuple(it.name for it in fields(Message) if it.name not in _UNTOLD)

HEADER_BYTES = len(MAGIC) + _SALT.size


@dataclass(frozen=True, slots=True)
class Scan:
    """What a stretch of a file holds."""

    messages: tuple[Message, ...]
    #: Whether every byte belongs to one of them, or to one that was erased.
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stretch: an intact record, or what lies between two of them."""

    start: int
    end: int
    #: None if there is nothing to read, or not any more.
    message: Message | None = None
    is_erased: bool = False

    @property
    def is_damaged(self) -> bool:
        """Return whether nobody can tell what it says."""
        return self.message is None and not self.is_erased


def new_header() -> bytes:
    """Return what a new file begins with."""
    return MAGIC + secrets.token_bytes(_SALT.size)


def salt_of(header: bytes) -> int:
    """Return the salt of a file that begins so; raise NotASpoolFile if none does."""
    if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
        raise NotASpoolFile("it is no spool file of a version that this one reads")
    return int(_SALT.unpack_from(header, len(MAGIC))[0])


def payload(message: Message) -> bytes:
    """Return the payload that says what `message` says."""
    values = ((name, getattr(message, name)) for name in _DESCRIBED)
    # What is not known is not named, so that older versions read it, too.
    told = orjson.dumps({name: it for name, it in values if it is not None})
    return b"".join((_LENGTH.pack(len(told)), told, message.body))


def framed(payload: bytes, salt: int) -> bytes:
    """Return the record of a payload, for a file with that salt."""
    size = len(payload)
    sums = _head_sum(size, salt), zlib.crc32(payload, salt)
    return _HEAD.pack(MARK, size, *sums) + payload


def record_bytes(payload: bytes) -> int:
    """Return how many bytes a payload takes in a file."""
    return _HEAD.size + len(payload)


def erased(record: bytes, salt: int) -> bytes:
    """Return a record that is as long as `record`, and says nothing."""
    return framed(bytes(len(record) - _HEAD.size), salt)


def scan(stretch: bytes, salt: int) -> Scan:
    """Return every message whose record is intact, in order."""
    found = tuple(pieces(stretch, salt))
    messages = tuple(it.message for it in found if it.message is not None)
    return Scan(messages, is_whole=not any(it.is_damaged for it in found))


def pieces(stretch: bytes, salt: int) -> Iterator[Piece]:
    """Yield the parts of a stretch; each byte belongs to one of them."""
    at = 0
    while at < len(stretch):
        piece = _record(stretch, at, salt) or _damage(stretch, at)
        yield piece
        at = piece.end


def _record(stretch: bytes, at: int, salt: int) -> Piece | None:
    """Return the record at `at`, None if none can be read there."""
    size = _payload_size(stretch, at, salt)
    if size is None:
        return None
    end = at + _HEAD.size + size
    payload = stretch[at + _HEAD.size : end]
    if payload.startswith(_NO_DESCRIPTION):
        return Piece(at, end, is_erased=True)
    message = _read(payload)
    return None if message is None else Piece(at, end, message)


def _damage(stretch: bytes, at: int) -> Piece:
    """Return what lies between `at` and the next place where a record may be."""
    end = stretch.find(MARK, at + 1)
    return Piece(at, len(stretch) if end < 0 else end)


def _payload_size(stretch: bytes, at: int, salt: int) -> int | None:
    """Return how long the payload of the record at `at` is, None if it is damaged."""
    head = stretch[at : at + _HEAD.size]
    if len(head) < _HEAD.size:
        return None
    mark, size, head_sum, payload_sum = _HEAD.unpack(head)
    # The head has a checksum of its own, so that a false mark costs next to nothing.
    if mark != MARK or head_sum != _head_sum(size, salt):
        return None
    payload = stretch[at + _HEAD.size : at + _HEAD.size + size]
    intact = len(payload) == size and zlib.crc32(payload, salt) == payload_sum
    return int(size) if intact else None


def _read(payload: bytes) -> Message | None:
    """Return the message of an intact payload, None if another version wrote it."""
    try:
        end = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
        return Message(**orjson.loads(payload[_LENGTH.size : end]), body=payload[end:])
    except (struct.error, TypeError, ValueError):
        return None


def _head_sum(size: int, salt: int) -> int:
    return zlib.crc32(_LENGTH.pack(size), salt)
