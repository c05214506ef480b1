"""Note each request that may change something: before it is done, and how it ended."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, request

from api import problems
from api.guard import PUBLIC, SAFE
from api.problems import Refused
from api.services import Services
from api.tokens import LATEST
from schemas.errors import Unavailable
from state.changes import Actor, Changes

_log = structlog.stdlib.get_logger("api.trail")

View = TypeVar("View", bound=Callable[..., Any])

#: So much of a text, and of a list, is noted.
MAX_CHARS, MAX_LISTED = 200, 100
_TELLS = "_trail_tells"
_INT64 = 1 << 63


def tells(*names: str) -> Callable[[View], View]:
    """Have the trail note the values of these members of the body.

    Of all others it notes the names only: they may be secrets, or payloads.
    """

    def mark(view: View) -> View:
        setattr(view, _TELLS, frozenset(names))
        return view

    return mark


def note(**more: Any) -> None:
    """Have the trail note what is known only once it is done."""
    g.trail_more = g.get("trail_more", {}) | more


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
            g.trail = changes.begin(_actor(), _asked(), at=services.now())

    @app.after_request
    def end(answer: Response) -> Response:
        if "trail" in g:
            _end(changes, g.trail, answer.status_code)
        elif LATEST.get() is not None or "trail_more" in g:
            # A browser that comes back from where it signed in, by GET.
            return _signed_in(changes, services, answer)
        return answer


def _end(changes: Changes, id_: str, status: int) -> None:
    actor = _actor()
    try:
        if actor.subject is None and 400 <= status < 500:  # noqa: PLR2004
            # Whoever was not let in changed nothing; the log tells of them.
            changes.withdraw(id_)
        else:
            changes.end(id_, actor, _plain(g.get("trail_more", {})), status=status)
    except Unavailable as exc:
        # It was done all the same: the row says that it began, and not how it ended.
        _log.error("end-not-noted", change=id_, status=status, cause=exc)


def _signed_in(changes: Changes, services: Services, answer: Response) -> Response:
    try:
        id_ = changes.begin(_actor(), _asked(), at=services.now())
        more = _plain(g.get("trail_more", {}))
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


def _asked() -> dict[str, Any]:
    rule = request.url_rule
    told = _plain(request.view_args or {})
    untold = sorted(set(request.args))
    body = None if request.endpoint in PUBLIC else _body()
    if body is not None:
        view = current_app.view_functions[str(request.endpoint)]
        listed: frozenset[str] = getattr(view, _TELLS, frozenset())
        told |= _plain({name: body[name] for name in listed & body.keys()})
        untold += sorted(body.keys() - listed)
    if untold:
        told["others"] = [_text(name) for name in untold[:MAX_LISTED]]
    return {
        "method": request.method,
        "route": rule.rule if rule else None,
        "parameters": told,
    }


def _body() -> Mapping[str, Any] | None:
    """Return the JSON object that is sent, if one is."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        title = "The body is nested too deeply"
        raise Refused(400, "too-deep", title) from None
    return body if isinstance(body, dict) else None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MongoDB can hold of values that anybody may have sent."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        listed = [_scalar(one) for one in value[:MAX_LISTED]]
        more = len(value) - len(listed)
        return [*listed, f"and {more} more"] if more else listed
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else _text(hex(value))
    return type(value).__name__


def _text(value: str) -> str:
    # A lone surrogate is no text to MongoDB.
    return value[:MAX_CHARS].encode(errors="replace").decode()


_AGAIN = "Try again in a few seconds; /readyz says what is away."
