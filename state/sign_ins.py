"""Keep sign-ins that were begun: each is ended once, by the browser that began it."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from state.client import translated
from state.documents import Db

_KEPT_APART = {"_id": 0, "browser": 0, "expires_at": 0}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SignIn:
    """What has to be known again when somebody comes back from where they sign in."""

    #: Where they were sent to: "gitlab" or "oidc".
    provider: str
    #: Who takes them in again: "browser", or "front-end" for one of somebody's own.
    flow: str
    redirect_uri: str
    #: The secret of PKCE, of which the provider has seen the digest.
    verifier: str
    #: What an id token has to repeat.
    nonce: str
    #: The path to go to in the end.
    next: str = "/"


class SignIns:
    """The collection `sign_ins`; MongoDB removes a row some time after it expired.

    Of `state` and of what is in the browser's cookie it keeps digests only.
    """

    def __init__(self, db: Db) -> None:
        self._rows = db["sign_ins"]

    def begin(
        self, sign_in: SignIn, *, state: str, browser: str, expires_at: datetime
    ) -> None:
        """Note a sign-in before its browser is sent away."""
        row = {
            "_id": _digest(state),
            "browser": _digest(browser),
            "expires_at": expires_at,
            **asdict(sign_in),
        }
        with translated():
            self._rows.insert_one(row)

    def take(
        self, *, provider: str, flow: str, state: str, browser: str, now: datetime
    ) -> SignIn | None:
        """Return the sign-in, and never again; None if there is none like that.

        Another browser does not use it up.
        """
        wanted = {
            "_id": _digest(state),
            "browser": _digest(browser),
            "provider": provider,
            "flow": flow,
            "expires_at": {"$gt": now},
        }
        with translated():
            row = self._rows.find_one_and_delete(wanted, _KEPT_APART)
        return SignIn(**row) if row else None


def index_sign_ins(db: Db) -> None:
    """Have MongoDB remove sign-ins that were never ended."""
    db["sign_ins"].create_index("expires_at", name="expiry", expireAfterSeconds=0)


def _digest(secret: str) -> str:
    # Of 256 random bits, so nothing slower is needed.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
