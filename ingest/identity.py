"""Give each delivery the names that it is known by further on."""

import hashlib
import itertools
import re
import secrets
from collections import deque

from werkzeug.datastructures import Headers

#: Longest id of a delivery taken as it came, in characters; the host's have 36.
MAX_ID_LENGTH = 200

_ID = re.compile(rf"[!-~]{{1,{MAX_ID_LENGTH}}}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


class Receipts:
    """Number what one start of the receiver hands on; safe to share among threads."""

    def __init__(self) -> None:
        # Drawn, not the time: two receivers may start in the same second.
        self._start = secrets.token_hex(4)
        # A step of count() is atomic, and so is what a deque does.
        self._numbers = itertools.count(1)
        self._unused: deque[str] = deque()

    def take(self) -> str:
        """Return the next receipt: "3f9c2a71.42"."""
        try:
            return self._unused.popleft()
        except IndexError:
            return f"{self._start}.{next(self._numbers)}"

    def give_back(self, receipt: str) -> None:
        """Use a receipt again: its event was not accepted, and must not look lost."""
        self._unused.append(receipt)


def delivery_id(headers: Headers, source: str, body: bytes) -> str:
    """Return the id by which a delivery that comes again is recognised.

    The host keeps `webhook-id` over its retries, and `Idempotency-Key` before 19.0;
    older hosts send neither, and what is left is the body.
    """
    given = headers.get("webhook-id") or headers.get("Idempotency-Key")
    if not given:
        return _digest(source.encode(), b"\0", body)
    if _ID.fullmatch(given):
        return given
    return _digest(given.encode("utf-8", "surrogatepass"))


def traceparent(headers: Headers) -> str | None:
    """Return the W3C trace context that the request carries, if it is well-formed."""
    given = headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return f"sha256-{digest.hexdigest()}"
