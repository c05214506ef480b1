"""Turn the parameters of a request into a question to the state."""

from collections.abc import Mapping
from typing import Any

from api.problems import Refused
from api.resources import cursor
from api.resources.declared import Resource
from api.resources.offered import STATES
from state.question import Question

_BAD_CURSOR = " Follow the links of an answer, or leave the cursor out."


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
