"""Let nobody in without a good token, but to the routes that one list names."""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app, g, request

from api.patience import Lately
from api.problems import Refused
from api.services import Services
from api.sessions import Sessions
from api.tokens import Identity, NotAuthenticated, Tokens

_log = structlog.stdlib.get_logger("api.guard")

View = TypeVar("View", bound=Callable[..., Any])

#: Endpoints that need no token: all of them, and no others.
PUBLIC = frozenset(
    {
        "health.healthz",
        "health.readyz",
        "health.metrics",
        "api-docs.openapi_json",
        "documents.page",
        "documents.script",
        "documents.asset",
        "published-keys.published",
        "exchange.tokens",
        "exchange.alias",
        "login.start",
        "login.callback",
        "login.providers",
        "login.begin",
        "login.end",
        "login.end_alias",
        "home",
        "console.static",
        "console.sign_in",
        "console.enter",
    }
)
#: The pages that are shown to whom was let in lately, while MongoDB is away.
PATIENT = "console"
#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ROLE = "_needs_role"

_CHALLENGE = (("WWW-Authenticate", 'Bearer realm="forgewire"'),)


def needs(role: str) -> Callable[[View], View]:
    """Let a view be called by that role, and those above it, only.

    A view that names none can be read by a viewer and changed by an admin.
    """

    def mark(view: View) -> View:
        setattr(view, _ROLE, role)
        return view

    return mark


def install(app: Flask, services: Services, sessions: Sessions) -> None:
    """Check each request before its view is called."""
    lately = Lately(services.tokens, services.now)

    @app.before_request
    def admit() -> None:
        # No route, no view: it ends as 404 or 405.
        if request.endpoint is None or request.endpoint in PUBLIC:
            return
        g.identity = _identified(services.tokens, sessions, lately)
        view = current_app.view_functions[request.endpoint]
        role = role_for(view, request.method)
        if not g.identity.may(role):
            raise Refused(
                403, "forbidden", f"This needs the role {role}", "Ask an admin for it."
            )


def current() -> Identity:
    """Return who makes this request."""
    found: Identity = g.identity
    return found


def unauthenticated() -> Refused:
    """Return the one answer to everything that is wrong with a token."""
    return Refused(
        401,
        "unauthenticated",
        "A good token is needed",
        "Send `Authorization: Bearer <token>`, with a token that is fresh.",
        headers=_CHALLENGE,
    )


def bearer() -> str | None:
    """Return the token that the request brings in its header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _identified(tokens: Tokens, sessions: Sessions, lately: Lately) -> Identity:
    """Return whose the token is, or else the cookie of a browser."""
    token = bearer()
    by_cookie = token is None
    token = sessions.token() if token is None else token
    if token is None:
        raise unauthenticated()
    try:
        found = _looked_up(tokens, token, lately)
    except NotAuthenticated as exc:
        _log.warning("refused", why=str(exc), remote=request.remote_addr)
        raise unauthenticated() from None
    if by_cookie and request.method not in SAFE:
        sessions.check_csrf(found.jti)
    return found


def _looked_up(tokens: Tokens, token: str, lately: Lately) -> Identity:
    if request.blueprint != PATIENT or request.method not in SAFE:
        return tokens.identify(token)
    found, is_certain = lately.identify(token)
    g.is_mongodb_away = not is_certain
    return found


def role_for(view: Callable[..., Any], method: str) -> str:
    """Return the least role that may call `view` by that method."""
    of_class = getattr(view, "view_class", None)
    answers = getattr(of_class, method.lower(), None) if of_class else None
    default = "viewer" if method in SAFE else "admin"
    role: str = getattr(answers, _ROLE, getattr(view, _ROLE, default))
    return role
