"""Issue our tokens, and tell whose a token is: JWTs that can be revoked."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api import claims
from api.claims import NotAuthenticated, Terms
from api.keyring import Keyring
from config.access import MAX_TOKEN_SECONDS, ROLES
from state.accounts import Accounts, Standing
from state.issued import Issued, IssuedTokens
from state.standing import rank

#: What was issued last in this context, for whoever accounts for a request.
LATEST: ContextVar[Issued | None] = ContextVar("issued", default=None)

__all__ = ["LATEST", "Fresh", "Identity", "NotAuthenticated", "Tokens"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a request, and what they may do at this moment."""

    subject: str
    #: The highest role, or None.
    role: str | None
    jti: str
    expires_at: datetime
    username: str | None = None

    def may(self, role: str) -> bool:
        """Return whether they may do what `role` may."""
        return rank(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True, repr=False)
class Fresh:
    """A token that was just issued."""

    token: str
    issued: Issued

    @property
    def expires_in(self) -> int:
        """Return the seconds that it lives."""
        return round((self.issued.expires_at - self.issued.issued_at).total_seconds())

    @property
    def created_at(self) -> int:
        """Return when it was issued, in seconds since 1970."""
        return int(self.issued.issued_at.timestamp())


class Tokens:
    """Issues and checks tokens; safe to share among threads."""

    def __init__(
        self,
        keyring: Keyring,
        accounts: Accounts,
        issued: IssuedTokens,
        *,
        issuer: str,
        audience: str,
        seconds: int = MAX_TOKEN_SECONDS,
    ) -> None:
        self._keyring = keyring
        self._accounts = accounts
        self._issued = issued
        self._terms = Terms(issuer, audience)
        self._seconds = seconds

    def issue(
        self,
        standing: Standing,
        kind: str,
        seconds: int | None = None,
        *,
        role: str | None = None,
    ) -> Fresh:
        """Return a token for who has that standing, maybe of a lower `role`.

        Raise ValueError without a role, or for a higher one, or for no time at all.
        """
        bears = role or standing.role
        if bears is None or rank(bears) > rank(standing.role):
            raise ValueError("who has no such role gets no such token")
        lives = min(self._seconds if seconds is None else seconds, MAX_TOKEN_SECONDS)
        if lives < 1:
            raise ValueError("a token lives for a second at least")
        now = datetime.fromtimestamp(int(self._keyring.clock()), UTC)
        issued = Issued(
            jti=str(uuid.uuid4()),
            subject=standing.subject,
            roles=(bears,),
            kind=kind,
            issued_at=now,
            expires_at=now + timedelta(seconds=lives),
        )
        self._issued.add(issued)
        LATEST.set(issued)
        return Fresh(self._signed(issued), issued)

    def identify(self, token: str) -> Identity:
        """Return whose token it is; raise NotAuthenticated if it is not good.

        What the token says is checked against what is known now: it is good for no
        more than the role that its subject still has.
        """
        said = self.read(token)
        issued = self._issued.get(said["jti"])
        if issued is None or issued.subject != said["sub"]:
            raise NotAuthenticated("nobody issued it here")
        if issued.revoked_at is not None:
            raise NotAuthenticated("it was revoked")
        if issued.expires_at.timestamp() <= self._keyring.clock():
            raise NotAuthenticated("it has expired")
        standing = self._accounts.standing(issued.subject)
        if standing.role is None:
            raise NotAuthenticated(f"its subject: {standing.why_not}")
        role = min(*issued.roles, standing.role, key=rank)
        return Identity(
            issued.subject, role, issued.jti, issued.expires_at, standing.username
        )

    def read(self, token: str) -> dict[str, Any]:
        """Return what a token says that we signed and that has not expired.

        It may have been revoked. Raise NotAuthenticated.
        """
        clock = self._keyring.clock()
        return claims.read(token, self._terms, self._keyring.ring, clock)

    def _signed(self, issued: Issued) -> str:
        says = {
            "sub": issued.subject,
            "iat": int(issued.issued_at.timestamp()),
            "exp": int(issued.expires_at.timestamp()),
            "jti": issued.jti,
            "roles": list(issued.roles),
        }
        return claims.sign(says, self._terms, self._keyring.ring, self._keyring.clock())
