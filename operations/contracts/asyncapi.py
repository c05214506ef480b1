"""The AsyncAPI document of the queues: what is in them, and who sends and takes it."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from broker.topology import Topology
from operations.contracts.channels import channels, exchange_id, queue_id
from operations.contracts.messages import BINDING, SCHEMAS, messages
from operations.contracts.parts import Part, events_part, reactions_part
from operations.contracts.version import VERSION

PATH = "asyncapi.json"
PREFIX = Topology().prefix

_ABOUT = (
    "What Forgewire keeps in RabbitMQ. For a copy of the events, bind a queue of your "
    "own to their exchange, by `<source>.<event>`: `gitlab.*`, `*.push`. Bodies are "
    "the host's own: they may have more keys than their schemas name, and are "
    "compressed where `content_encoding` is `gzip`. An event may come twice, and in "
    "any order. All names begin with `FORGEWIRE_AMQP_PREFIX`."
)
_SENDS = {"deliveryMode": 2, "mandatory": True, "bindingVersion": BINDING}
_TAKES = {"ack": True, "bindingVersion": BINDING}


def document(events: Iterable[str], prefix: str = PREFIX) -> dict[str, Any]:
    """Return the document of all queues whose names begin with `prefix`."""
    names = sorted(events)
    parts = (events_part(prefix, names), reactions_part(prefix))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Forgewire",
            "version": f"{VERSION}.0.0",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _merged(map(channels, parts)),
        "operations": _merged(map(_operations, parts)),
        "components": {"messages": messages(names), "schemas": SCHEMAS},
    }


def _operations(part: Part) -> dict[str, Any]:
    exchange, queue = (partial(it, part.topology) for it in (exchange_id, queue_id))
    kinds = (
        (part.sends, "send", exchange, _SENDS),
        (part.delays, "send", queue, _SENDS),
        (part.takes, "receive", queue, _TAKES),
    )
    return {
        name: {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel(place)}"},
            "summary": summary,
            "bindings": {"amqp": binding},
        }
        for listed, action, channel, binding in kinds
        for name, (place, summary) in listed.items()
    }


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: it for part in parts for name, it in part.items()}
