"""Answer /healthz, /readyz and /metrics, alike in every process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a process needs to do its work."""

    name: str
    is_ok: Callable[[], bool]
    #: What to look at when it is not.
    hint: str


def all_of(found: Mapping[str, bool]) -> bool:
    """Return whether all checks are good."""
    return all(found.values())


def blueprint(
    checks: Sequence[Check],
    registry: CollectorRegistry,
    *,
    is_enough: Callable[[Mapping[str, bool]], bool] = all_of,
) -> Blueprint:
    """Return the three routes; /readyz names what is wrong, with a hint.

    It is 503 if what is good is not enough; `is_enough` is told of each by its name.
    """
    routes = Blueprint("health", __name__)

    @routes.get("/healthz", provide_automatic_options=False)
    def healthz() -> Response:
        return jsonify(status="alive")

    @routes.get("/readyz", provide_automatic_options=False)
    def readyz() -> Response:
        found = {check.name: check.is_ok() for check in checks}
        is_ready = is_enough(found)
        answer = jsonify(
            status=_status(found, is_ready=is_ready),
            checks={
                check.name: _state(check, is_ok=found[check.name]) for check in checks
            },
        )
        answer.status_code = 200 if is_ready else 503
        return answer

    @routes.get("/metrics", provide_automatic_options=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @routes.after_request
    def secure(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def _status(found: Mapping[str, bool], *, is_ready: bool) -> str:
    if not is_ready:
        return "not ready"
    return "ready" if all_of(found) else "degraded"


def _state(check: Check, *, is_ok: bool) -> dict[str, object]:
    return {"ok": True} if is_ok else {"ok": False, "hint": check.hint}
