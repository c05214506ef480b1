"""Answer /healthz, /readyz and /metrics, alike in every process."""

from collections.abc import Callable, Sequence
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


def blueprint(checks: Sequence[Check], registry: CollectorRegistry) -> Blueprint:
    """Return the three routes; /readyz is 503 and names what is wrong, with a hint."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz", provide_automatic_options=False)
    def healthz() -> Response:
        return jsonify(status="alive")

    @routes.get("/readyz", provide_automatic_options=False)
    def readyz() -> Response:
        found = {check.name: _state(check) for check in checks}
        is_ready = all(state["ok"] for state in found.values())
        answer = jsonify(status="ready" if is_ready else "not ready", checks=found)
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


def _state(check: Check) -> dict[str, object]:
    is_ok = check.is_ok()
    return {"ok": True} if is_ok else {"ok": False, "hint": check.hint}
