"""Make answers of documents: as JSON, with an ETag, in pages, or line by line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from marshmallow import Schema

from api.resources.declared import Resource

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


def lines(chunks: Iterable[Sequence[Mapping[str, Any]]], view: View) -> Response:
    """Return documents as JSON Lines, sent as they are read."""

    def encoded() -> Iterator[bytes]:
        for chunk in chunks:
            yield b"".join(orjson.dumps(view.of(it), option=_OPTIONS) for it in chunk)

    return Response(
        encoded(), content_type=LINES, headers={"Cache-Control": "private, no-store"}
    )


def page_url(base: str, cursor: str | None) -> str:
    """Return the URL of this listing from `cursor` on, or of its first page."""
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != "cursor"]
    pairs = [*kept, *([("cursor", cursor)] if cursor else [])]
    return f"{base}{request.path}" + (f"?{urlencode(pairs)}" if pairs else "")


@cache
def _schema(shown: type[Schema], fields: tuple[str, ...]) -> Schema:
    return shown(only={"id", *fields}) if fields else shown()
