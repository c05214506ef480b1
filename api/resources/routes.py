"""The routes of the resources: a listing, an export and a single document of each."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import RAISE

from api import problems
from api.resources import described, offered
from api.resources.answers import too_slow
from api.resources.declared import RESOURCES, TEAMS, USERS, Resource
from api.resources.reader import Reader
from api.services import Services
from schemas.errors import TookTooLong

#: What is not declared is refused, not passed over.
_QUERY = {"location": "query", "unknown": RAISE}


def blueprint(services: Services) -> Blueprint:
    """Return the routes of all resources."""
    routes = Blueprint(
        "resources",
        __name__,
        url_prefix="/api/v1",
        description="What hooks told of the Git host, by what it is about:",
    )
    reader = Reader(services)
    for resource in RESOURCES:
        _add_listing(routes, resource, reader)
        _add_export(routes, resource, reader)
        _add_one(routes, resource, reader)
    _add_members(routes, reader)

    @routes.errorhandler(TookTooLong)
    def tell(_: TookTooLong) -> Response:
        return problems.told(too_slow())

    return routes


def _add_listing(routes: Blueprint, resource: Resource, reader: Reader) -> None:
    @routes.route(
        f"/{resource.name}",
        endpoint=resource.name,
        tags=[resource.name],
        parameters=[described.MATCH],
    )
    @routes.arguments(offered.of_listing(resource), **_QUERY)
    @described.listing(routes, resource)
    def listing(given: Mapping[str, Any]) -> Response:
        return reader.listing(resource, given)


def _add_export(routes: Blueprint, resource: Resource, reader: Reader) -> None:
    @routes.route(
        f"/{resource.name}/export",
        endpoint=f"{resource.name}_export",
        tags=[resource.name],
    )
    @routes.arguments(offered.of_export(resource), **_QUERY)
    @described.export(routes, resource)
    def export(given: Mapping[str, Any]) -> Response:
        return reader.export(resource, given)


def _add_one(routes: Blueprint, resource: Resource, reader: Reader) -> None:
    @routes.route(
        f"/{resource.name}/<string:id>",
        endpoint=f"{resource.name}_one",
        tags=[resource.name],
        parameters=[described.identifier(resource), described.MATCH],
    )
    @routes.arguments(offered.of_one(resource), **_QUERY)
    @described.one(routes, resource)
    def one(given: Mapping[str, Any], id: str) -> Response:  # noqa: A002 - as it reads
        return reader.one(resource, id, given)


def _add_members(routes: Blueprint, reader: Reader) -> None:
    @routes.route(
        "/teams/<string:name>/members",
        endpoint="teams_members",
        tags=[TEAMS.name],
        parameters=[described.team(), described.MATCH],
    )
    @routes.arguments(offered.of_listing(USERS), **_QUERY)
    @described.listing(routes, USERS, "The users in a team", has_404=True)
    def members(given: Mapping[str, Any], name: str) -> Response:
        return reader.members(name, given)
