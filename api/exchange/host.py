"""Ask the Git host whose a personal access token is, and whether it is good."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from api.claims import NotAuthenticated
from api.exchange.remembered import Remembered
from api.outgoing import Client, Reply
from api.unanswered import Away
from config.settings import DEFAULT_SOURCE

#: A token with one of these may read who its owner is.
SCOPES = frozenset({"read_user", "read_api", "api"})
#: Nothing else is sent on: no blanks, no line ends.
_TOKEN = re.compile(r"[\x21-\x7e]{1,512}")

_OK = 200
#: What the host answers if a token is not good, or none that could be asked about.
_REFUSALS = frozenset({400, 401, 403, 404})


class Host:
    """The Git host where personal access tokens come from."""

    def __init__(
        self,
        http: Client,
        url: str,
        now: Callable[[], datetime],
        remembered: Remembered,
    ) -> None:
        self._http = http
        self._url = url
        self._now = now
        self._remembered = remembered

    def owner(self, token: str) -> str:
        """Return the subject whose token it is, such as `gitlab:41`.

        Raise NotAuthenticated if the host does not vouch for it, NoAnswer if it says
        nothing. No message holds the token.
        """
        if not _TOKEN.fullmatch(token):
            raise NotAuthenticated("no personal access token")
        known = self._remembered.get(token)
        if known is None:
            known = self._asked(token)
            self._remembered.put(token, known)
        return known

    def _asked(self, token: str) -> str:
        bearer = {"Authorization": f"Bearer {token}"}
        about = _told(
            self._http.get(f"{self._url}/api/v4/personal_access_tokens/self", bearer)
        )
        why_not = flaw(about, self._now())
        if why_not:
            raise NotAuthenticated(why_not)
        user = _told(self._http.get(f"{self._url}/api/v4/user", bearer))
        user_id = user.get("id")
        if type(user_id) is not int or user_id != about.get("user_id"):
            raise NotAuthenticated("of nobody")
        if user.get("state") != "active":
            raise NotAuthenticated("of somebody who is not active")
        return f"{DEFAULT_SOURCE}:{user_id}"


def flaw(about: Mapping[str, Any], now: datetime) -> str | None:
    """Return why a token is not good, by what the host says of it; None if it is."""
    if about.get("active") is not True or about.get("revoked") is not False:
        return "revoked or not active"
    if _is_over(about.get("expires_at"), now.date()):
        return "expired"
    scopes = about.get("scopes")
    if not isinstance(scopes, list) or SCOPES.isdisjoint(map(str, scopes)):
        return "without a scope that reads its owner"
    return None


def _is_over(expires_at: Any, today: date) -> bool:
    """Return whether a token ended: it does as the day that the host names begins."""
    if expires_at is None:
        return False
    try:
        return date.fromisoformat(str(expires_at)[:10]) <= today
    except ValueError:
        return True


def _told(reply: Reply) -> dict[str, Any]:
    if reply.status in _REFUSALS:
        raise NotAuthenticated(f"the host answered {reply.status}")
    if reply.status != _OK:
        raise Away(f"the Git host answered {reply.status}")
    return reply.object()
