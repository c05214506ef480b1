"""Answer what is asked of a resource, from the state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask import Response, request

from api.problems import Refused
from api.resources import asked, cursor
from api.resources.answers import View, conditional, lines, page_url
from api.resources.declared import USERS, Resource
from api.resources.offered import STATES
from api.services import Services
from state import query
from state.question import Document, Question, place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page of a listing, and in which order it is."""

    shown: Sequence[Mapping[str, Any]]
    sort: str
    is_descending: bool
    #: Where the next page begins; None if there is none.
    cursor: str | None


class Reader:
    """Reads documents; safe to share among threads."""

    def __init__(self, services: Services) -> None:
        self._db = services.db
        self._seconds = services.settings.access.seconds
        self._public_url = services.settings.access.public_url

    def listing(
        self,
        resource: Resource,
        given: Mapping[str, Any],
        same: Mapping[str, Any] | None = None,
    ) -> Response:
        """Return a page, with a link to the next one if there is more."""
        found = self.rows(resource, given, same)
        links = {"first": self._url(None)}
        if found.cursor:
            links["next"] = self._url(found.cursor)
        return conditional(found.shown, links)

    def rows(
        self,
        resource: Resource,
        given: Mapping[str, Any],
        same: Mapping[str, Any] | None = None,
    ) -> Rows:
        """Return what is shown of the rows of a page."""
        question = asked.question(resource, given, same or {})
        # One more than wanted tells whether there is a next page.
        found = query.page(self._db, question, self._seconds)
        rows = found[: given["limit"]]
        view = View(resource, given)
        return Rows(
            shown=[view.of(it) for it in rows],
            sort=question.sort,
            is_descending=question.is_descending,
            cursor=_cursor(resource, question, rows[-1])
            if len(found) > len(rows)
            else None,
        )

    def one(
        self, resource: Resource, doc_id: str, given: Mapping[str, Any]
    ) -> Response:
        """Return one document, a deleted one if it is asked for; else raise Refused."""
        return conditional(self.document(resource, doc_id, given))

    def document(
        self, resource: Resource, doc_id: str, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what is shown of one document; raise Refused if there is none."""
        fields = asked.read_fields(resource, given)
        name = resource.collection
        found = query.one(self._db, name, doc_id, fields, self._seconds)
        states = STATES[given.get("state", "active")]
        if found is None or found.get("state", states[0]) not in states:
            also = "" if "deleted" in states else ", or it is deleted: see state=all"
            detail = f"No event told of {resource.singular} with this id{also}."
            raise Refused(404, "not-found", "Not found", detail)
        return View(resource, given).of(found)

    def export(self, resource: Resource, given: Mapping[str, Any]) -> Response:
        """Return all documents, line by line."""
        sort = next(iter(resource.listed.orders))
        question = Question(sort=sort, **asked.narrowed(resource, given, {}))
        chunks = query.chunks(self._db, question, self._seconds)
        # Read now, so that a server that is away shows in the status.
        first = next(chunks, [])
        return lines(chain([first], chunks), View(resource, given).of)

    def members(self, name: str, given: Mapping[str, Any]) -> Response:
        """Return a page of the users in a team: `gitlab`, or that of one source."""
        source, _, team = name.rpartition(":")
        if not query.is_team(self._db, source, team, self._seconds):
            raise Refused(404, "not-found", "Not found", "There is no team like this.")
        same = {"teams": team} | ({"source": source} if source else {})
        return self.listing(USERS, given, same)

    def _url(self, word: str | None) -> str:
        return page_url(self._public_url or request.host_url.rstrip("/"), word)


def _cursor(resource: Resource, question: Question, row: Document) -> str:
    listing = asked.listing(resource, question)
    return cursor.written(listing, place(question, row))
