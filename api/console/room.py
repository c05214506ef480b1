"""The console: pages for people on call, made on the server, kept lively by htmx."""

from collections.abc import Callable, Sequence
from functools import partial

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from api.console import assets, errors, templating
from api.console.console import Console
from api.console.pages import dead_letters, deliveries, flow, handlers, sign_in, state
from api.services import Services

#: What adds the pages of each subject to the routes of the console.
PAGES: Sequence[Callable[[Blueprint, Console], None]] = (
    sign_in.add,
    flow.add,
    deliveries.add,
    dead_letters.add,
    state.add,
    handlers.add,
)
#: Within our pages the address says what is looked at: ids, and nothing personal.
_REFERRER = "same-origin"


def install(app: Flask, services: Services) -> None:
    """Add the console at /console, and have / lead there."""
    app.add_url_rule("/", "home", _home)
    app.register_blueprint(blueprint(services))
    app.after_request(partial(errors.for_people, Console(services)))


def blueprint(services: Services) -> Blueprint:
    """Return the routes of all pages, their files, and what they tell when it fails."""
    routes = Blueprint(
        "console",
        __name__,
        url_prefix="/console",
        template_folder="templates",
        static_folder="static",
    )
    console = Console(services)
    templating.install(routes, services.now)
    errors.install(routes, console)
    for add in PAGES:
        add(routes, console)
    routes.after_request(_complete)
    return routes


def _home() -> Answer:
    return redirect("/console/", 303)


def _complete(answer: Response) -> Response:
    # A form says where it comes from only if the page may tell it at all.
    answer.headers.setdefault("Referrer-Policy", _REFERRER)
    if request.endpoint == "console.static" and answer.status_code < 400:  # noqa: PLR2004
        answer.cache_control.public = True
        answer.cache_control.no_cache = None if "v" in request.args else True
        answer.cache_control.max_age = assets.FOR_EVER if "v" in request.args else 0
        answer.cache_control.immutable = "v" in request.args
    return answer
