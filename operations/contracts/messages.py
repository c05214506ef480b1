"""The messages in our queues: which headers they bear, and what their bodies are."""

from collections.abc import Iterable, Mapping
from typing import Any

from handlers.reacting import KINDS
from operations.contracts.events import path_of

_TEXT = {"type": "string", "minLength": 1}
_MICROSECONDS = {"type": "integer", "minimum": 0}

#: What every accepted hook bears: CloudEvents' headers, and ours beside them.
_OF_EVENTS: Mapping[str, Any] = {
    "ce-specversion": {"const": "1.0"},
    "ce-id": _TEXT | {"description": "The delivery; the host may send one twice."},
    "ce-source": _TEXT | {"description": "The Git host, as our settings call it."},
    "ce-type": _TEXT | {"description": "The name of the event."},
    "ce-time": {"type": "string", "format": "date-time", "description": "Accepted."},
    "fw-received-at": _MICROSECONDS
    | {"description": "When it was accepted, in microseconds since 1970, UTC."},
    "fw-receipt": _TEXT | {"description": "Names one acceptance: 3f9c2a71.42."},
    "fw-attempt": {"type": "integer", "minimum": 1},
}
_OF_SOME_EVENTS: Mapping[str, Any] = {
    "traceparent": _TEXT | {"description": "W3C Trace Context, if it is in a trace."},
    "tracestate": _TEXT,
    "fw-sent-by": _TEXT | {"description": "Who sent it by hand; not there otherwise."},
}
_OF_DEAD_LETTERS: Mapping[str, Any] = {
    "fw-reason": _TEXT | {"description": "A short code, such as invalid-payload."},
    "fw-detail": {"type": "string", "description": "The end of the traceback."},
    "fw-handler": {"type": "string", "description": "Whose it was; may be empty."},
    "fw-dead-at": _MICROSECONDS
    | {"description": "When it was set aside, in microseconds since 1970, UTC."},
    "fw-attempts": {"type": "integer", "minimum": 1},
}

_OF_CALLS: Mapping[str, Any] = {
    "fw-reaction": _TEXT | {"description": "The dotted name of the function."},
    "fw-key": _TEXT | {"description": "The idempotency key."},
    "fw-attempt": {"type": "integer", "minimum": 1},
}
_TRANSITION: Mapping[str, Any] = {
    "collection": _TEXT,
    "id": {"type": ["integer", "string"], "description": "41, or project:74:41."},
    "kind": {"type": "string", "enum": sorted(KINDS)},
    "source": _TEXT | {"description": "The Git host, as our settings call it."},
    "before": {"type": "object", "description": "Fields that the reaction asked for."},
    "after": {"type": "object"},
    "changed_fields": {"type": "array", "items": {"type": "string"}},
    "key": _TEXT | {"description": "The idempotency key, the same each time."},
}

#: The schemas of headers and of what is no event.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "event-headers": {
        "type": "object",
        "required": sorted(_OF_EVENTS),
        "properties": {**_OF_EVENTS, **_OF_SOME_EVENTS},
    },
    # RabbitMQ sets some aside itself, and then says why in a header `x-death`.
    "dead-letter-headers": {
        "type": "object",
        "properties": {**_OF_EVENTS, **_OF_SOME_EVENTS, **_OF_DEAD_LETTERS},
    },
    "call-headers": {
        "type": "object",
        "required": sorted(_OF_CALLS),
        "properties": _OF_CALLS,
    },
    "dead-call-headers": {
        "type": "object",
        "properties": {**_OF_CALLS, **_OF_DEAD_LETTERS},
    },
    "transition": {
        "type": "object",
        "required": sorted(_TRANSITION),
        "properties": _TRANSITION,
    },
}
DEAD_LETTER, CALL, DEAD_CALL = "dead-letter", "reaction-call", "dead-reaction-call"


def messages(events: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the AsyncAPI message of each event, and those that are about them."""
    made = {event: _event(event) for event in sorted(events)}
    return made | {DEAD_LETTER: _dead_letter(), CALL: _call(), DEAD_CALL: _dead_call()}


def _event(event: str) -> dict[str, Any]:
    return {
        "name": event,
        "contentType": "application/json",
        "headers": _schema("event-headers"),
        "payload": {"$ref": path_of(event)},
        "bindings": _type(event),
    }


def _dead_letter() -> dict[str, Any]:
    return {
        "name": DEAD_LETTER,
        "summary": "A message that can never be applied, with its own body and type.",
        "headers": _schema("dead-letter-headers"),
        "payload": {"description": "Whatever the body was."},
    }


def _call() -> dict[str, Any]:
    return {
        "name": CALL,
        "summary": "What became of a document, for one reaction.",
        "contentType": "application/json",
        "headers": _schema("call-headers"),
        "payload": _schema("transition"),
    }


def _dead_call() -> dict[str, Any]:
    return {
        "name": DEAD_CALL,
        "summary": "A call that failed too often, or that nobody knows.",
        "headers": _schema("dead-call-headers"),
        "payload": {"description": "Whatever the body was."},
    }


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _type(event: str) -> dict[str, Any]:
    return {"amqp": {"messageType": event, "bindingVersion": BINDING}}


#: Of AsyncAPI's binding to AMQP 0-9-1.
BINDING = "0.3.0"
