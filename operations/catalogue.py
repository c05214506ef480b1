"""Tell which events there are, and which function decides what they change."""

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema

from handlers.registry import Handler
from schemas.catalogue import events


def catalogue(handlers: Mapping[str, Handler]) -> list[dict[str, Any]]:
    """Return what there is to tell of each event, in the order of their names."""
    return [line(event, handler) for event, handler in sorted(handlers.items())]


def line(event: str, handler: Handler) -> dict[str, Any]:
    """Return what there is to tell of one event and of who decides on it."""
    return {
        "event": event,
        "handler": handler.name,
        "schema": _name(type(handler.schema)),
        "does": _sentence(handler),
        "where": _where(handler),
    }


def without_handler(handlers: Iterable[str]) -> list[str]:
    """Return the events that the host can send and no handler wants, in their order."""
    return sorted(set(events()).difference(handlers))


def _name(schema: type[Schema]) -> str:
    return f"{schema.__module__}.{schema.__qualname__}"


def _sentence(handler: Handler) -> str | None:
    told = inspect.getdoc(handler.decide)
    return told.partition("\n\n")[0].replace("\n", " ") if told else None


def _where(handler: Handler) -> str | None:
    """Return the file of the function below its package, and the line it begins at."""
    code = getattr(inspect.unwrap(handler.decide), "__code__", None)
    if code is None:
        return None
    depth = handler.decide.__module__.count(".") + 1
    path = Path(code.co_filename)
    is_package = path.stem == "__init__"
    file = "/".join(path.parts[-depth - is_package :])
    return f"{file}:{code.co_firstlineno}"
