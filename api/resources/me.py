"""Tell who asks, and what each role may."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, current_app
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api import guard
from api.services import Services
from api.tokens import Identity
from config.access import ROLES

_ABOUT = {
    "viewer": "Reads the state, the ledger, and which deliveries are dead.",
    "operator": "Sends dead letters again, and events by hand.",
    "admin": "Reads payloads, drops dead letters, and sees who changed what.",
}


class MeSchema(Schema):
    """Who asks."""

    subject = fields.String(
        required=True,
        metadata={"description": "The user's id at its host, or a program's name."},
    )
    username = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "At the Git host; null for programs."},
    )
    role = fields.String(
        required=True, metadata={"description": "What the token is good for now."}
    )
    jti = fields.String(required=True, metadata={"description": "The token's id."})
    expires_at = fields.AwareDateTime(
        required=True, metadata={"description": "When the token expires."}
    )


class RoleSchema(Schema):
    """A role."""

    role = fields.String(required=True)
    about = fields.String(required=True)
    includes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Roles that may less; it may all that these may."},
    )
    may = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Further requests, such as `GET /api/v1/users`."},
    )


class RolesSchema(Schema):
    """All roles, the lowest first."""

    roles = fields.List(fields.Nested(RoleSchema), required=True)


def blueprint(_: Services) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("me", __name__, description="Who asks, and what roles may.")

    @routes.get("/api/v1/me")
    @routes.response(200, MeSchema)
    def me() -> Identity:
        """Show who asks, and until when their token is good."""
        return guard.current()

    @routes.get("/api/v1/roles")
    @routes.response(200, RolesSchema)
    def roles() -> dict[str, Any]:
        """Show what each role may."""
        return {"roles": list(_roles(current_app))}

    return routes


def _roles(app: Flask) -> Iterator[dict[str, Any]]:
    needed = list(_needed(app))
    for number, role in enumerate(ROLES):
        yield {
            "role": role,
            "about": _ABOUT[role],
            "includes": list(ROLES[:number]),
            "may": sorted(what for what, least in needed if least == role),
        }


def _needed(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield each request of programs that needs a token, and the least role for it."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in guard.PUBLIC or rule.endpoint.startswith("console."):
            continue
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield f"{method} {rule.rule}", guard.role_for(view, method)
