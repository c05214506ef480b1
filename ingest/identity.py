"""Give each delivery the names that it is known by further on."""

import hashlib
import itertools
import re
import secrets
from collections import deque

from werkzeug.datastructures import Headers

from tracing import header

#: Longest id of a delivery taken as it came, in characters; the host's have 36.
MAX_ID_LENGTH = 200

_ID = re.compile(rf"[!-~]{{1,{MAX_ID_LENGTH}}}")


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


def trace(headers: Headers) -> tuple[str | None, str | None]:
    """Return `traceparent` and `tracestate` of a request, as far as well-formed."""
    given = headers.get("traceparent")
    if given is None:
        return None, None
    return header.pair(given, headers.get("tracestate"))


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return f"sha256-{digest.hexdigest()}"
