"""Describe the answers of resources in the API's document."""

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint

from api.resources.answers import LINES
from api.resources.declared import Resource

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_TAG = {"description": "Send it back as `If-None-Match`.", "schema": {"type": "string"}}
_LINK = {
    "description": "The next page (`rel=next`), if there is one, and the first.",
    "schema": {"type": "string"},
}
#: For routes whose answers have an ETag.
MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "ETags of answers that you have; 304 if nothing changed.",
    "schema": {"type": "string"},
}


def listing(
    routes: Blueprint, resource: Resource, summary: str = "", *, has_404: bool = False
) -> Decorator:
    """Return what a listing needs to be described."""
    what = resource.name.replace("-", " ")
    return _all(
        routes.response(
            200,
            resource.shown(many=True),
            description="A page",
            headers={"ETag": _TAG, "Link": _LINK},
        ),
        routes.alt_response(304, description="What you have is as it is now"),
        routes.alt_response(400, "BAD_REQUEST", description="A bad cursor"),
        *([routes.alt_response(404, "NOT_FOUND")] if has_404 else []),
        routes.alt_response(503, "SERVICE_UNAVAILABLE"),
        routes.doc(summary=summary or f"List {what}"),
    )


def one(routes: Blueprint, resource: Resource) -> Decorator:
    """Return what the route of a single document needs to be described."""
    return _all(
        routes.response(
            200, resource.shown, description="The document", headers={"ETag": _TAG}
        ),
        routes.alt_response(304, description="What you have is as it is now"),
        routes.alt_response(404, "NOT_FOUND"),
        routes.alt_response(503, "SERVICE_UNAVAILABLE"),
        routes.doc(summary=f"Show {resource.singular}"),
    )


def export(routes: Blueprint, resource: Resource) -> Decorator:
    """Return what an export needs to be described."""
    what = resource.name.replace("-", " ")
    return _all(
        routes.response(200, {"type": "string"}, content_type=LINES),
        routes.alt_response(503, "SERVICE_UNAVAILABLE"),
        routes.doc(
            summary=f"Export all {what}",
            description="One JSON object a line, in the shape of the listing. If not "
            "all can be read, the last line is a problem, with a `status` of 503.",
        ),
    )


def identifier(resource: Resource) -> dict[str, Any]:
    """Return the path's parameter that names a document."""
    example = "gitlab:project:74:41" if "user_id" in resource.filters else "gitlab:41"
    return {
        "in": "path",
        "name": "id",
        "required": True,
        "description": "`<source>:<id at the host>`",
        "schema": {"type": "string", "minLength": 1, "example": example},
    }


def team() -> dict[str, Any]:
    """Return the path's parameter that names a team."""
    return {
        "in": "path",
        "name": "name",
        "required": True,
        "description": "The team's name, or its id for the users of one source.",
        "schema": {"type": "string", "minLength": 1, "example": "gitlab"},
    }


def _all(*decorators: Decorator) -> Decorator:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            view = decorator(view)
        return view

    return decorate
