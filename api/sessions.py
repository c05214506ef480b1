"""Keep who is signed in with a browser: a token of ours in a cookie, and CSRF."""

import secrets
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from api.problems import Refused
from api.tokens import Fresh

_log = structlog.stdlib.get_logger("api.sessions")

#: What a request that changes something has to bring beside the cookie.
CSRF_HEADER = "X-CSRFToken"
#: The same, of a form that is sent without script.
CSRF_FIELD = "csrf_token"
#: A sign-in that takes longer is begun again, in seconds.
SIGN_IN_SECONDS = 600
_SIGN_IN_CHARS = 43
#: A page of ours asked, or the user did.
_OWN_SITE = frozenset({"same-origin", "none"})


class Sessions:
    """The cookies of browsers; over https no other host can set or read them."""

    def __init__(self, public_url: str) -> None:
        self._is_secure = public_url.startswith("https://")
        self._origin = public_url
        prefix = "__Host-" if self._is_secure else ""
        self._token = f"{prefix}forgewire"
        self._sign_in = f"{prefix}forgewire-sign-in"
        self._csrf = f"{prefix}forgewire-csrf"

    def install(self, app: Flask) -> None:
        """Have Flask keep its own session, which holds the CSRF token, likewise."""
        app.config.update(
            SESSION_COOKIE_NAME=self._csrf,
            SESSION_COOKIE_SECURE=self._is_secure,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
        )

    def token(self) -> str | None:
        """Return the token that the browser brings."""
        return request.cookies.get(self._token)

    def open(self, answer: Response, fresh: Fresh, provider: str) -> None:
        """Have the browser keep a token for as long as it lives."""
        session.clear()
        session["provider"] = provider
        self._set(answer, self._token, fresh.token, fresh.expires_in)

    def close(self, answer: Response, left_at: str | None = None) -> None:
        """Have the browser forget all but where another session may be left."""
        session.clear()
        if left_at:
            session["left_at"] = left_at
        self._set(answer, self._token, "", 0)

    def left_at(self) -> str | None:
        """Return, once, where a session that was left is ended, too."""
        found: str | None = session.pop("left_at", None)
        return found

    def provider(self) -> str | None:
        """Return where the browser's user signed in."""
        found: str | None = session.get("provider")
        return found

    def browser(self) -> str:
        """Return what a browser that signs in is known by; "" if it is not."""
        found = request.cookies.get(self._sign_in, "")
        return found if len(found) == _SIGN_IN_CHARS else ""

    def remember_browser(self, answer: Response, browser: str) -> None:
        """Have the browser be known when it comes back."""
        self._set(answer, self._sign_in, browser, SIGN_IN_SECONDS)

    def csrf_token(self, jti: str) -> str:
        """Return what changes have to bring that are made with the token `jti`."""
        made: str = generate_csrf(token_key=_key(jti))
        return made

    def check_csrf(self, jti: str) -> None:
        """Raise Refused if another site may have made the browser send this."""
        told = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD)
        try:
            validate_csrf(told, token_key=_key(jti))
        except ValidationError as exc:
            _log.warning("refused", why=str(exc))
            raise _forged() from None
        if not self._is_own_site():
            _log.warning("refused", why="another site")
            raise _forged()

    def _is_own_site(self) -> bool:
        if (site := request.headers.get("Sec-Fetch-Site")) is not None:
            return site in _OWN_SITE
        origin = request.headers.get("Origin")
        hosts = {request.host, urlsplit(self._origin).netloc}
        return origin is None or origin.partition("://")[2] in hosts

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )


def new_browser() -> str:
    """Return what a browser can be known by."""
    return secrets.token_urlsafe(32)


def _key(jti: str) -> str:
    # So that the CSRF token of one sign-in is of no use in the next.
    return f"csrf-{jti}"


def _forged() -> Refused:
    return Refused(
        403,
        "csrf",
        "A browser's request that changes something needs its CSRF token",
        f"Send it as {CSRF_HEADER}; GET /-/session gives it.",
    )
