"""Decide who gets a token for a personal access token, and from whom."""

from dataclasses import dataclass

import structlog

from api import trail
from api.claims import NotAuthenticated
from api.exchange.host import Host
from api.exchange.relay import Relay, Relayed
from api.problems import Refused
from api.tokens import Fresh, Tokens
from state.accounts import Accounts

_log = structlog.stdlib.get_logger("api.exchange")

#: How the collection of issued tokens calls what comes from here.
KIND = "exchange"
CHALLENGE = 'Bearer realm="forgewire"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Changes personal access tokens into tokens of ours, or of the upstream."""

    #: None: no Git host is set, so nobody can be authenticated.
    host: Host | None
    accounts: Accounts
    tokens: Tokens
    is_on: bool
    #: None: we issue tokens ourselves.
    relay: Relay | None

    def token(self, personal: str | None, *, is_relayed: bool) -> Fresh | Relayed:
        """Return what the owner of the personal access token gets for it.

        `is_relayed` tells that an instance asks, not a person. Raise Refused in an
        order of which strangers learn nothing: 401 not authenticated, 404 switched
        off, 401 not allowed, 508 a relay of a relay. Raise NoAnswer if a server that
        must be asked says nothing.
        """
        subject = self._owner(personal)
        if not self.is_on:
            raise Refused(404, "not-found", "Not Found")
        standing = self.accounts.standing(subject)
        if standing.role is None:
            raise _refused(f"{subject}: {standing.why_not}")
        trail.subject(subject)
        if self.relay is None:
            fresh = self.tokens.issue(standing, KIND)
            _log.info("token-issued", subject=subject, jti=fresh.issued.jti)
            return fresh
        if is_relayed:
            raise Refused(508, "relay-loop", "A relay does not relay a relay", _LOOP)
        relayed = self.relay.ask()
        _log.info("token-relayed", subject=subject, status=relayed.status)
        return relayed

    def _owner(self, personal: str | None) -> str:
        if personal is None:
            raise _refused("no token")
        if self.host is None:
            raise _refused("no Git host is set to ask: FORGEWIRE_GITLAB_URL")
        try:
            return self.host.owner(personal)
        except NotAuthenticated as exc:
            raise _refused(str(exc)) from None


_LOOP = "FORGEWIRE_UPSTREAM_URL must name an instance that issues tokens itself."


def _refused(why: str) -> Refused:
    """Return the one answer to all whom we do not know; why is for our own log."""
    _log.warning("refused", why=why)
    return Refused(
        401,
        "unauthenticated",
        "A good token is needed",
        "Send `Authorization: Bearer <token>`, with a personal access token of the "
        "Git host that has the scope read_user.",
        headers=[("WWW-Authenticate", CHALLENGE)],
    )
