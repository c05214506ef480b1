"""Build the receiver's WSGI application; it starts nothing."""

from collections.abc import Callable, Mapping

import structlog
from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException

from broker.message import Message
from config import about
from config.settings import DEFAULT_SOURCE, Source
from health.routes import blueprint
from ingest import problems
from ingest.metrics import Metrics
from ingest.problems import Problem
from ingest.readiness import Readiness, is_enough
from ingest.reception import Limits, Reception

_log = structlog.stdlib.get_logger("ingest")

#: Only who delivers a hook may go on over the same connection.
_ACCEPTED = 202

_HOOK_PATHS = "Hooks are taken by POST at /hooks/gitlab and /hooks/gitlab/<source>."


def create_app(
    sources: Mapping[str, Source],
    *,
    make_durable: Callable[[Message], str],
    readiness: Readiness,
    clock: Callable[[], int],
    limits: Limits,
    registry: CollectorRegistry,
) -> Flask:
    """Return the receiver of hooks from `sources`.

    `make_durable` returns where a message is safe, and raises CannotSpool if that is
    nowhere; `readiness` tells whether it would; `clock` gives microseconds since 1970.
    Metrics are added to `registry`.
    """
    app = Flask("ingest", static_folder=None)
    # The host takes a redirect for a success, so there must be none.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    metrics = Metrics(registry, readiness.broker)
    _add_hooks(app, Reception(sources, make_durable, clock, limits, metrics))
    checks = blueprint(readiness.checks(), registry, is_enough=is_enough)
    app.register_blueprint(checks)
    app.register_error_handler(HTTPException, _tell_http_error)
    app.register_error_handler(Exception, _tell_bug)
    app.after_request(_close_unless_accepted)
    # Also of a bug the log says in which delivery it was, and of nothing after it.
    app.teardown_request(lambda _: about.tell_of(None))
    return app


def _add_hooks(app: Flask, reception: Reception) -> None:
    def receive(source: str = DEFAULT_SOURCE) -> Response:
        return reception.receive(request, source)

    for rule in ("/hooks/gitlab", "/hooks/gitlab/<source>", "/-/api/gitlab"):
        app.add_url_rule(
            rule, "hook", receive, methods=["POST"], provide_automatic_options=False
        )


def _tell_http_error(exc: HTTPException) -> Response:
    # What werkzeug says may quote the request, so only its name is passed on.
    code = exc.name.lower().replace(" ", "-")
    allow = [pair for pair in exc.get_headers() if pair[0] == "Allow"]
    return problems.response(
        Problem(exc.code or 500, code, exc.name, _HOOK_PATHS, tuple(allow))
    )


def _tell_bug(_: Exception) -> Response:
    _log.exception("unexpected")
    return problems.response(problems.UNEXPECTED)


def _close_unless_accepted(answer: Response) -> Response:
    if answer.status_code != _ACCEPTED:
        # Or a stranger piles up requests on one connection and leaves, and good hooks
        # wait until all of them were answered to nobody.
        answer.headers["Connection"] = "close"
    return answer
