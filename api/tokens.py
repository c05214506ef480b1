"""Issue our tokens, and tell whose a token is: JWTs that can be revoked."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError

from api.keyring import ALGORITHMS, Keyring
from config.access import MAX_TOKEN_SECONDS, ROLES
from schemas.errors import ForgewireError
from state.accounts import Accounts, Standing
from state.issued import Issued, IssuedTokens

#: How far clocks of several machines may be apart, in seconds.
LEEWAY_SECONDS = 5
#: Longer texts are not looked at.
MAX_TOKEN_CHARS = 8_192


class NotAuthenticated(ForgewireError):
    """Raised when a token is none of ours, or no longer good; the message says why.

    For our own log only: who sent it is told no more than that it is not good.
    """


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
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)


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
        self._issuer = issuer
        self._audience = audience
        self._seconds = seconds

    def issue(self, standing: Standing, kind: str, seconds: int | None = None) -> Fresh:
        """Return a token for who has that standing; raise ValueError without a role."""
        if standing.role is None:
            raise ValueError("who has no role gets no token")
        now = datetime.fromtimestamp(int(self._keyring.clock()), UTC)
        lives = min(seconds or self._seconds, MAX_TOKEN_SECONDS)
        issued = Issued(
            jti=str(uuid.uuid4()),
            subject=standing.subject,
            roles=(standing.role,),
            kind=kind,
            issued_at=now,
            expires_at=now + timedelta(seconds=lives),
        )
        self._issued.add(issued)
        return Fresh(self._signed(issued), issued)

    def identify(self, token: str) -> Identity:
        """Return whose token it is; raise NotAuthenticated if it is not good.

        What the token says is checked against what is known now: it is good for no
        more than the role that its subject still has.
        """
        jti = self._verified(token)
        issued = self._issued.get(jti)
        if issued is None:
            raise NotAuthenticated("not known")
        if issued.revoked_at is not None:
            raise NotAuthenticated("revoked")
        standing = self._accounts.standing(issued.subject)
        if standing.role is None:
            raise NotAuthenticated(standing.why_not or "no role")
        ranks = [ROLES.index(role) for role in (*issued.roles[:1], standing.role)]
        return Identity(
            issued.subject,
            ROLES[min(ranks)],
            jti,
            issued.expires_at,
            standing.username,
        )

    def _signed(self, issued: Issued) -> str:
        key = self._keyring.ring.signing(self._keyring.clock())
        issued_at = int(issued.issued_at.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": issued.subject,
            "iat": issued_at,
            "nbf": issued_at - LEEWAY_SECONDS,
            "exp": int(issued.expires_at.timestamp()),
            "jti": issued.jti,
            "roles": list(issued.roles),
        }
        header = {"typ": "JWT", "alg": key.algorithm, "kid": key.kid}
        return jwt.encode(header, claims, key.jwk, algorithms=list(ALGORITHMS))

    def _verified(self, token: str) -> str:
        if len(token) > MAX_TOKEN_CHARS:
            raise NotAuthenticated("too long")
        now = self._keyring.clock()
        try:
            decoded = jwt.decode(
                token,
                self._keyring.ring.verifying(now),
                algorithms=list(ALGORITHMS),
            )
            self._rules(int(now)).validate(decoded.claims)
            if decoded.header.get("kid") is None:
                raise NotAuthenticated("no kid")
            return str(decoded.claims["jti"])
        except (JoseError, ValueError, TypeError, KeyError) as exc:
            # Its message may quote what was sent.
            raise NotAuthenticated(type(exc).__name__) from None

    def _rules(self, now: int) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            iat={"essential": True},
            nbf={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
        )
