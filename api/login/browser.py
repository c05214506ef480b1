"""Sign a browser in: it is sent away, comes back, and gets a session."""

from typing import Any, cast

from flask import Response, redirect
from flask_smorest import Blueprint

from api.login import answers
from api.login.answers import fails
from api.login.desk import BROWSER, Desk
from api.login.schemas import BackSchema, StartSchema
from api.services import Services, public_url
from api.sessions import Sessions, new_browser

_SENT = {"headers": {"Location": {"schema": {"type": "string"}}}}


def add_routes(
    routes: Blueprint, services: Services, desk: Desk, sessions: Sessions
) -> None:
    """Add the start of a sign-in, and the end of it."""

    @routes.get("/-/oauth/<provider>")
    @routes.arguments(StartSchema, location="query")
    @routes.response(302, description="To where one signs in", **_SENT)
    @fails(routes, 404, 502, 504)
    @routes.doc(security=[])
    def start(told: dict[str, Any], provider: str) -> Response:
        """Begin to sign in."""
        browser = sessions.browser() or new_browser()
        back = f"{public_url(services.settings)}/-/oauth/{provider}/callback"
        url = desk.begin(provider, BROWSER, back, browser, told["next"])
        answer = _sent_to(url)
        sessions.remember_browser(answer, browser)
        return answer

    @routes.get("/-/oauth/<provider>/callback")
    @routes.arguments(BackSchema, location="query")
    @routes.response(302, description="Signed in", **_SENT)
    @fails(routes, 400, 401, 403, 404, 502, 504)
    @routes.doc(security=[])
    def callback(told: dict[str, Any], provider: str) -> Response:
        """Sign in whom the provider sends back."""
        desk.check(provider)
        if not (told["state"] and (told["code"] or told["error"])):
            raise answers.no_code()
        code = "" if told["error"] else told["code"]
        browser = sessions.browser()
        fresh, sign_in = desk.end(provider, BROWSER, browser, told["state"], code)
        answer = _sent_to(sign_in.next)
        sessions.open(answer, fresh, provider)
        return answer


def _sent_to(url: str) -> Response:
    return cast("Response", redirect(url, Response=Response))
