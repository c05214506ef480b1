"""Speak OAuth 2.0: where to send somebody, and what the code they bring is worth."""

from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from api.outgoing import Client as Http
from api.unanswered import Away
from config.access import Client
from schemas.errors import ForgewireError
from state.sign_ins import SignIn

#: Errors of RFC 6749 that are no fault of who signs in.
_OUR_FAULTS = (
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
)


class NotVouchedFor(ForgewireError):
    """Raised when a provider does not say who it is; the message is for our own log."""


def authorization_url(
    endpoint: str, client: Client, sign_in: SignIn, state: str, **more: str
) -> str:
    """Return the URL at `endpoint` where somebody signs in, and comes back from."""
    url: str = prepare_grant_uri(
        endpoint,
        client.client_id,
        "code",
        sign_in.redirect_uri,
        state=state,
        code_challenge=create_s256_code_challenge(sign_in.verifier),
        code_challenge_method="S256",
        **more,
    )
    return url


def exchange(
    http: Http,
    endpoint: str,
    client: Client,
    sign_in: SignIn,
    code: str,
    *,
    secret_in_body: bool = False,
) -> dict[str, Any]:
    """Return what the token endpoint gives for a code: `access_token`, and so on.

    Raise NotVouchedFor if it refuses the code, and what `http` raises.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sign_in.redirect_uri,
        "code_verifier": sign_in.verifier,
    }
    headers = {"Accept": "application/json"}
    if secret_in_body:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    else:
        headers["Authorization"] = _basic(client)
    reply = http.post(endpoint, headers, form=form)
    told = reply.object()
    if reply.status == HTTPStatus.OK and isinstance(told.get("access_token"), str):
        return told
    raise _failure(reply.status, told)


def bearer(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that show the access token."""
    return {
        "Accept": "application/json",
        "Authorization": f"Bearer {told['access_token']}",
    }


def _basic(client: Client) -> str:
    # RFC 6749, 2.3.1: both are form-encoded first.
    pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _failure(status: int, told: Mapping[str, Any]) -> ForgewireError:
    error = told.get("error")
    if error == "invalid_grant":
        return NotVouchedFor("the code is refused")
    # What else it says may quote what it was sent.
    named = error if error in _OUR_FAULTS else "no error of OAuth"
    return Away(f"the token endpoint answered {status}: {named}")
