"""Complete what the document tells of each operation, in one place for all of them."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from apispec import BasePlugin
from werkzeug.routing import Rule

from api.guard import PUBLIC
from api.limiting import LIMITED

#: What may go wrong wherever a body is read: not JSON, too large, no length told.
_OF_BODIES = (400, 411, 413, 415)
#: Endpoints that ask no other server begin so.
_ALONE = ("health.", "documents.", "api-docs.", "keys.")


class Completing(BasePlugin):
    """Adds the errors that a view need not tell of; what it tells stays."""

    def operation_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - apispec names it
        operations: dict[str, Any] | None = None,
        **told: Any,
    ) -> None:
        """Complete the operations of one rule."""
        for operation in (operations or {}).values():
            # Taken from docstrings, which are sentences.
            operation["summary"] = operation.get("summary", "").removesuffix(".")
            responses = operation.setdefault("responses", {})
            for status in _errors(told["rule"], operation):
                responses.setdefault(str(status), HTTPStatus(status).name)


def _errors(rule: Rule, operation: dict[str, Any]) -> Iterator[int]:
    if rule.arguments:
        yield 404
    if "requestBody" in operation:
        yield from _OF_BODIES
    if rule.endpoint.startswith(_ALONE):
        return
    yield 503
    if rule.endpoint in LIMITED:
        yield 429
    if rule.endpoint not in PUBLIC:
        yield from (401, 403)
