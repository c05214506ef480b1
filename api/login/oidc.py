"""Sign in at an OpenID Connect issuer, such as Keycloak, Hydra or GitLab."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from api.login import id_token, oauth
from api.login.issuer import Issuer, Metadata
from api.login.person import Person
from api.outgoing import Client as Http
from api.unanswered import Away, NoAnswer
from config.access import ROLES, Access, Client
from config.settings import DEFAULT_SOURCE
from state.sign_ins import SignIn

SCOPE = "openid profile"


class Oidc:
    """The issuer as a place to sign in."""

    name = "oidc"

    def __init__(
        self,
        client: Client,
        access: Access,
        http: Http,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._access = access
        self._http = http
        self._clock = clock
        self._issuer = Issuer(client.url, http)

    def authorization_url(self, sign_in: SignIn, state: str) -> str:
        """Return where to send the browser; raise NoAnswer if the issuer is away."""
        endpoint = self._issuer.metadata().authorization_endpoint
        return oauth.authorization_url(
            endpoint, self._client, sign_in, state, scope=SCOPE, nonce=sign_in.nonce
        )

    def person(self, code: str, sign_in: SignIn) -> Person:
        """Return who brought the code; raise NotVouchedFor or NoAnswer."""
        metadata = self._issuer.metadata()
        told = oauth.exchange(
            self._http,
            metadata.token_endpoint,
            self._client,
            sign_in,
            code,
            secret_in_body=metadata.wants_secret_in_body,
        )
        expected = id_token.Expected(
            issuer=metadata.issuer,
            client_id=self._client.client_id,
            nonce=sign_in.nonce,
            access_token=told["access_token"],
        )
        claims = id_token.claims(
            told.get("id_token"),
            lambda fresh: self._issuer.key_set(fresh=fresh),
            expected,
            self._clock(),
        )
        return person(self._completed(claims, metadata, told), self._access)

    def end_session_url(self, back_to: str) -> str | None:
        """Return where to end the session at the issuer; None if it offers no such."""
        try:
            endpoint = self._issuer.metadata().end_session_endpoint
        except NoAnswer:
            return None
        told = {
            "client_id": self._client.client_id,
            "post_logout_redirect_uri": back_to,
        }
        return f"{endpoint}?{urlencode(told)}" if endpoint else None

    def _completed(
        self, claims: dict[str, Any], metadata: Metadata, told: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the claims, with those of the user info if some are missing."""
        wanted = {self._access.oidc_user_claim, self._access.oidc_roles_claim} - {""}
        if wanted <= claims.keys() or metadata.userinfo_endpoint is None:
            return claims
        reply = self._http.get(metadata.userinfo_endpoint, oauth.bearer(told))
        more = reply.object() if reply.status == HTTPStatus.OK else {}
        if more.get("sub") != claims["sub"]:
            raise Away(f"its user info answered {reply.status}, or of somebody else")
        return more | claims


def person(claims: Mapping[str, Any], access: Access) -> Person:
    """Return who the claims are about, and the highest role that they give."""
    named = claims.get(access.oidc_user_claim)
    told = str(named) if isinstance(named, str | int) else ""
    by_id = access.oidc_user_claim == "sub"
    is_id = by_id and told.isascii() and told.isdecimal()
    return Person(
        # What is no number is no id of the host, and may be a name.
        subject=f"{DEFAULT_SOURCE}:{told}" if is_id else "",
        username="" if by_id else told,
        role=_role(claims.get(access.oidc_roles_claim), access.oidc_roles),
        gives_roles=bool(access.oidc_roles_claim),
    )


def _role(told: object, roles: Mapping[str, str]) -> str | None:
    groups = [told] if isinstance(told, str) else told
    if not isinstance(groups, list):
        return None
    given = {roles[one] for one in groups if isinstance(one, str) and one in roles}
    return max(given, key=ROLES.index, default=None)
