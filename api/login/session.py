"""Say who is signed in, and sign them out."""

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from api import guard
from api.login.desk import Desk
from api.login.schemas import SessionSchema, SignedOutSchema
from api.services import Services, public_url
from api.sessions import Sessions


def add_routes(
    routes: Blueprint, services: Services, desk: Desk, sessions: Sessions
) -> None:
    """Add the routes of a session that there is."""

    @routes.get("/-/session")
    @routes.response(200, SessionSchema)
    def session() -> Any:
        """Say who is signed in, and give a browser its CSRF token."""
        who = guard.current()
        by_bearer = guard.bearer() is not None
        return {
            "user_id": who.subject,
            "username": who.username,
            "role": who.role,
            "expires_at": who.expires_at,
            "csrf_token": None if by_bearer else sessions.csrf_token(who.jti),
        }

    @routes.post("/-/logout")
    @routes.response(200, SignedOutSchema)
    @guard.needs("viewer")
    def logout() -> Response:
        """Sign out: the token is revoked, and the browser forgets it."""
        services.issued.revoke(at=services.now(), jti=guard.current().jti)
        back = f"{public_url(services.settings)}/"
        url = desk.end_session_url(sessions.provider(), back)
        answer = jsonify(end_session_url=url)
        sessions.close(answer)
        return answer
