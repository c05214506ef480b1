"""Remove dead letters for good."""

from collections.abc import Mapping
from typing import Any

import structlog
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema

from api import trail
from api.guard import current, needs
from api.noting import tells
from api.operations.answers import AWAY, BUSY, explained, fails
from api.operations.parameters import Flag, listed, text
from api.operations.shown import DroppedSchema
from api.services import Services
from operations.deadline import Deadline
from operations.dropping import Doomed, doom, drop
from operations.letters import missed
from operations.selection import Selection

_log = structlog.stdlib.get_logger("api.operations")

MAX_NOTE = 500
_ABOUT = """Their payloads are then gone. The ledger keeps a row for each that was
accepted from a host: `dead`, with the time, who dropped it and the note. Needs the role
admin."""


class DropAsked(Schema):
    """Which dead letters are dropped, and why."""

    class Meta:
        """Options that marshmallow reads."""

        unknown = RAISE

    ids = listed("The delivery ids.", required=True)
    note = text("Why, for the ledger.", MAX_NOTE)
    dry_run = Flag(
        load_default=False,
        metadata={"description": "Say what would be dropped, and drop none."},
    )


def blueprint(services: Services) -> Blueprint:
    """Return the route that drops dead letters."""
    routes = Blueprint("drop", __name__, url_prefix="/api/v1")

    @routes.route("/dead-letters/drop", methods=["POST"], tags=["dead-letters"])
    @routes.arguments(DropAsked)
    @routes.response(200, DroppedSchema)
    @fails(routes, BUSY | AWAY)
    @routes.doc(summary="Drop dead letters for good", description=_ABOUT)
    @needs("admin")
    @tells("ids", "dry_run")
    def drop_them(given: Mapping[str, Any]) -> dict[str, Any]:
        meant = Selection(frozenset(given["ids"]))
        doomed = _doomed_and_gone(services, meant, given)
        told = [one.told for one in doomed]
        trail.note(dropped=0 if given["dry_run"] else len(told))
        return {
            "dropped": told,
            "missing": missed(meant, told),
            "dry_run": given["dry_run"],
        }

    return routes


def _doomed_and_gone(
    services: Services, meant: Selection, given: Mapping[str, Any]
) -> list[Doomed]:
    subject, deadline = (
        current().subject,
        Deadline.after(services.settings.access.seconds),
    )
    note = f"{subject}: {given['note']}" if "note" in given else subject
    with explained(), services.queues.holding() as holding:
        letters = deadline.watched(holding.letters())
        doomed = [doom(held) for held in letters if meant.takes(held.letter)]
        if doomed and not given["dry_run"]:
            drop(doomed, holding, services.db, note=note)
            _log.info("dead-letters-dropped", subject=subject, number=len(doomed))
    return doomed
