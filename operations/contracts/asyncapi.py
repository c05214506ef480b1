"""The AsyncAPI document of the queues: what is in them, and who sends and takes it."""

from collections.abc import Iterable
from typing import Any

from broker.topology import Topology
from operations.contracts.channels import channels, exchange_id, queue_id
from operations.contracts.messages import BINDING, DEAD_LETTER, HEADERS, messages
from operations.contracts.version import VERSION

PATH = "asyncapi.json"

_ABOUT = (
    "What Forgewire keeps in RabbitMQ. For a copy of the events, bind a queue of your "
    "own to their exchange, by `<source>.<event>`: `gitlab.*`, `*.push`. Bodies are "
    "the host's own: they may have more keys than their schemas name, and are "
    "compressed where `content_encoding` is `gzip`. An event may come twice, and in "
    "any order. All names begin with `FORGEWIRE_AMQP_PREFIX`."
)
_SENDS = {"deliveryMode": 2, "mandatory": True, "bindingVersion": BINDING}
_TAKES = {"ack": True, "bindingVersion": BINDING}


def document(events: Iterable[str], topology: Topology) -> dict[str, Any]:
    """Return the document of the queues of `topology`, with `events` in them."""
    names = sorted(events)
    carried = {topology.events: names, topology.dead_letters: [DEAD_LETTER]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Forgewire",
            "version": f"{VERSION}.0.0",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels(topology, carried),
        "operations": _operations(topology),
        "components": {"messages": messages(names), "schemas": HEADERS},
    }


def _operations(topology: Topology) -> dict[str, Any]:
    events, dead = topology.events, topology.dead_letters
    return {
        "accept": _send(
            exchange_id(topology, events), "A receiver accepts what the host sends."
        ),
        "apply": _take(
            queue_id(topology, events), "A worker writes what an event changes."
        ),
        "bury": _send(
            exchange_id(topology, dead), "A worker sets aside what it cannot apply."
        ),
        "look-after": _take(
            queue_id(topology, dead), "People look at dead letters, send or drop them."
        ),
    }


def _send(channel: str, summary: str) -> dict[str, Any]:
    return _operation("send", channel, summary, _SENDS)


def _take(channel: str, summary: str) -> dict[str, Any]:
    return _operation("receive", channel, summary, _TAKES)


def _operation(
    action: str, channel: str, summary: str, binding: dict[str, Any]
) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "bindings": {"amqp": binding},
    }
