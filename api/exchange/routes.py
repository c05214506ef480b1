"""Take personal access tokens: POST /api/v1/tokens, and the path that GitLab had."""

import structlog
from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api import guard
from api.exchange import relay
from api.exchange.exchange import CHALLENGE, Exchange
from api.exchange.host import Host
from api.exchange.relay import Relay, Relayed
from api.exchange.remembered import Remembered
from api.problems import MEDIA_TYPE, ProblemSchema
from api.services import Services
from api.tokens import Fresh

_ABOUT = """Give a personal access token of the Git host, get a token of ours.

The personal access token comes as `Authorization: Bearer`; a body is not read. It
is checked at the Git host, and is kept nowhere. Refusals come in this order: 401 the
host does not vouch for the token, 404 this instance exchanges none, 401 its owner may
not use it. An instance with an upstream answers what the upstream answers.
"""
_log = structlog.stdlib.get_logger("api.exchange")

_UNAUTHENTICATED = 401
_SECURITY: list[dict[str, list[str]]] = [{"personalAccessToken": []}]
_REFUSALS = {
    401: "Nobody who may: the token is not good, or its owner is not in the team.",
    404: "No tokens are exchanged here.",
    429: "Too many tries from one address.",
    502: "The Git host or the upstream gave no answer.",
    504: "The Git host or the upstream was too slow.",
    508: "A relay asked an instance that would relay it again.",
}


class GrantSchema(Schema):
    """A token that was issued."""

    access_token = fields.String(
        required=True, metadata={"description": "A JWT, for `Authorization: Bearer`."}
    )
    expires_in = fields.Integer(
        required=True,
        metadata={"description": "How long it lives, in seconds.", "example": 3600},
    )
    created_at = fields.Integer(
        required=True,
        metadata={"description": "In seconds since 1970.", "example": 1795377600},
    )


def blueprint(services: Services) -> Blueprint:
    """Return the route and its alias."""
    routes = Blueprint("exchange", __name__, description="Tokens for tokens.")
    exchange = _exchange(services)

    def tokens() -> Response:
        is_relayed = relay.MARK in request.headers
        given = exchange.token(guard.bearer(), is_relayed=is_relayed)
        answer = _relayed(given) if isinstance(given, Relayed) else _granted(given)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    tokens.__doc__ = _ABOUT
    view = routes.response(201, GrantSchema)(tokens)
    for status, about in _REFUSALS.items():
        refused = routes.alt_response(
            status,
            schema=ProblemSchema,
            content_type=MEDIA_TYPE,
            description=about,
        )
        view = refused(view)
    view = routes.doc(security=_SECURITY)(view)
    routes.post("/api/v1/tokens", endpoint="tokens")(view)
    routes.post(relay.PATH, endpoint="alias")(view)
    return routes


def _exchange(services: Services) -> Exchange:
    access = services.settings.access
    upstream, stored = access.upstream_url, access.upstream_token
    if access.tokens_enabled and not access.gitlab_url:
        _log.warning("nobody-to-ask", set="FORGEWIRE_GITLAB_URL", so="401 to everybody")
    return Exchange(
        host=_host(services, access.gitlab_url) if access.gitlab_url else None,
        accounts=services.accounts,
        tokens=services.tokens,
        # Who has an upstream and no token for it has nothing to give.
        is_on=access.tokens_enabled and bool(stored or not upstream),
        relay=Relay(services.http, upstream, stored) if upstream and stored else None,
    )


def _host(services: Services, url: str) -> Host:
    return Host(services.http, url, services.now, Remembered())


def _granted(fresh: Fresh) -> Response:
    answer = jsonify(
        access_token=fresh.token,
        expires_in=fresh.expires_in,
        created_at=fresh.created_at,
    )
    answer.status_code = 201
    return answer


def _relayed(told: Relayed) -> Response:
    answer = Response(told.body, told.status, content_type=told.media_type)
    if told.status == _UNAUTHENTICATED:
        # It is this instance that the upstream does not know.
        answer.headers["WWW-Authenticate"] = CHALLENGE
    return answer
