"""Send dead letters to the workers again."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import structlog
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema

from api import trail
from api.guard import current, needs
from api.noting import tells
from api.operations.answers import AWAY, BUSY, explained, fails
from api.operations.parameters import MAX_LETTERS, Flag, LettersSent, selection
from api.operations.shown import ReplayedSchema
from api.problems import Refused
from api.services import Services
from broker.holding import HeldLetter, Holding
from operations.deadline import Deadline
from operations.letters import missed
from operations.replaying import Report, checked, send
from operations.selection import Selection
from schemas.errors import BrokerUnavailable

_log = structlog.stdlib.get_logger("api.operations")

_ABOUT = """Each is first decided by its handler, as a worker would. What would be
rejected again stays where it is, and is listed under `refused`. The others leave the
dead letters once RabbitMQ has confirmed them. Doing it twice changes nothing. Needs the
role operator."""


class ReplayAsked(LettersSent):
    """Which dead letters are sent."""

    all = Flag(load_default=False, metadata={"description": "All there are."})
    dry_run = Flag(
        load_default=False,
        metadata={"description": "Say what would be sent, and send none."},
    )
    limit = fields.Integer(
        load_default=MAX_LETTERS,
        strict=True,
        validate=validate.Range(1, MAX_LETTERS),
        metadata={"description": "Send no more than so many."},
    )

    @validates_schema
    def say_which(self, given: Mapping[str, Any], **_: Any) -> None:
        """Refuse a request that does not say which, and one that says it twice."""
        if given["all"] is selection(given).is_narrow:
            raise ValidationError("Say which: ids or filters, or else all.")


class Replay:
    """Sends again what is chosen, for as long as a request may take."""

    def __init__(self, services: Services) -> None:
        self._queues = services.queues
        self._seconds = services.settings.access.seconds
        self._handlers = services.handlers

    def run(self, meant: Selection, report: Report, limit: int) -> bool:
        """Fill `report`; return whether all dead letters were looked at."""
        deadline = Deadline.after(self._seconds)
        seen = 0
        with self._queues.holding() as holding:
            number = len(holding)

            def chosen() -> Iterator[HeldLetter]:
                nonlocal seen
                for held in holding.letters():
                    seen += 1
                    if meant.takes(held.letter):
                        yield held
                    if deadline.is_over:
                        return

            self._send(islice(chosen(), limit), holding, report)
        return seen >= number

    def _send(
        self, chosen: Iterator[HeldLetter], holding: Holding, report: Report
    ) -> None:
        good = checked(chosen, self._handlers, report)
        if report.is_dry_run:
            report.replayed += [told for told, _ in good]
        else:
            submit = self._queues.publisher().submit
            send(good, holding, submit, lambda: None, report)


def blueprint(services: Services) -> Blueprint:
    """Return the route that sends dead letters again."""
    routes = Blueprint("replay", __name__, url_prefix="/api/v1")
    replay = Replay(services)

    @routes.route("/dead-letters/replay", methods=["POST"], tags=["dead-letters"])
    @routes.arguments(ReplayAsked)
    @routes.response(200, ReplayedSchema)
    @fails(routes, BUSY | AWAY)
    @routes.doc(summary="Send dead letters again", description=_ABOUT)
    @needs("operator")
    @tells(*ReplayAsked().fields)
    def send_again(given: Mapping[str, Any]) -> dict[str, Any]:
        meant, report = selection(given), Report(is_dry_run=given["dry_run"])
        try:
            with explained():
                is_complete = replay.run(meant, report, given["limit"])
        except BrokerUnavailable as exc:
            raise _interrupted(report) from exc
        finally:
            _tell(report)
        return {
            "replayed": report.replayed,
            "refused": report.refused,
            "missing": missed(meant, report.replayed + report.refused),
            "dry_run": report.is_dry_run,
            "is_complete": is_complete,
        }

    return routes


def _tell(report: Report) -> None:
    numbers = {"replayed": len(report.replayed), "refused": len(report.refused)}
    trail.note(**numbers)
    if not report.is_dry_run:
        _log.info("dead-letters-replayed", subject=current().subject, **numbers)


def _interrupted(report: Report) -> Refused:
    number = 0 if report.is_dry_run else len(report.replayed)
    detail = f"{number} were sent again; the others are in their places. Try again."
    retry = [("Retry-After", "2")]
    return Refused(503, "unavailable", "RabbitMQ is away", detail, headers=retry)
