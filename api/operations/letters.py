"""List and show dead letters; none is removed, and their order stays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import structlog
from flask_smorest import Blueprint
from marshmallow import RAISE, fields

from api.guard import current
from api.operations import parameters
from api.operations.answers import AWAY, BUSY, NOT_FOUND, explained, fails
from api.operations.parameters import LettersAsked, selection, text
from api.operations.shown import LetterSchema, LetterShownSchema
from api.problems import Refused
from api.resources.parameters import Parameters
from api.services import Services
from broker.dead_letter import DeadLetter
from operations.deadline import Deadline
from operations.letters import summary
from operations.selection import Selection

_log = structlog.stdlib.get_logger("api.operations")

_LIST = """Oldest first. While one request has the dead letters, others are answered
409; what a command of `forgewire` has in hand meanwhile is not seen."""
_SHOW = """The payload may hold personal data: `body=true` needs the role admin."""


class ListAsked(LettersAsked):
    """What narrows the list, and how long it may be."""

    limit = parameters.limit()


class ShowAsked(Parameters):
    """What is to be shown."""

    body = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Also the payload."},
    )
    source = text("Of this Git host.")


def blueprint(services: Services) -> Blueprint:
    """Return the routes that only look."""
    routes = Blueprint("dead_letters", __name__, url_prefix="/api/v1")

    @routes.route("/dead-letters", tags=["dead-letters"])
    @routes.arguments(ListAsked, location="query", unknown=RAISE)
    @routes.response(200, LetterSchema(many=True))
    @fails(routes, BUSY | AWAY)
    @routes.doc(summary="List dead letters, the oldest first", description=_LIST)
    def listing(given: Mapping[str, Any]) -> list[dict[str, Any]]:
        with _chosen(services, selection(given)) as letters:
            found = list(map(summary, islice(letters, given["limit"])))
        # What another reader gave back may stand at the end of the queue.
        return sorted(found, key=lambda it: str(it["dead_at"]))

    @routes.route("/dead-letters/<path:id>", tags=["dead-letters"], parameters=[_ID])
    @routes.arguments(ShowAsked, location="query", unknown=RAISE)
    @routes.response(200, LetterShownSchema)
    @fails(routes, NOT_FOUND | BUSY | AWAY)
    @routes.doc(summary="Show why a delivery is dead", description=_SHOW)
    def one(given: Mapping[str, Any], id: str) -> dict[str, Any]:  # noqa: A002 - as it reads
        if given["body"]:
            _allow_body(id)
        sources = frozenset({given["source"]} if "source" in given else ())
        with _chosen(services, Selection(frozenset({id}), sources=sources)) as letters:
            letter = next(letters, None)
        if letter is None:
            raise Refused(404, "not-found", "There is no such dead letter", _GONE)
        body = {"body": letter.body.decode("utf-8", "replace")} if given["body"] else {}
        return summary(letter) | {"detail": letter.detail} | body

    return routes


@contextmanager
def _chosen(services: Services, meant: Selection) -> Iterator[Iterator[DeadLetter]]:
    deadline = Deadline.after(services.settings.access.seconds)
    with explained(), services.queues.holding() as holding:
        yield (
            held.letter
            for held in deadline.watched(holding.letters())
            if meant.takes(held.letter)
        )


def _allow_body(delivery_id: str) -> None:
    if not current().may("admin"):
        title = "To read a payload needs the role admin"
        raise Refused(403, "forbidden", title, "Ask an admin, or leave body out.")
    _log.info("payload-read", subject=current().subject, delivery_id=delivery_id)


_GONE = "It was replayed or dropped, is with another reader, or never was one."
_ID = {
    "in": "path",
    "name": "id",
    "required": True,
    "description": "The delivery id.",
    "schema": {"type": "string", "minLength": 1, "example": "3d3f3b0e"},
}
