"""Say which parameters each resource takes."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from api.resources import parameters
from api.resources.declared import Resource
from api.resources.parameters import Parameters

#: Which states of a document each word stands for.
STATES = {
    "active": ("active",),
    "deleted": ("deleted",),
    "all": ("active", "deleted"),
}
#: The most rows of a page, and how many are usual.
MOST, USUAL = 100, 50

_STATE = "What is deleted is shown only if it is asked for."
_SORT = "In this order, `-`: backwards; rows that are alike are ordered by their id."
_CURSOR = (
    "Where another page ended. Follow the `Link` with `rel=next`; do not make it up."
)


def of_listing(resource: Resource) -> Schema:
    """Return the parameters of a listing."""
    orders = resource.listed.orders
    sorts = [name for sort in orders for name in (sort, f"-{sort}")]
    declared: dict[str, fields.Field[Any]] = {
        **of_all(resource),
        **_texts(resource),
        "sort": parameters.choice(f"{_SORT} {_usual(resource)}", sorts),
        "limit": parameters.limit(MOST, USUAL),
        "cursor": fields.String(metadata={"description": _CURSOR}),
    }
    return _schema(f"{resource.shown.__name__}Listing", declared)


def of_export(resource: Resource) -> Schema:
    """Return the parameters of an export."""
    return _schema(f"{resource.shown.__name__}Export", of_all(resource))


def of_one(resource: Resource) -> Schema:
    """Return the parameters of a single document."""
    found = {"fields": _fields(resource)}
    if resource.listed.has_states:
        found["state"] = parameters.choice(_STATE, list(STATES), "active")
    return _schema(f"{resource.shown.__name__}One", found)


def of_all(resource: Resource) -> dict[str, fields.Field[Any]]:
    """Return what listings and exports can be narrowed by, and show."""
    found = {**resource.filters, "source": parameters.source()}
    if resource.listed.has_states:
        found["state"] = parameters.choice(_STATE, list(STATES), "active")
    return {**found, "fields": _fields(resource)}


def _usual(resource: Resource) -> str:
    searched = resource.searched
    by_text = f", with `q` by {searched[0]}" if searched else ""
    return f"Usually by {resource.usual_sort}{by_text}."


def _texts(resource: Resource) -> dict[str, fields.Field[Any]]:
    searched = resource.searched
    if not searched:
        return {}
    found = {
        sort: parameters.text(f"With this {sort}, in any letter case.")
        for sort in searched
    }
    others = "".join(f", or of {name} if sorted by it" for name in searched[1:])
    what = f"The beginning of {searched[0]}{others}, in any letter case."
    return {**found, "q": parameters.text(what)}


def _fields(resource: Resource) -> fields.Field[Any]:
    names = list(resource.attributes)
    return parameters.choices("Show these fields only; the id is always there.", names)


def _schema(name: str, declared: Mapping[str, fields.Field[Any]]) -> Schema:
    made: Schema = type(name, (Parameters,), dict(declared))()
    return made
