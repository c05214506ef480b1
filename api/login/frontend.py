"""Sign in for a front end of somebody's own, which gets a token instead of a cookie."""

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from api.login import answers
from api.login.answers import fails
from api.login.desk import FRONT_END, Desk
from api.login.schemas import (
    AuthorizationSchema,
    CodeSchema,
    FrontEndSchema,
    ProvidersSchema,
    SignedInSchema,
)
from api.problems import Refused
from api.services import Services
from api.sessions import Sessions, new_browser


def add_routes(
    routes: Blueprint, services: Services, desk: Desk, sessions: Sessions
) -> None:
    """Add the list of providers, and both halves of a sign-in."""
    urls = services.settings.access.frontend_urls

    @routes.get("/api/v1/login")
    @routes.response(200, ProvidersSchema)
    @routes.doc(security=[])
    def providers() -> Any:
        """List where people sign in."""
        return {
            "providers": [
                {"name": name, "start": f"/-/oauth/{name}"} for name in desk.names
            ]
        }

    @routes.get("/api/v1/login/<provider>")
    @routes.arguments(FrontEndSchema, location="query")
    @routes.response(200, AuthorizationSchema)
    @fails(routes, 400, 404, 502, 504)
    @routes.doc(security=[])
    def begin(told: dict[str, Any], provider: str) -> Response:
        """Begin to sign in: the front end sends the browser to the URL."""
        desk.check(provider)
        back = _chosen(told["redirect_uri"], urls)
        browser = sessions.browser() or new_browser()
        url = desk.begin(provider, FRONT_END, back, browser)
        answer = jsonify(authorization_url=url)
        sessions.remember_browser(answer, browser)
        return answer

    @routes.post("/api/v1/login/<provider>")
    @routes.post("/login/<provider>", endpoint="end_alias")
    @routes.arguments(CodeSchema, location="query")
    @routes.response(200, SignedInSchema)
    @fails(routes, 400, 401, 403, 404, 502, 504)
    @routes.doc(security=[])
    def end(told: dict[str, Any], provider: str) -> Any:
        """Give a token for the code that the browser came back with."""
        desk.check(provider)
        if not (told["code"] and told["state"]):
            raise answers.no_code()
        browser, state = sessions.browser(), told["state"]
        fresh, _ = desk.end(provider, FRONT_END, browser, state, told["code"])
        return {"jwt": fresh.token, "user_id": fresh.issued.subject}


def _chosen(asked: str, urls: tuple[str, ...]) -> str:
    """Return the URL to come back to; raise Refused if it is none of those set."""
    if not urls or (asked and asked not in urls):
        raise Refused(
            400,
            "unknown-front-end",
            "That is no front end that is known here",
            "FORGEWIRE_FRONTEND_URLS names those that are, to the letter.",
        )
    return asked or urls[0]
