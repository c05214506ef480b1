"""Build the API's WSGI application; it starts nothing."""

from collections.abc import Callable, Sequence

from flask import Flask
from flask_smorest import Blueprint
from prometheus_client import CollectorRegistry

from api import (
    documents,
    guard,
    metering,
    problems,
    protection,
    published,
    trail,
    watched,
)
from api.completing import Completing
from api.console import room as console
from api.cookies import RotatingCookies
from api.exchange import routes as exchange
from api.login import room as login
from api.operations import rooms as operations
from api.problems import ProblemApi
from api.resources import me
from api.resources import routes as resources
from api.services import Services, public_url
from api.sessions import Sessions
from health.routes import Check, blueprint

#: What makes the routes of each room from the services, as the document lists them.
ROOMS: Sequence[Callable[[Services], Blueprint]] = (
    resources.blueprint,
    *operations.ROOMS,
    me.blueprint,
    login.blueprint,
    exchange.blueprint,
    published.blueprint,
)

_ABOUT = (
    "What the hooks of a Git host told, and what became of each of them. Every route "
    "needs a token but those that say so; see `/oauth/discovery/keys` for our keys."
)


def create_app(
    services: Services, checks: Sequence[Check], registry: CollectorRegistry
) -> Flask:
    """Return the API; metrics are added to `registry`."""
    app = Flask("api", static_folder=None)
    app.url_map.strict_slashes = False
    app.config.update(
        API_TITLE="Forgewire",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="apidocs.json",
        MAX_CONTENT_LENGTH=services.settings.access.max_body_bytes,
        # Rows of the ledger and documents are shown as they are: times in ISO 8601.
        API_SPEC_OPTIONS={
            "info": {"description": _ABOUT},
            "components": {
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                    },
                    "personalAccessToken": {"type": "http", "scheme": "bearer"},
                }
            },
            "security": [{"token": []}],
        },
    )
    app.session_interface = RotatingCookies(services.keyring)
    metering.install(app, registry)
    watched.export(services.watching, services.now, registry)
    problems.install(app)
    protection.install(app, services)
    sessions = Sessions(public_url(services.settings))
    sessions.install(app)
    guard.install(app, services, sessions)
    trail.install(app, services)
    api = ProblemApi(app, spec_kwargs={"extra_plugins": [Completing()]})
    for room in ROOMS:
        api.register_blueprint(room(services))
    app.register_blueprint(blueprint(checks, registry))
    console.install(app, services)
    documents.install(app, api.spec)
    return app
