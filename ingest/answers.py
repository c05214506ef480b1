"""Make JSON answers."""

from collections.abc import Mapping

import orjson
from flask import Response


def json(
    told: Mapping[str, object], status: int = 200, media_type: str = "application/json"
) -> Response:
    """Return an answer whose body is `told` as JSON."""
    return Response(orjson.dumps(told), status, mimetype=media_type)
