"""Say in JSON Schema 2020-12 which payloads a marshmallow schema takes.

Only words are used that draft-07 has as well, and with the same meaning. Whatever a
schema takes is valid; not all that is valid is taken: no month has a 32nd day.
"""

from collections.abc import Mapping
from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from schemas.fields import HostField, Told


class _Converter(OpenAPIConverter):
    """Apispec's own, which knows neither our fields nor our rules."""

    def fields2jsonschema(
        self, fields: Mapping[str, fields.Field[Any]], *, partial: Any = None
    ) -> dict[str, Any]:
        """Leave out what tells of another key, and is none of its own."""
        keys = {name: it for name, it in fields.items() if not isinstance(it, Told)}
        made = cast("Any", super()).fields2jsonschema(keys, partial=partial)
        return cast("dict[str, Any]", made)

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """Add what the schema says beyond its single fields."""
        made = cast("Any", super()).schema2jsonschema(schema)
        kind = schema if isinstance(schema, type) else type(schema)
        told = (kind.__doc__ or "").partition("\n\n")[0]
        about = {"description": " ".join(told.split())} if told else {}
        return {**about, **made, **getattr(kind, "rules", {})}


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def json_schema(schema: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a payload; nested schemas stand where they are used."""
    plugin = _Plugin(schema_name_resolver=lambda _: "")
    # The plugin makes its converter when a document takes it.
    APISpec("events", "1", openapi_version="3.1.0", plugins=[plugin])
    converter = cast("Any", plugin.converter)
    converter.add_attribute_function(_host_value)
    return cast("dict[str, Any]", converter.schema2jsonschema(schema))


def _host_value(
    _: OpenAPIConverter, field: fields.Field[Any], ret: dict[str, Any]
) -> dict[str, Any]:
    # Absent is null to us; that is no business of who sends it.
    if ret.get("default", ...) is None:
        del ret["default"]
    if isinstance(field, fields.Constant):
        return {"const": field.constant}
    if not isinstance(field, HostField):
        return {}
    shape = dict(field.shape)
    return _or_null(shape) if field.allow_none else shape


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in shape:
        return shape | {"anyOf": [*shape["anyOf"], {"type": "null"}]}
    if "type" not in shape:
        return shape
    types = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
    return shape | {"type": [*types, "null"]}
