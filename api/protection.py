"""Guard every request and every answer, whatever its route."""

from flask import Flask, Response, request
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from api import crossing, forwarded, limiting
from api.problems import Refused
from api.services import Services, public_url

#: Parameters by which others take tokens. A URL is kept in logs and histories.
TOKENS = frozenset({"access_token", "private_token", "job_token", "id_token", "token"})
#: What shows our page for people: files of ours only, and the images within a style.
PAGES = frozenset({"documents.page"})
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The same for the console, which has forms, and for what it tells of signing in.
CONSOLE = "console"
_CONSOLE_POLICY = _PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: For a year.
_HSTS = "max-age=31536000"


def install(app: Flask, services: Services) -> None:
    """Install what comes before the guard asks who it is; call it before that."""
    access = services.settings.access
    is_https = public_url(services.settings).startswith("https://")

    @app.before_request
    def refuse() -> None:
        _check_length(access.max_body_bytes)
        if any(name.lower() in TOKENS for name in request.args):
            raise _token_in_url()

    @app.after_request
    def secure(answer: Response) -> Response:
        own = {"Content-Security-Policy": _policy(answer)}
        hsts = {"Strict-Transport-Security": _HSTS} if is_https else {}
        for name, value in (_ALWAYS | own | hsts | _not_kept(answer)).items():
            answer.headers.setdefault(name, value)
        return answer

    forwarded.install(app, access.trusted_proxies)
    crossing.install(app, access.cors_origins)
    limiting.install(app, services.db, access.login_rate)


def _policy(answer: Response) -> str:
    if request.endpoint in PAGES:
        return _PAGE_POLICY
    is_console = request.blueprint == CONSOLE or answer.mimetype == "text/html"
    return _CONSOLE_POLICY if is_console else _POLICY


def _check_length(most: int) -> None:
    """Refuse a body by what its head says, also where no view would read it."""
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    if "Transfer-Encoding" in request.headers:
        # Of what comes in pieces werkzeug would silently take the first bytes only.
        raise LengthRequired


def _not_kept(answer: Response) -> dict[str, str]:
    # An answer to one person must not be shown to the next.
    return {} if "Cache-Control" in answer.headers else {"Cache-Control": "no-store"}


def _token_in_url() -> Refused:
    return Refused(
        400,
        "token-in-url",
        "A token does not belong into a URL",
        "Send it as `Authorization: Bearer <token>`. Others may have seen this one.",
    )
