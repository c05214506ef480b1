"""Show the API's document to people: Swagger UI, offline, without inline script."""

from pathlib import Path

import flask_swagger_ui
from apispec import APISpec
from flask import Blueprint, Flask, Response, send_from_directory

#: Our own page, and the files of Swagger UI as its package brings them.
OWN = Path(__file__).parent / "static"
SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
_FILES = frozenset(
    {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "favicon-16x16.png"}
)

_NO_FILE = {"404": "application/problem+json"}
#: Endpoints that are none of flask-smorest's, with what they answer.
_PLAIN = {
    "health.healthz": ("Whether the process is alive", {"200": "application/json"}),
    "health.readyz": (
        "Whether it can work, and what is away if not",
        {"200": "application/json", "503": "application/json"},
    ),
    "health.metrics": ("Metrics for Prometheus", {"200": "text/plain"}),
    "documents.page": ("This document, for people", {"200": "text/html"}),
    "documents.script": (
        "The script of that page",
        {"200": "text/javascript"} | _NO_FILE,
    ),
    "documents.asset": ("A file of Swagger UI", {"200": "*/*"} | _NO_FILE),
    "api-docs.openapi_json": ("This document", {"200": "application/json"}),
}


def install(app: Flask, spec: APISpec) -> None:
    """Serve the page at /apidocs and /apidocs/, and describe the plain routes."""
    app.register_blueprint(_routes())
    for rule in app.url_map.iter_rules():
        if rule.endpoint in _PLAIN:
            summary, answers = _PLAIN[rule.endpoint]
            spec.path(rule=rule, operations={"get": _operation(summary, answers)})


def _routes() -> Blueprint:
    routes = Blueprint("documents", __name__)

    @routes.get("/apidocs")
    def page() -> Response:
        return send_from_directory(OWN, "apidocs.html")

    @routes.get("/apidocs/<file>", endpoint="script")
    def script(file: str) -> Response:
        return send_from_directory(OWN, file if file.endswith(".js") else "")

    @routes.get("/apidocs/files/<file>", endpoint="asset")
    def asset(file: str) -> Response:
        return send_from_directory(SWAGGER, file if file in _FILES else "")

    return routes


def _operation(summary: str, answers: dict[str, str]) -> dict[str, object]:
    return {
        "summary": summary,
        "tags": ["process"],
        "security": [],
        "responses": {
            status: {"description": summary, "content": {media_type: {}}}
            for status, media_type in answers.items()
        },
    }
