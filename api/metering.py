"""Count and time the requests of the API, by route; all labels are bounded."""

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: What anybody may call a method of their own.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask, registry: CollectorRegistry) -> None:
    """Meter all requests, however they end; add the metrics to `registry`.

    Call it before whatever may refuse a request, or change its answer.
    """
    requests = Counter(
        "forgewire_api_requests",
        "Requests to the API and the console, by route and HTTP status answered.",
        ("method", "route", "status"),
        registry=registry,
    )
    seconds = Histogram(
        "forgewire_api_request_seconds",
        "Time from a request to the beginning of its answer.",
        ("route",),
        registry=registry,
        buckets=_SECONDS,
    )

    @app.before_request
    def begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def end(answer: Response) -> Response:
        # What is no route has names without end.
        route = request.url_rule.rule if request.url_rule else "other"
        method = request.method if request.method in _METHODS else "other"
        requests.labels(method, route, str(answer.status_code)).inc()
        seconds.labels(route).observe(time.perf_counter() - g.begun)
        return answer
