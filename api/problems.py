"""Say what is wrong with a request and what to do next, as RFC 9457 problems."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Flask, Response, json
from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from api.unanswered import NoAnswer, TimedOut
from schemas.errors import Unavailable

MEDIA_TYPE = "application/problem+json"
_JSON = "application/json"
_log = structlog.stdlib.get_logger("api")

_UNEXPECTED = "This is a bug. The log of the API has its traceback."
_LATER = "Try again later; the log of the API names the cause."
_AWAY = "Try again in a few seconds; /readyz says what is away."


class ProblemSchema(Schema):
    """What every answer of 4xx and 5xx holds."""

    type = fields.String(
        required=True, metadata={"example": "urn:forgewire:problem:not-found"}
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "For programs."})
    detail = fields.String(metadata={"description": "What to do next."})
    errors = fields.Dict(
        metadata={"description": "What is wrong with which parameter or field."}
    )


class Refused(HTTPException):
    """Raised when a request gets an answer other than 2xx."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(title)
        self.code = status
        self.slug = code
        self.title = title
        self.detail = detail
        self.more_headers = headers


# flask-smorest has no types, so its class is anything to mypy.
class ProblemApi(Api):  # type: ignore[misc]
    """Errors as problems, in the answers and in the document."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Return the answer that tells `error`."""
        return told(error)

    def _register_responses(self) -> None:
        # flask-smorest describes errors by a schema, but as plain JSON.
        super()._register_responses()
        responses = self.spec.components
        for found in (responses.responses, responses.responses_lazy):
            for response in found.values():
                content = response.get("content", {})
                if _JSON in content:
                    content[MEDIA_TYPE] = content.pop(_JSON)


def install(app: Flask) -> None:
    """Have `app` tell what goes wrong in it as problems."""

    @app.errorhandler(Unavailable)
    def tell_unavailable(exc: Unavailable) -> Response:
        _log.warning("unavailable", cause=exc)
        retry = [("Retry-After", "2")]
        return told(
            Refused(503, "unavailable", "A server is away", _AWAY, headers=retry)
        )

    @app.errorhandler(NoAnswer)
    def tell_no_answer(exc: NoAnswer) -> Response:
        _log.warning("no-answer", cause=exc)
        return told(no_answer(exc))

    @app.errorhandler(Exception)
    def tell_bug(_: Exception) -> Response:
        _log.exception("unexpected")
        return told(Refused(500, "unexpected", "The API failed", _UNEXPECTED))


def no_answer(error: NoAnswer) -> Refused:
    """Return what the caller is told of a server of others that gave no answer."""
    if error.status == TimedOut.status:
        return Refused(504, "too-slow", "A server that was asked is too slow", _LATER)
    return Refused(502, "no-answer", "A server that was asked gave no answer", _LATER)


def told(error: HTTPException) -> Response:
    """Return the answer that tells `error`."""
    body = _body(error)
    answer = Response(
        json.dumps(body), status=error.code or 500, content_type=MEDIA_TYPE
    )
    for name, value in _headers(error):
        answer.headers[name] = value
    return answer


def _body(error: HTTPException) -> Mapping[str, Any]:
    if isinstance(error, Refused):
        code, title, detail = error.slug, error.title, error.detail
    else:
        # What werkzeug says may quote the request, so only its name is passed on.
        code, title, detail = error.name.lower().replace(" ", "-"), error.name, ""
    body = {
        "type": f"urn:forgewire:problem:{code}",
        "title": title,
        "status": error.code,
        "code": code,
    }
    errors = getattr(error, "data", {}).get("messages")
    return (
        body
        | ({"detail": detail} if detail else {})
        | ({"errors": errors} if errors else {})
    )


def _headers(error: HTTPException) -> Sequence[tuple[str, str]]:
    if isinstance(error, Refused):
        return error.more_headers
    data = getattr(error, "data", {})
    kept = {"allow", "retry-after", "www-authenticate", "content-range"}
    own = [pair for pair in error.get_headers() if pair[0].lower() in kept]
    return [*own, *(data.get("headers") or {}).items()]
