"""The JSON Schema of each event, as files that others can read."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import Schema

from handlers.registry import Handler
from operations.contracts.convert import json_schema
from operations.contracts.version import VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Where a body bears its name: in the first of these that is not null.
NAMES = ("event_name", "object_kind")


def event_schemas(handlers: Mapping[str, Handler]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each event's body, by path below the contracts."""
    return {
        path_of(event): event_schema(event, handler.schema)
        for event, handler in sorted(handlers.items())
    }


def path_of(event: str) -> str:
    """Return where the schema of an event is kept, whatever the event is called."""
    return f"schemas/{quote(event, safe='')}.json"


def event_schema(event: str, schema: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a body that bears the name `event`."""
    body = json_schema(schema)
    named = {"anyOf": [_bears(event, key) for key in NAMES]}
    return {
        "$schema": DIALECT,
        "$id": f"urn:forgewire:v{VERSION}:{quote(event, safe='')}",
        "title": event,
        **body,
        "allOf": [*body.get("allOf", ()), named],
    }


def _bears(event: str, key: str) -> dict[str, Any]:
    return {"required": [key], "properties": {key: {"const": event}}}
