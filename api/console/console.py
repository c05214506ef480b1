"""What every page of the console works with: services, and the frame around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Response, current_app, g, render_template, request

from api.services import Services, public_url
from api.sessions import Sessions
from api.tokens import Identity
from schemas.errors import StateUnavailable

HTML = "text/html; charset=utf-8"
#: In the order of the navigation; a page that is not there is not shown.
NAVIGATION = (
    ("Flow", "/console/"),
    ("Deliveries", "/console/deliveries"),
    ("Dead letters", "/console/dead-letters"),
    ("State", "/console/state"),
    ("Handlers", "/console/handlers"),
)


class Place(NamedTuple):
    """An entry of the navigation."""

    label: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Console:
    """Shared among threads; `render` and `fragment` belong to a request."""

    services: Services
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        sessions = Sessions(public_url(self.services.settings))
        object.__setattr__(self, "sessions", sessions)

    @property
    def who(self) -> Identity | None:
        """Who makes this request; None on the pages that let people in."""
        found: Identity | None = g.get("identity")
        return found

    @property
    def is_mongodb_away(self) -> bool:
        """Whether MongoDB was found away as this request was let in.

        A page need not try it again, for each try takes time.
        """
        return bool(g.get("is_mongodb_away"))

    def require_mongodb(self) -> None:
        """Raise StateUnavailable if MongoDB was found away, instead of trying it."""
        if self.is_mongodb_away:
            raise StateUnavailable("MongoDB was away as the request was let in")

    def may(self, role: str) -> bool:
        """Return whether who asks may do what `role` may."""
        return self.who is not None and self.who.may(role)

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page: a template such as "console/flow/page.html", in the frame."""
        told = self._frame() | self._always() | values
        return Response(render_template(template, **told), status, content_type=HTML)

    def fragment(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a part of a page, for htmx to put in its place."""
        told = self._always() | values
        return Response(render_template(template, **told), status, content_type=HTML)

    def _always(self) -> dict[str, Any]:
        return {
            "now": self.services.now(),
            "who": self.who,
            "may": self.may,
            "csrf_token": self._csrf_token(),
            "is_mongodb_away": self.is_mongodb_away,
        }

    def _frame(self) -> dict[str, Any]:
        return {"navigation": _navigation() if self.who else ()}

    def _csrf_token(self) -> str:
        return self.sessions.csrf_token(self.who.jti) if self.who else ""


def is_partial() -> bool:
    """Return whether htmx asks, which puts the answer into a page that is there."""
    return request.headers.get("HX-Request") == "true"


def _navigation() -> Sequence[Place]:
    there = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        Place(label, url, _is_below(request.path, url))
        for label, url in NAVIGATION
        if url in there
    ]


def _is_below(path: str, url: str) -> bool:
    # The first page is above all others, so it alone must be equal.
    return path == url or (not url.endswith("/") and path.startswith(f"{url}/"))
