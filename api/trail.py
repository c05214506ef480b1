"""Note each request that may change something: before it is done, and how it ended."""

from typing import Any

import structlog
from flask import Flask, Response, g, request

from api import problems
from api.guard import SAFE
from api.noting import asked, plain
from api.problems import Refused
from api.services import Services
from api.tokens import LATEST
from schemas.errors import Unavailable
from state.changes import Actor, Changes

_log = structlog.stdlib.get_logger("api.trail")


def note(**more: Any) -> None:
    """Have the trail note what is known only once it is done."""
    g.trail_more = g.get("trail_more", {}) | more


def row() -> str:
    """Return the id of this request's row, to add later what comes of it."""
    found: str = g.trail
    return found


def subject(found: str) -> None:
    """Have the trail note who it was, of a request that needs no token of ours."""
    g.trail_subject = found


def install(app: Flask, services: Services) -> None:
    """Note what is asked once the guard has let it in, and how it is answered.

    What cannot be noted is not done, and answered 503.
    """
    changes = Changes(services.db)

    @app.before_request
    def begin() -> None:
        LATEST.set(None)
        if request.endpoint is not None and request.method not in SAFE:
            g.trail = changes.begin(_actor(), asked(), at=services.now())

    @app.after_request
    def end(answer: Response) -> Response:
        if "trail" in g:
            _end(changes, g.trail, answer.status_code)
        elif LATEST.get() is not None or "trail_more" in g:
            # A browser that comes back from where it signed in, by GET.
            answer = _signed_in(changes, services, answer)
        # The next request of this thread may be refused before `begin`.
        LATEST.set(None)
        return answer


def _end(changes: Changes, id_: str, status: int) -> None:
    actor = _actor()
    try:
        if actor.subject is None and 400 <= status < 500:  # noqa: PLR2004
            # Whoever was not let in changed nothing; the log tells of them.
            changes.withdraw(id_)
        else:
            changes.end(id_, actor, plain(g.get("trail_more", {})), status=status)
    except Unavailable as exc:
        # It was done all the same: the row says that it began, and not how it ended.
        _log.error("end-not-noted", change=id_, status=status, cause=exc)


def _signed_in(changes: Changes, services: Services, answer: Response) -> Response:
    try:
        id_ = changes.begin(_actor(), asked(), at=services.now())
        more = plain(g.get("trail_more", {}))
        changes.end(id_, _actor(), more, status=answer.status_code)
    except Unavailable as exc:
        # The token is not handed out, so nobody is signed in.
        _log.warning("unavailable", cause=exc)
        return problems.told(Refused(503, "unavailable", "A server is away", _AGAIN))
    return answer


def _actor() -> Actor:
    if "identity" in g:
        return Actor(g.identity.subject, g.identity.jti)
    issued = LATEST.get()
    if issued is not None:
        return Actor(issued.subject, issued.jti)
    return Actor(g.get("trail_subject"))


_AGAIN = "Try again in a few seconds; /readyz says what is away."
