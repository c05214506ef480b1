"""Decide a sample payload as the worker would, from its JSON to the changes."""

from typing import Any

from handlers import Change
from handlers.registry import load
from tests.samples.load import event_of, payload

HANDLERS = load()


def decide(name: str, /, **changes: Any) -> list[Change]:
    """Return what a sample means; `changes` as in `payload`."""
    handler = HANDLERS[event_of(name)]
    return handler(handler.schema.load(payload(name, **changes)))
