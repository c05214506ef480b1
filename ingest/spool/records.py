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
_DESCRIBED = tuple(it.name for it in fields(Message) if it.name != "body")

HEADER_BYTES = len(MAGIC) + _SALT.size


@dataclass(frozen=True, slots=True)
class Scan:
    """What a stretch of a file holds."""

    messages: tuple[Message, ...]
    #: Whether every byte belongs to one of them.
    is_whole: bool


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
    told = orjson.dumps({name: getattr(message, name) for name in _DESCRIBED})
    return b"".join((_LENGTH.pack(len(told)), told, message.body))


def framed(payload: bytes, salt: int) -> bytes:
    """Return the record of a payload, for a file with that salt."""
    size = len(payload)
    sums = _head_sum(size, salt), zlib.crc32(payload, salt)
    return _HEAD.pack(MARK, size, *sums) + payload


def record_bytes(payload: bytes) -> int:
    """Return how many bytes a payload takes in a file."""
    return _HEAD.size + len(payload)


def scan(stretch: bytes, salt: int) -> Scan:
    """Return every message whose record is intact, in order."""
    found = tuple(_messages(stretch, salt))
    messages = tuple(it for it in found if it is not None)
    return Scan(messages, is_whole=len(messages) == len(found))


def _messages(stretch: bytes, salt: int) -> Iterator[Message | None]:
    """Yield messages, and None for each place where there should be one."""
    at = 0
    while at < len(stretch):
        body_at = at + _HEAD.size
        size = _payload_size(stretch, at, salt)
        message = None if size is None else _read(stretch[body_at : body_at + size])
        yield message
        if message is not None and size is not None:
            at = body_at + size
        else:
            at = stretch.find(MARK, at + 1)
            at = len(stretch) if at < 0 else at


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
