"""Sign what a token says, and read it back if it is ours and good now; no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import errors, jwt

from api.keys import ALGORITHMS, Ring
from config.access import MAX_TOKEN_SECONDS
from schemas.errors import ForgewireError

#: How far clocks of several machines may be apart, in seconds.
LEEWAY_SECONDS = 5
#: Longer texts are not looked at.
MAX_TOKEN_CHARS = 8_192
_TYPE = "JWT"

_WHY: Mapping[type[Exception], str] = {
    errors.BadSignatureError: "its signature is wrong",
    errors.InvalidKeyIdError: "its key is none of ours, or no longer",
    errors.UnsupportedAlgorithmError: "its algorithm is none of ours",
    errors.ExpiredTokenError: "it has expired",
}


class NotAuthenticated(ForgewireError):
    """Raised when a token is none of ours, or no longer good; the message says why.

    For our own log only: who sent it is told no more than that it is not good.
    """


@dataclass(frozen=True, slots=True)
class Terms:
    """Who issues our tokens, and for whom."""

    issuer: str
    audience: str


def sign(claims: Mapping[str, Any], terms: Terms, ring: Ring, now: float) -> str:
    """Return a token that says `claims`, which need `iat`, and by whom and for whom."""
    key = ring.signing(now)
    told = {
        "iss": terms.issuer,
        "aud": terms.audience,
        "nbf": claims["iat"] - LEEWAY_SECONDS,
        **claims,
    }
    header = {"typ": _TYPE, "alg": key.algorithm, "kid": key.kid}
    return jwt.encode(header, told, key.jwk, algorithms=list(ALGORITHMS))


def read(token: str, terms: Terms, ring: Ring, now: float) -> dict[str, Any]:
    """Return what a token says; raise NotAuthenticated if it is not good at `now`."""
    if len(token) > MAX_TOKEN_CHARS:
        raise NotAuthenticated("it is too long")
    try:
        keys = ring.verifying(now)
        decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        header, claims = decoded.header, decoded.claims
        _rules(terms, int(now)).validate(claims)
    # What a stranger's text can bring two libraries to is not ours to list, and none
    # of it is a bug of ours. The message may quote the text.
    except Exception as exc:  # noqa: BLE001
        raise NotAuthenticated(_why(exc)) from None
    if header.get("typ") != _TYPE or not isinstance(header.get("kid"), str):
        raise NotAuthenticated("its header is not like ours")
    _check_times(claims)
    return claims


def _rules(terms: Terms, now: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": terms.issuer},
        aud={"essential": True, "value": terms.audience},
        sub={"essential": True},
        iat={"essential": True},
        nbf={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )


def _check_times(claims: Mapping[str, Any]) -> None:
    times = [claims[name] for name in ("iat", "nbf", "exp")]
    if not all(type(time) is int for time in times):
        raise NotAuthenticated("its times are no whole seconds")
    if claims["exp"] - claims["iat"] > MAX_TOKEN_SECONDS:
        raise NotAuthenticated("it would live for too long")


def _why(error: Exception) -> str:
    if isinstance(error, errors.MissingClaimError):
        return "a claim is missing"
    if isinstance(error, errors.ClaimError) and type(error) not in _WHY:
        return f"its claim {error.claim} is not good here"
    return _WHY.get(type(error), "it is no token")
