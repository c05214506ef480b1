"""The exchanges and queues of a topology, as channels of AsyncAPI."""

from collections.abc import Iterator
from typing import Any

from broker.declared import Declared, Exchange, Queue, declared
from broker.topology import Topology
from operations.contracts.messages import BINDING
from operations.contracts.parts import Part


def channels(part: Part) -> dict[str, dict[str, Any]]:
    """Return the channels of all that the topology declares, by their ids."""
    topology = part.topology
    noted = declared(topology.declare)
    made = {
        exchange_id(topology, it.name): _exchange(it, part) for it in noted.exchanges
    }
    made |= {queue_id(topology, it.name): _queue(it, noted) for it in noted.queues}
    for name, messages in part.carried.items():
        for channel in (exchange_id(topology, name), queue_id(topology, name)):
            if channel in made:
                made[channel]["messages"] = {it: _message(it) for it in messages}
    return made


def exchange_id(topology: Topology, name: str) -> str:
    """Return what the channel of an exchange is called."""
    return name.removeprefix(f"{topology.prefix}.").replace(".", "-")


def queue_id(topology: Topology, name: str) -> str:
    """Return what the channel of a queue is called."""
    return f"{exchange_id(topology, name)}-queue"


def _exchange(exchange: Exchange, part: Part) -> dict[str, Any]:
    told = {"name": exchange.name, "type": exchange.kind, "durable": exchange.durable}
    bindings = _bound({"is": "routingKey", "exchange": _kept(told)})
    if exchange.kind != "topic":
        # It does not look at the routing key.
        return {"address": "", "bindings": bindings}
    return {
        "address": part.address,
        "parameters": {
            name: {"description": words} for name, words in part.parameters.items()
        },
        "bindings": bindings,
    }


def _queue(queue: Queue, noted: Declared) -> dict[str, Any]:
    told = {"name": queue.name, "durable": queue.durable, "exclusive": False}
    return {
        "address": queue.name,
        "bindings": _bound(
            {
                "is": "queue",
                "queue": _kept(told),
                "x-arguments": queue.arguments,
                "x-bound-to": list(_sources(queue, noted)),
            }
        ),
    }


def _sources(queue: Queue, noted: Declared) -> Iterator[dict[str, str]]:
    for name, exchange, key in noted.bindings:
        if name == queue.name:
            yield {"exchange": exchange, "routingKey": key}


def _kept(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"autoDelete": False}


def _bound(told: dict[str, Any]) -> dict[str, Any]:
    return {"amqp": told | {"bindingVersion": BINDING}}


def _message(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}
