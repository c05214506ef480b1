"""Tell in the API's words what prevents an operation."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from flask_smorest import Blueprint

from api.problems import MEDIA_TYPE, ProblemSchema, Refused
from operations.queues import Busy
from schemas.errors import TookTooLong

View = TypeVar("View", bound=Callable[..., Any])

#: What every operation may end with that asks a server.
AWAY = {503: "RabbitMQ or MongoDB is away, or there is too much to look at"}
BUSY = {409: "Another request has the dead letters"}
NOT_FOUND = {404: "There is none"}

_AGAIN = (("Retry-After", "2"),)
_NARROW = "Ask for less, or use the command `forgewire` on one of its machines."


@contextmanager
def explained() -> Iterator[None]:
    """Raise Refused for what prevents the operation of the block."""
    try:
        yield
    except Busy as exc:
        detail = f"Try again when that is through: {exc}."
        raise Refused(
            409, "busy", "Another request is at it", detail, headers=_AGAIN
        ) from exc
    except TookTooLong as exc:
        title = "It takes too long"
        raise Refused(503, "too-slow", title, _NARROW, headers=_AGAIN) from exc


def fails(routes: Blueprint, problems: Mapping[int, str]) -> Callable[[View], View]:
    """Describe in the document with which problems, by status, a view may end."""

    def describe(view: View) -> View:
        for status, description in problems.items():
            view = routes.alt_response(
                status,
                schema=ProblemSchema,
                description=description,
                content_type=MEDIA_TYPE,
            )(view)
        return view

    return describe
