"""Say what is wrong with a request and what to do next, as RFC 9457 problems."""

from dataclasses import dataclass, replace

from flask import Response

from ingest import answers

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of trouble; `code` is what programs go by."""

    status: int
    code: str
    title: str
    #: What to do next, for the people who read the host's log of deliveries.
    detail: str
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """Raised when a request gets an answer other than 2xx."""

    def __init__(self, problem: Problem, detail: str | None = None) -> None:
        super().__init__(problem.code)
        self.problem = replace(problem, detail=detail) if detail else problem


def response(problem: Problem) -> Response:
    """Return the answer that tells the problem."""
    body = {
        "type": f"urn:forgewire:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    answer = answers.json(body, problem.status, MEDIA_TYPE)
    answer.headers.extend(problem.headers)
    return answer


INCOMPLETE = Problem(
    400,
    "incomplete-body",
    "The body ended early",
    "Fewer bytes came than Content-Length says. Send the delivery again.",
)
NOT_AN_OBJECT = Problem(
    400,
    "not-a-json-object",
    "The body is not a JSON object",
    "Send the event as one JSON object in UTF-8, as the host does by default.",
)
NO_EVENT_NAME = Problem(
    400,
    "no-event-name",
    "The body does not name its event",
    "Name the event in event_name or object_kind, in up to 100 printable ASCII "
    "characters. If the host has a custom webhook template, keep that field in it.",
)
UNAUTHENTICATED = Problem(
    401,
    "unauthenticated",
    "The sender is not known",
    "Set the secret token of the system hook to a token of this receiver.",
    (("WWW-Authenticate", 'X-Gitlab-Token realm="hooks"'),),
)
NO_SUCH_HOOK = Problem(
    404,
    "no-such-hook",
    "No hooks are taken here",
    "Check the path and the name of the source in it; hooks may also be switched off "
    "(FORGEWIRE_HOOKS_ENABLED, or enabled in the source's table).",
)
LENGTH_REQUIRED = Problem(
    411,
    "length-required",
    "The length of the body is not known",
    "Send the event as the body, with its Content-Length.",
)
TOO_LARGE = Problem(
    413,
    "too-large",
    "The body is too large",
    "Raise FORGEWIRE_MAX_BODY_BYTES if the sender is right to send so much.",
)
TOO_LARGE_FOR_BROKER = Problem(
    413,
    "too-large-for-broker",
    "The body is too large for the broker",
    "Even compressed it is more than RabbitMQ takes. Raise max_message_size there.",
)
NOT_JSON = Problem(
    415,
    "unsupported-media-type",
    "The body does not claim to be JSON",
    "Send Content-Type: application/json, and no Content-Encoding.",
)
BUSY = Problem(
    503,
    "busy",
    "Too many bodies are on their way",
    "Too many signed deliveries are being read. Send this one again in a few seconds.",
    (("Retry-After", "2"),),
)
NOT_DURABLE = Problem(
    503,
    "not-durable",
    "The event could not be stored",
    "Neither the broker nor the spool took the event, so it may be lost. See /readyz, "
    "and send the delivery again when that is green.",
    (("Retry-After", "5"),),
)
UNEXPECTED = Problem(
    500,
    "unexpected",
    "The receiver failed",
    "This is a bug. The receiver's log has its traceback.",
)
