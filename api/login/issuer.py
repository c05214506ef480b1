"""Ask an OIDC issuer what it says of itself, and for its keys; keep both."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from api.outgoing import Client as Http
from api.unanswered import Away

#: What it says of itself is asked for again after so long.
KEEP_SECONDS = 3600
_KINDS: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What of a discovery document we use: OpenID Connect Discovery 1.0, 3."""

    #: Spelled as in its tokens.
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    #: The client's secret goes into the body: it takes it nowhere else.
    wants_secret_in_body: bool


class Issuer:
    """An issuer; safe to share among threads."""

    def __init__(
        self, url: str, http: Http, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._known: tuple[float, Metadata] | None = None
        self._keys: KeySet | None = None

    def metadata(self) -> Metadata:
        """Return what it says of itself; raise NoAnswer if it is away."""
        known, now = self._known, self._clock()
        if known is None or now - known[0] >= KEEP_SECONDS:
            reply = self._http.get(f"{self._url}/.well-known/openid-configuration")
            if reply.status != HTTPStatus.OK:
                raise Away(f"discovery answered {reply.status}")
            known = self._known = (now, _metadata(reply.object(), self._url))
        return known[1]

    def key_set(self, *, fresh: bool = False) -> KeySet:
        """Return the keys that it signs with; `fresh`: as they are now."""
        keys = self._keys
        if keys is None or fresh:
            reply = self._http.get(self.metadata().jwks_uri)
            if reply.status != HTTPStatus.OK:
                raise Away(f"its key set answered {reply.status}")
            keys = self._keys = _key_set(reply.object())
        return keys


def _metadata(told: Mapping[str, Any], url: str) -> Metadata:
    issuer = told.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != url:
        raise Away("it says that it is another issuer")
    methods = told.get("token_endpoint_auth_methods_supported")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_url_of(told, "authorization_endpoint"),
        token_endpoint=_url_of(told, "token_endpoint"),
        jwks_uri=_url_of(told, "jwks_uri"),
        userinfo_endpoint=_perhaps(told, "userinfo_endpoint"),
        end_session_endpoint=_perhaps(told, "end_session_endpoint"),
        wants_secret_in_body=isinstance(methods, list)
        and "client_secret_basic" not in methods,
    )


def _url_of(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    # Whoever trusts the issuer by TLS must not be led away from it.
    wanted = {"https", _scheme(told["issuer"])}
    if not isinstance(found, str) or _scheme(found) not in wanted:
        raise Away(f"its {name} is of no use")
    return found


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _perhaps(told: Mapping[str, Any], name: str) -> str | None:
    return _url_of(told, name) if told.get(name) else None


def _key_set(told: Mapping[str, Any]) -> KeySet:
    listed = told.get("keys")
    if not isinstance(listed, list):
        raise Away("its key set is none")
    found = [_key(one) for one in listed if isinstance(one, dict)]
    return KeySet([key for key in found if key is not None])


def _key(told: dict[str, Any]) -> RSAKey | ECKey | None:
    kind = _KINDS.get(str(told.get("kty")))
    if kind is None or told.get("use", "sig") != "sig":
        return None
    try:
        return kind.import_key(told)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
