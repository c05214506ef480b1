"""Show who changed what through the API, and when."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields

from api.guard import needs
from api.operations import parameters
from api.operations.answers import AWAY, explained, fails
from api.operations.pages import LINK, Pages
from api.operations.parameters import Moment, text
from api.resources.parameters import Parameters
from api.services import Services
from state.changes import Changes
from state.client import limited

_ABOUT = """Each request that may change something is noted before it is done, with the
names of what was sent, and the values of what is neither secret nor payload. `unknown`
is what began, and of whose end nothing is known. Who was not let in is in the log of
the API only. Rows are kept as long as those of the ledger. Needs the role admin."""
_ENDS = {2: "done", 3: "done", 4: "refused", 5: "failed"}


class ChangeSchema(Schema):
    """A request that may have changed something."""

    id = fields.String(required=True, attribute="_id")
    at = fields.DateTime(required=True)
    subject = fields.String(metadata={"description": "Who.", "example": "gitlab:41"})
    jti = fields.String(metadata={"description": "By which token."})
    method = fields.String(required=True)
    route = fields.String(
        required=True, metadata={"example": "/api/v1/dead-letters/drop"}
    )
    parameters = fields.Dict(
        required=True,
        metadata={"description": "`others`: names of what else was sent."},
    )
    status = fields.Integer(metadata={"description": "What it was answered."})
    outcome = fields.Function(
        lambda row: _ENDS.get(row.get("status", 0) // 100, "unknown"),
        required=True,
        metadata={"type": "string", "enum": sorted({*_ENDS.values(), "unknown"})},
    )


class ChangesAsked(Parameters):
    """What narrows the list."""

    subject = text("Only by this subject: gitlab:41.")
    since = Moment("Only then or later.")
    until = Moment("Only before.")
    limit = parameters.limit()
    cursor = parameters.cursor()


def blueprint(services: Services) -> Blueprint:
    """Return the route of the trail."""
    routes = Blueprint("changes", __name__, url_prefix="/api/v1")
    pages = Pages(services, "changes")
    changes = Changes(services.db)

    @routes.route("/changes", tags=["changes"])
    @routes.arguments(ChangesAsked, location="query", unknown=RAISE)
    @routes.response(200, ChangeSchema(many=True), headers={"Link": LINK})
    @fails(routes, {304: "What you have is as it is now", 400: "A bad cursor"} | AWAY)
    @routes.doc(summary="Who changed what through the API", description=_ABOUT)
    @needs("admin")
    def listing(given: Mapping[str, Any]) -> Response:
        wanted = {name: it for name, it in given.items() if name != "cursor"}
        with explained(), limited(services.settings.access.seconds):
            found = changes.page(**wanted, after=pages.after(given))
        return pages.answer(ChangeSchema(many=True).dump(found.rows), found)

    return routes
