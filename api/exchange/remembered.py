"""Remember for a moment whose a personal access token is, without keeping it."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from threading import Lock

#: How long an answer of the Git host counts: a token that is revoked there is good here
#: for no longer than that.
SECONDS = 60.0
#: The most answers that are kept; the oldest make room.
MOST = 4_096


class Remembered:
    """Whose tokens are, by a keyed hash; the key is of this process and nowhere else.

    Only good answers are kept, so that a token that was just made is good at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        #: By the hash of the token, the oldest first: whose it is, and until when.
        self._kept: dict[bytes, tuple[str, float]] = {}

    def get(self, token: str) -> str | None:
        """Return whose the token is; None if that is not known any more."""
        with self._lock:
            subject, until = self._kept.get(self._hash(token), ("", 0.0))
        return subject if self._clock() < until else None

    def put(self, token: str, subject: str) -> None:
        """Remember whose the token is."""
        name, now = self._hash(token), self._clock()
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = (subject, now + SECONDS)
            while len(self._kept) > MOST or self._oldest() <= now:
                del self._kept[next(iter(self._kept))]

    def _oldest(self) -> float:
        _, until = next(iter(self._kept.values()))
        return until

    def _hash(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode(), hashlib.sha256)
