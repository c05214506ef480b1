"""Begin to send dead letters again, or to drop them: one, a group, or all."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from flask import Blueprint, Response, request

from api import trail
from api.console.console import Console
from api.console.pages.letter_problems import gone
from api.console.pages.letters import Letters
from api.guard import current, needs
from api.problems import Refused
from operations.groups import Group
from operations.letter_jobs import UnderWay
from operations.letter_run import Order
from operations.progress import Progress
from schemas.errors import StateUnavailable
from state.changes import Changes

MAX_NOTE = 500
#: How long to wait for RabbitMQ, in seconds.
PATIENCE_SECONDS = 2.0
JOBS = "/console/dead-letters/jobs"


#: Begins a job of that kind, with a group or with one letter of it; else with all.
Begin: TypeAlias = Callable[..., Response]


def add(routes: Blueprint, console: Console, letters: Letters) -> None:
    """Add what changes dead letters."""
    changes = Changes(console.services.db)

    def begin(kind: str, *which: str) -> Response:
        order = _order(letters, kind, which)
        trail.note(kind=kind, reason=order.about.get("reason", "all"))
        try:
            id_ = letters.runner.start(order, _ended(letters, changes))
        except UnderWay:
            raise _under_way() from None
        trail.note(job=id_)
        return Response(status=303, headers={"Location": f"{JOBS}/{id_}"})

    _add_replays(routes, begin)
    _add_drops(routes, begin)


def _add_replays(routes: Blueprint, begin: Begin) -> None:
    @routes.post("/dead-letters/replay")
    @needs("operator")
    def replay_letters() -> Response:
        return begin("replay")

    @routes.post("/dead-letters/<group>/replay")
    @needs("operator")
    def replay_group(group: str) -> Response:
        return begin("replay", group)

    @routes.post("/dead-letters/<group>/<letter>/replay")
    @needs("operator")
    def replay_letter(group: str, letter: str) -> Response:
        return begin("replay", group, letter)


def _add_drops(routes: Blueprint, begin: Begin) -> None:
    @routes.post("/dead-letters/<group>/drop")
    @needs("admin")
    def drop_group(group: str) -> Response:
        return begin("drop", group)

    @routes.post("/dead-letters/<group>/<letter>/drop")
    @needs("admin")
    def drop_letter(group: str, letter: str) -> Response:
        return begin("drop", group, letter)


def _order(letters: Letters, kind: str, which: tuple[str, ...]) -> Order:
    note = _note() if kind == "drop" else None
    group, letter = (*which, None, None)[:2]
    about: Mapping[str, Any] = {}
    if group is not None:
        known = letters.watch.known(PATIENCE_SECONDS)
        found = known.overview.group(group) if known.overview else None
        if found is None:
            raise gone(known)
        about = _about(found, letter)
    by = current().subject
    return Order(kind=kind, by=by, group=group, letter=letter, about=about, note=note)


def _note() -> str:
    note = request.form.get("note", "").strip()
    if not 0 < len(note) <= MAX_NOTE:
        detail = f"Go back, and say why in up to {MAX_NOTE} characters."
        raise Refused(422, "no-reason", "Dropping needs a reason", detail)
    return note


def _about(group: Group, letter: str | None) -> dict[str, Any]:
    """Return what the job, and whoever looks at it, shall know of the letters."""
    cause = group.cause
    told: dict[str, Any] = {
        "reason": cause.reason,
        "handler": cause.handler,
        "problem": cause.problem,
        "number": group.number if letter is None else 1,
    }
    for one in group.letters if letter else ():
        if one["key"] == letter:
            told |= {name: one[name] for name in ("source", "delivery_id", "event")}
    return told


def _ended(letters: Letters, changes: Changes) -> Callable[[Progress], None]:
    row = trail.row()

    def ended(progress: Progress) -> None:
        letters.forget()
        # What is not noted here is in the job that the row names.
        with suppress(StateUnavailable):
            changes.add(row, progress.numbers())

    return ended


def _under_way() -> Refused:
    title = "Somebody else is at the dead letters"
    detail = (
        "Yours was not begun. See under Dead letters how far the other one is, and "
        "try again when it is through."
    )
    return Refused(409, "busy", title, detail)
