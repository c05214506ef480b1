"""Know who was let in lately, so that the console shows that MongoDB is away."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from api.tokens import Identity, NotAuthenticated, Tokens
from schemas.errors import StateUnavailable, TookTooLong
from state.client import limited

#: How long MongoDB may take to say who asks, in seconds.
PATIENCE_SECONDS = 1.0
#: How long somebody is known without it, who may do no more than look.
KNOWN_FOR = timedelta(minutes=15)
ROLE = "viewer"
#: The most that are known, those first forgotten who were longest away.
MOST = 1_000


class Lately:
    """Who was let in lately; safe to share among threads.

    Of a token that was revoked elsewhere nobody could tell us now. What stands in
    MongoDB is not to be seen with it, either.
    """

    def __init__(self, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[datetime, Identity]] = OrderedDict()

    def identify(self, token: str) -> tuple[Identity, bool]:
        """Return whose token it is, and whether MongoDB says so.

        Raise NotAuthenticated, or StateUnavailable if nobody knows.
        """
        try:
            with limited(PATIENCE_SECONDS):
                found = self._tokens.identify(token)
        except NotAuthenticated:
            self._forget(token)
            raise
        except (StateUnavailable, TookTooLong) as exc:
            return self._remembered(token, exc), False
        self._keep(found)
        return found, True

    def _keep(self, found: Identity) -> None:
        with self._lock:
            self._known[found.jti] = (self._now(), found)
            self._known.move_to_end(found.jti)
            if len(self._known) > MOST:
                self._known.popitem(last=False)

    def _forget(self, token: str) -> None:
        with suppress(NotAuthenticated), self._lock:
            self._known.pop(self._tokens.read(token)["jti"], None)

    def _remembered(self, token: str, cause: Exception) -> Identity:
        # Signed by us, and not expired: that needs no database.
        said = self._tokens.read(token)
        with self._lock:
            at, found = self._known.get(said["jti"], (None, None))
        if found is None or at is None or self._now() - at > KNOWN_FOR:
            raise StateUnavailable("MongoDB did not say who asks") from cause
        return replace(found, role=ROLE)
