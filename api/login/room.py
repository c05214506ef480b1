"""The routes of signing in, by which people get a token of ours."""

from flask import Response
from flask_smorest import Blueprint

from api.login import browser, frontend, session
from api.login.desk import Desk
from api.login.providers import configured
from api.services import Services, public_url
from api.sessions import Sessions


def blueprint(services: Services) -> Blueprint:
    """Return the routes; no provider that is set up, nobody signs in."""
    routes = Blueprint("login", __name__, description="Signing in and out.")
    desk = Desk(services, configured(services.settings.access, services.http))
    sessions = Sessions(public_url(services.settings))
    for room in (browser, frontend, session):
        room.add_routes(routes, services, desk, sessions)
    routes.after_request(_not_kept)
    return routes


def _not_kept(answer: Response) -> Response:
    answer.cache_control.no_store = True
    return answer
