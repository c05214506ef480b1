"""Say why somebody is not signed in: the same words whatever the reason behind it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask_smorest import Blueprint

from api.problems import Refused
from api.unanswered import NoAnswer

#: What HTTP calls what a server that we asked did to us.
_TITLES = {502: ("provider-away", "Where you sign in is away")}
_TIMED_OUT = ("provider-timeout", "Where you sign in takes too long")


View = TypeVar("View", bound=Callable[..., Any])


def fails(routes: Blueprint, *statuses: int) -> Callable[[View], View]:
    """Say in the document that a view may end as these."""

    def describe(view: View) -> View:
        for status in statuses:
            view = routes.alt_response(status, response=HTTPStatus(status).name)(view)
        return view

    return describe


def no_provider() -> Refused:
    """Return the answer to a provider that does not exist, or is not set up."""
    return Refused(
        404,
        "no-provider",
        "Nobody signs in there",
        "GET /api/v1/login lists where people sign in.",
    )


def no_code() -> Refused:
    """Return the answer to who comes back without what they were sent for."""
    return Refused(400, "no-code", "The parameters code and state are needed")


def not_begun() -> Refused:
    """Return the answer to a state that is unknown, over, used, or another's."""
    return Refused(
        400,
        "sign-in-not-begun",
        "This browser has no such sign-in under way",
        "Begin again; a sign-in can be ended once, within ten minutes.",
    )


def not_authenticated() -> Refused:
    """Return the answer when the provider does not vouch for anybody."""
    return Refused(401, "sign-in-refused", "The sign-in was refused", "Begin again.")


def not_allowed() -> Refused:
    """Return the answer to somebody who is known there, and may do nothing here."""
    return Refused(
        403,
        "sign-in-forbidden",
        "You may not sign in here",
        "Ask an admin whether you are in the team.",
    )


def no_answer(error: NoAnswer) -> Refused:
    """Return the answer when the provider gave none."""
    code, title = _TITLES.get(error.status, _TIMED_OUT)
    return Refused(error.status, code, title, "Try again in a minute.")
