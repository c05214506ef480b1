"""Tell people what went wrong in a page of ours, and what to do next."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, NotFound, TooManyRequests
from werkzeug.wrappers import Response as Answer

from api import limiting
from api.console.console import Console, is_partial
from api.console.way_in import to_sign_in
from api.problems import MEDIA_TYPE, Refused
from schemas.errors import TookTooLong, Unavailable

_log = structlog.stdlib.get_logger("api.console")

#: Where browsers are sent through as people sign in; programs get problems there.
SHOWN = frozenset({"login.start", "login.callback"})

_TITLES: Mapping[int, tuple[str, str]] = {
    403: ("You may not do this", "Ask an admin for the role that it needs."),
    404: ("There is nothing here", "It may be gone, or the address is wrong."),
    405: ("This cannot be done here", "Go back, and follow a link or a button."),
    413: ("That is too large", "Send less at once."),
}
#: What is told otherwise to people than to programs, by the code of the problem.
_OTHER_WORDS: Mapping[str, tuple[str, str]] = {
    "csrf": ("This page is too old to send from", "Load it again, and try again."),
}
_ANY = ("This request is not right", "Go back, and try again.")
_AWAY = Refused(
    503,
    "unavailable",
    "A server that this page needs is away",
    "Try again in a few seconds. Hooks are still taken: receivers do without it.",
)
_SLOW = Refused(
    503,
    "too-slow",
    "This took too long",
    "Ask for less: fewer filters that must be looked up row by row, or another order.",
)
_BUG = Refused(
    500,
    "unexpected",
    "This page failed",
    "This is a bug. The log of the API has its traceback.",
)


def install(routes: Blueprint, console: Console) -> None:
    """Answer what goes wrong in `routes` as pages; who is not signed in signs in."""
    answers: Sequence[tuple[type[Exception], Callable[..., Answer]]] = (
        (HTTPException, _tell),
        # The whole application has an answer to this one, which would go first.
        (TooManyRequests, _tell_too_often),
        (Unavailable, _tell_away),
        (TookTooLong, _tell_slow),
        (Exception, _tell_bug),
    )
    for error, answer in answers:
        routes.register_error_handler(error, partial(answer, console))

    @routes.get("/<path:_>")
    def nowhere(_: str) -> Response:
        raise NotFound


def for_people(console: Console, answer: Response) -> Response:
    """Return a problem of signing in as a page, if a browser is to show it."""
    is_shown = request.endpoint in SHOWN and answer.mimetype == MEDIA_TYPE
    accepts = request.accept_mimetypes
    if not is_shown or accepts["text/html"] <= accepts[MEDIA_TYPE]:
        return answer
    told = answer.get_json(force=True)
    detail = told.get("detail", _ANY[1])
    problem = {"status": told["status"], "title": told["title"], "detail": detail}
    page = console.render("console/errors/page.html", told["status"], problem=problem)
    answer.set_data(page.get_data())
    answer.content_type = page.content_type
    return answer


def _tell(console: Console, error: HTTPException) -> Answer:
    if error.code == 401:  # noqa: PLR2004 - Unauthorized
        return to_sign_in()
    return _told(console, error)


def _tell_too_often(console: Console, _: TooManyRequests) -> Answer:
    return _told(console, limiting.refusal())


def _tell_away(console: Console, error: Unavailable) -> Answer:
    _log.warning("unavailable", cause=error)
    return _told(console, _AWAY)


def _tell_slow(console: Console, _: TookTooLong) -> Answer:
    return _told(console, _SLOW)


def _tell_bug(console: Console, _: Exception) -> Answer:
    _log.exception("unexpected")
    return _told(console, _BUG)


def _told(console: Console, error: HTTPException) -> Response:
    status = error.code or 500
    title, detail = _TITLES.get(status, _ANY)
    if isinstance(error, Refused):
        told = (error.title, error.detail or detail)
        title, detail = _OTHER_WORDS.get(error.slug, told)
    make = console.fragment if is_partial() else console.render
    name = "part" if is_partial() else "page"
    answer = make(
        f"console/errors/{name}.html",
        status,
        problem={"status": status, "title": title, "detail": detail},
    )
    if isinstance(error, Refused):
        answer.headers.extend(error.more_headers)
    return answer
