"""Check an id token: who signed it, for whom, when, and in answer to what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from api.login.oauth import NotVouchedFor

#: With public keys only: what a client's secret signs, anybody may have signed.
ALGORITHMS = [
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
]
#: What a text that is no good token can bring the libraries to.
_BROKEN = (
    JoseError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
#: How far its clock and ours may be apart, in seconds.
LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Expected:
    """What a token has to say."""

    issuer: str
    client_id: str
    nonce: str
    #: The access token that came with it.
    access_token: str


def claims(
    id_token: object, keys: Callable[[bool], KeySet], expected: Expected, now: float
) -> dict[str, Any]:
    """Return what the token says; raise NotVouchedFor if it is not good.

    `keys(fresh)` gives the issuer's keys; fresh ones if the token names another one.
    """
    if not isinstance(id_token, str):
        raise NotVouchedFor("there is no id token")
    try:
        token = _decoded(id_token, keys)
        options = {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "nonce": {"essential": True, "value": expected.nonce},
        }
        params = {
            "nonce": expected.nonce,
            "client_id": expected.client_id,
            "access_token": expected.access_token,
        }
        found = CodeIDToken(token.claims, token.header, options, params)
        found.validate(now=int(now), leeway=LEEWAY_SECONDS)
    except _BROKEN as exc:
        # Its message may quote the token.
        raise NotVouchedFor(f"the id token: {_name(exc)}") from None
    return dict(token.claims)


def _decoded(id_token: str, keys: Callable[[bool], KeySet]) -> jwt.Token:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        return jwt.decode(id_token, keys(False), registry=registry)  # noqa: FBT003
    except InvalidKeyIdError:
        # The issuer may have changed its keys since we asked.
        return jwt.decode(id_token, keys(True), registry=registry)  # noqa: FBT003


def _name(error: Exception) -> str:
    claim = getattr(error, "claim", "")
    return f"{type(error).__name__} {claim}".strip()
