"""Make answers of documents: as JSON, with an ETag, in pages, or line by line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from flask import Response, request
from marshmallow import Schema

from api import problems
from api.problems import Refused
from api.resources.declared import Resource
from schemas.errors import TookTooLong, Unavailable

_log = structlog.stdlib.get_logger("api")

LINES = "application/x-ndjson"
_OPTIONS = orjson.OPT_APPEND_NEWLINE


class View:
    """What is shown of the documents of a resource."""

    def __init__(self, resource: Resource, given: Mapping[str, Any]) -> None:
        self._schema = _schema(resource.shown, tuple(given.get("fields") or ()))
        self._left = resource.left

    def of(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is shown of a document; of a tombstone hardly anything."""
        if document.get("state") == "deleted":
            document = {name: document[name] for name in self._left & document.keys()}
        shown: dict[str, Any] = self._schema.dump(document)
        return shown


def conditional(shown: Any, links: Mapping[str, str] | None = None) -> Response:
    """Return `shown` as JSON, or 304 if whoever asks has it already."""
    body = orjson.dumps(shown)
    answer = Response(body, content_type="application/json")
    if links:
        told = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items())
        answer.headers["Link"] = told
    of_all = body + answer.headers.get("Link", "").encode()
    answer.set_etag(blake2b(of_all, digest_size=16).hexdigest())
    # To be asked for again each time, but sent only if it differs.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


def lines(
    chunks: Iterable[Sequence[Mapping[str, Any]]],
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Response:
    """Return what is shown of documents as JSON Lines, sent as they are read.

    If they cannot all be read, the last line is a problem instead of a document.
    """

    def encoded() -> Iterator[bytes]:
        try:
            for chunk in chunks:
                rows = map(shown, chunk)
                yield b"".join(orjson.dumps(it, option=_OPTIONS) for it in rows)
        except (Unavailable, TookTooLong) as exc:
            # The status is sent, and the server ends the answer as if it were whole.
            _log.warning("export-failed", cause=exc)
            yield problems.told(_incomplete()).get_data() + b"\n"

    return Response(
        encoded(), content_type=LINES, headers={"Cache-Control": "private, no-store"}
    )


def too_slow() -> Refused:
    """Return what is told of a query that took too long."""
    detail = "Ask for less: by more filters, fewer rows, or in another order."
    return Refused(503, "too-slow", "The query took too long", detail)


def _incomplete() -> Refused:
    detail = "What comes before is right, but not all of it. Ask for it again."
    return Refused(503, "incomplete", "The export could not be finished", detail)


def page_url(base: str, cursor: str | None) -> str:
    """Return the URL of this listing from `cursor` on, or of its first page."""
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != "cursor"]
    pairs = [*kept, *([("cursor", cursor)] if cursor else [])]
    return f"{base}{request.path}" + (f"?{urlencode(pairs)}" if pairs else "")


@cache
def _schema(shown: type[Schema], fields: tuple[str, ...]) -> Schema:
    return shown(only={"id", *fields}) if fields else shown()
