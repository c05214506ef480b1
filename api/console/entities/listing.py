"""Read a list for a page: what was asked for, what was found, and what is next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import EXCLUDE, ValidationError, fields
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from api.console.entities.kinds import KINDS, RESOURCE_OF, Column, Kind
from api.resources import offered
from api.resources.declared import Resource
from api.resources.reader import Reader, Rows

#: What the form above a list offers beside the filters of its kind.
_ALWAYS = ("state", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list as it was asked for."""

    name: str
    kind: Kind
    resource: Resource
    #: What stands in the form.
    asked: Mapping[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    sort: str = ""
    is_descending: bool = False
    next_url: str | None = None
    first_url: str | None = None
    #: What is wrong with which parameter.
    errors: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(self.asked.keys() - {"sort", "cursor", "limit"})

    def sort_url(self, column: Column) -> str:
        """Return the URL of this list in the order of a column, or backwards."""
        is_forward = self.sort == column.sort and not self.is_descending
        return url(
            {**self.asked, "sort": f"-{column.sort}" if is_forward else column.sort}
        )

    def aria_sort(self, column: Column) -> str:
        """Return how the list is in the order of a column; "" if it is not."""
        if not column.sort or self.sort != column.sort:
            return ""
        return "descending" if self.is_descending else "ascending"


def read(name: str, reader: Reader) -> Listing:
    """Return the list that the request asks for; raise Refused, TookTooLong."""
    resource, asked = RESOURCE_OF[name], _given()
    made = Listing(name=name, kind=KINDS[name], resource=resource, asked=asked)
    schema = offered.of_listing(resource)
    try:
        parameters = MultiDictProxy(MultiDict(asked), schema)
        given = schema.load(parameters, unknown=EXCLUDE)
    except ValidationError as exc:
        return replace(made, errors=_messages(exc))
    found = reader.rows(resource, given)
    return replace(
        made,
        rows=shown(resource, found),
        sort=found.sort,
        is_descending=found.is_descending,
        next_url=url({**asked, "cursor": found.cursor}) if found.cursor else None,
        first_url=url(asked) if "cursor" in asked else None,
    )


def shown(resource: Resource, found: Rows) -> list[dict[str, Any]]:
    """Return the rows with their times as times."""
    return [with_times(resource, row) for row in found.shown]


def with_times(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of a document with its times as times."""
    declared = resource.shown().fields
    return {
        name: datetime.fromisoformat(value)
        if value and isinstance(declared[name], fields.DateTime)
        else value
        for name, value in row.items()
    }


def url(asked: Mapping[str, str]) -> str:
    """Return the URL of this list, asked for otherwise; from its beginning."""
    kept = {name: value for name, value in asked.items() if value}
    if "cursor" in request.args and kept.get("cursor") == request.args["cursor"]:
        del kept["cursor"]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def _messages(error: ValidationError) -> dict[str, list[str]]:
    # marshmallow has no types for it.
    told: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return told


def _given() -> dict[str, str]:
    # A form sends what was left empty, too.
    return {name: value for name, value in request.args.items() if value.strip()}
