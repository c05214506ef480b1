"""Turn the parameters of a request into a question to the state."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load
from webargs.multidictproxy import MultiDictProxy

from api.problems import Refused
from api.resources import cursor, parameters
from api.resources.declared import Resource
from state.question import Question

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
_BAD_CURSOR = " Follow the links of an answer, or leave the cursor out."


class Parameters(Schema):
    """Parameters that stand in a query."""

    @pre_load
    def once(self, data: MultiDictProxy, **_: Any) -> MultiDictProxy:
        """Refuse a parameter that is given twice: nobody knows which is meant."""
        given: Any = data.data
        twice = [name for name in given if len(given.getlist(name)) > 1]
        if twice:
            raise ValidationError({name: ["Given twice."] for name in twice})
        return data


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


def question(
    resource: Resource, given: Mapping[str, Any], same: Mapping[str, Any]
) -> Question:
    """Return what a request asks for; raise Refused if its cursor is bad."""
    found = narrowed(resource, given, same)
    texts = {sort: given[sort] for sort in resource.searched if sort in given}
    sort, is_descending = _sort(resource, given, texts)
    beginnings = {}
    if "q" in given:
        searched = sort if sort in resource.searched else resource.searched[0]
        beginnings[searched] = given["q"]
    asked = Question(
        **found,
        sort=sort,
        is_descending=is_descending,
        texts=texts,
        beginnings=beginnings,
        limit=given["limit"] + 1,
    )
    return asked if "cursor" not in given else _from(resource, asked, given["cursor"])


def listing(resource: Resource, asked: Question) -> str:
    """Return what cursors say of the listing that they belong to."""
    return f"{resource.name} {'-' if asked.is_descending else ''}{asked.sort}"


def narrowed(
    resource: Resource, given: Mapping[str, Any], same: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a listing and an export have in common, for a Question."""
    filters = {name: given[name] for name in resource.filters if name in given}
    return {
        "collection": resource.collection,
        "states": STATES[given.get("state", "active")],
        "source": given.get("source"),
        "same": {**filters, **same},
        "fields": read_fields(resource, given),
    }


def read_fields(resource: Resource, given: Mapping[str, Any]) -> list[str]:
    """Return the fields of the document that are read for an answer."""
    attributes = resource.attributes
    wanted = given.get("fields") or attributes
    return sorted({"_id", "state", *(attributes[name] for name in wanted)})


def _from(resource: Resource, asked: Question, word: str) -> Question:
    try:
        place = cursor.read(word, listing(resource, asked), asked.order)
    except cursor.BadCursor as exc:
        raise Refused(
            400, "bad-cursor", "The cursor is not good", f"{exc}{_BAD_CURSOR}"
        ) from None
    return asked.behind(place)


def _sort(
    resource: Resource, given: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[str, bool]:
    usual = resource.usual_sort
    if texts or "q" in given:
        # So the index that finds them has them in order, too.
        usual = next(iter(texts), resource.searched[0])
    sort = given.get("sort", usual)
    return sort.removeprefix("-"), sort.startswith("-")


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
