"""Answer with a page of rows, the newest first, and a link to the next one."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.problems import Refused
from api.resources import cursor
from api.resources.answers import conditional, page_url
from api.resources.cursor import BadCursor
from api.services import Services, public_url
from state.newest import Page
from state.orders import Order
from state.question import Place

LINK = {
    "description": "The next page (`rel=next`), if there is one, and the first.",
    "schema": {"type": "string"},
}
_BY_TIME = Order("at", "time")
_HINT = "Follow the links of an answer, or leave the cursor out."


class Pages:
    """The pages of one listing by time."""

    def __init__(self, services: Services, listing: str) -> None:
        self._listing = listing
        self._base = public_url(services.settings)

    def after(self, given: Mapping[str, Any]) -> Place | None:
        """Return where the page before ended; raise Refused if the cursor is bad."""
        if "cursor" not in given:
            return None
        try:
            place = cursor.read(given["cursor"], self._listing, _BY_TIME)
        except BadCursor as exc:
            raise _bad(str(exc)) from None
        if place.value is None:
            raise _bad("It is none of ours.")
        return place

    def answer(self, shown: Any, page: Page) -> Response:
        """Return what is shown of a page, with its links."""
        links = {"first": page_url(self._base, None)}
        if page.ended_at is not None:
            word = cursor.written(self._listing, page.ended_at)
            links["next"] = page_url(self._base, word)
        return conditional(shown, links)


def _bad(why: str) -> Refused:
    return Refused(400, "bad-cursor", "The cursor is not good", f"{why} {_HINT}")
