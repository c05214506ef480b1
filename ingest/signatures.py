"""Check signatures of the Standard Webhooks specification, version v1 (HMAC-SHA256)."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers

HEADER = "webhook-signature"
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"

#: How far the sender's clock may be from ours, in seconds, both ways.
TOLERANCE_SECONDS = 300
#: Longest list of signatures looked at, in characters: one has 47.
MAX_LIST_LENGTH = 4096
_MAX_DIGITS = 15


class BadSignature(Exception):
    """Raised when a signature cannot be right, whatever the body; says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What the headers of a signed delivery claim about its body."""

    id: str
    timestamp: str
    claimed: tuple[bytes, ...] = field(repr=False)

    def fits(self, body: bytes, keys: Sequence[bytes]) -> bool:
        """Return whether one of the `keys` made one of the claimed signatures."""
        found = False
        for key in keys:
            expected = sign(self.id, self.timestamp, body, key)
            for claimed in self.claimed:
                found |= hmac.compare_digest(expected, claimed)
        return found


def sign(id_: str, timestamp: str, body: bytes, key: bytes) -> bytes:
    """Return the signature in base64, without its version."""
    head = f"{id_}.{timestamp}.".encode("latin-1", "replace")
    digest = hmac.new(key, head, "sha256")
    digest.update(body)
    return b64encode(digest.digest())


def read(headers: Headers, now_seconds: float) -> Signature:
    """Return what the headers claim; raise BadSignature if that cannot be right."""
    id_ = headers.get(ID_HEADER, "")
    if not id_:
        raise BadSignature(f"{ID_HEADER} is missing.")
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise BadSignature(f"{TIMESTAMP_HEADER} is not a number of seconds.")
    # int() refuses thousands of digits with an exception of its own.
    if abs(int(timestamp[:_MAX_DIGITS]) - now_seconds) > TOLERANCE_SECONDS:
        raise BadSignature(
            f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS} seconds from the "
            "receiver's clock: compare the clocks of both machines."
        )
    return Signature(id_, timestamp, _claims(headers.get(HEADER, "")))


def _claims(value: str) -> tuple[bytes, ...]:
    if len(value) > MAX_LIST_LENGTH:
        raise BadSignature(f"{HEADER} is longer than {MAX_LIST_LENGTH} characters.")
    entries = (entry.partition(",") for entry in value.split(" "))
    return tuple(
        signature.encode("latin-1", "replace")
        for version, _, signature in entries
        if version == "v1"
    )
