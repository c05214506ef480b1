"""The AsyncAPI document is one, and says of our messages what is so."""

import hashlib
import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from pika import BasicProperties

from broker.call import first
from broker.dead_letters import Death, bury
from broker.declared import Declared, declared
from broker.envelope import encode
from broker.reaction_topology import ReactionTopology
from broker.topology import Topology
from handlers.reacting import reacts_to
from operations.contracts.asyncapi import document
from operations.contracts.events import event_schemas
from state.outbox import Left
from tests.rabbit import a_message
from tests.samples.decide import HANDLERS
from workers.calling import calls

VENDORED = Path(__file__).parents[1] / "asyncapi"
#: AsyncAPI's own, as published on npm in @asyncapi/specs 6.11.1.
ASYNCAPI = Draft7Validator(json.loads((VENDORED / "3.0.0.json").read_text("utf-8")))
#: As others read it: from JSON.
DOCUMENT = json.loads(json.dumps(document(HANDLERS)))


class Outbox:
    """Keeps what a publisher would send."""

    topology = Topology()

    def send(self, parcel):
        self.sent = parcel


@reacts_to("users", "changed", fields=["name"])
def greet(transition):
    """React to nothing in particular."""


def headers(name):
    return DOCUMENT["components"]["schemas"][name]


def a_call():
    """The call that a change of a user makes, as it is sent."""
    before, after = {"name": "Ada"}, {"name": "Ada Lovelace"}
    left = Left("users", "gitlab:41", "gitlab", 3, "changed", ("name",), before, after)
    (call,) = calls(left, [greet])
    return first(call, ReactionTopology())


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    for it in value if isinstance(value, list) else []:
        yield from references(it)


def at(pointer):
    found = DOCUMENT
    for word in pointer.removeprefix("#/").split("/"):
        found = found[word]
    return found


def test_what_it_is_held_to_is_what_was_published():
    sums = (VENDORED / "SHA256SUMS").read_text("utf-8").splitlines()

    named = dict(reversed(line.split()) for line in sums if not line.startswith("#"))

    files = [path for path in VENDORED.iterdir() if path.name != "SHA256SUMS"]
    assert named == {
        it.name: hashlib.sha256(it.read_bytes()).hexdigest() for it in files
    }


def test_it_is_asyncapi_3():
    assert [error.message for error in ASYNCAPI.iter_errors(DOCUMENT)] == []


def test_what_is_no_asyncapi_would_be_refused():
    wrong = json.loads(json.dumps(DOCUMENT))
    amqp = wrong["channels"]["events"]["bindings"]["amqp"]
    amqp["exchange"]["type"] = "sideways"

    assert not ASYNCAPI.is_valid(wrong)


def test_whatever_it_refers_to_is_there():
    found = set(references(DOCUMENT))

    assert {it for it in found if not it.startswith("#/")} == event_schemas(
        HANDLERS
    ).keys()
    assert all(at(it) is not None for it in found if it.startswith("#/"))


def test_every_exchange_and_queue_has_a_channel_that_says_how_it_is_declared():
    there = Declared()
    for topology in (Topology(), ReactionTopology()):
        noted = declared(topology.declare)
        there.exchanges.extend(noted.exchanges)
        there.queues.extend(noted.queues)

    told = [it["bindings"]["amqp"] for it in DOCUMENT["channels"].values()]

    exchanges = {
        it["exchange"]["name"]: it["exchange"] for it in told if "exchange" in it
    }
    queues = {it["queue"]["name"]: it for it in told if "queue" in it}
    assert sorted(exchanges) == sorted(it.name for it in there.exchanges)
    assert sorted(queues) == sorted(it.name for it in there.queues)
    assert "forgewire.reactions.retry.10s" in queues
    assert [it.kind for it in there.exchanges] == [
        exchanges[it.name]["type"] for it in there.exchanges
    ]
    assert all(queues[it.name]["x-arguments"] == it.arguments for it in there.queues)
    assert queues["forgewire.events"]["x-bound-to"] == [
        {"exchange": "forgewire.events", "routingKey": "#"}
    ]


def test_every_event_is_a_message_of_its_exchange_and_queue():
    for channel in ("events", "events-queue"):
        assert DOCUMENT["channels"][channel]["messages"].keys() == HANDLERS.keys()


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(
            attempt=3,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            tracestate="vendor=1",
            sent_by="gitlab:41",
        ),
    ],
    ids=["plain", "whole"],
)
def test_the_headers_of_an_event_are_those_that_are_sent(message):
    schema = headers("event-headers")
    sent = dict(encode(message)[0].headers)

    Draft202012Validator(schema).validate(sent)
    assert sent.keys() <= schema["properties"].keys()
    if message.tracestate:
        assert sent.keys() == schema["properties"].keys()
    else:
        assert sorted(sent) == schema["required"]


def test_the_headers_of_a_dead_letter_are_those_that_are_sent():
    schema, outbox = headers("dead-letter-headers"), Outbox()
    properties, body = encode(a_message())
    returned = BasicProperties(
        message_id=properties.message_id,
        type=properties.type,
        headers=properties.headers | {"x-delivery-count": 2},
    )

    bury(outbox, returned, body, Death("rejected", "Traceback", None, 1_790))

    sent = outbox.sent.properties.headers
    Draft202012Validator(schema).validate(sent)
    assert sent.keys() <= schema["properties"].keys()
    assert {it for it in sent if it.startswith("fw-")} >= {"fw-reason", "fw-attempts"}


def test_the_call_of_a_reaction_is_as_it_is_sent():
    parcel, schema = a_call(), headers("transition")
    transition = json.loads(parcel.body)

    Draft202012Validator(headers("call-headers")).validate(parcel.properties.headers)
    Draft202012Validator(schema).validate(transition)
    assert sorted(parcel.properties.headers) == headers("call-headers")["required"]
    assert sorted(transition) == schema["required"]
    assert parcel.routing_key == DOCUMENT["channels"]["reactions"]["address"].format(
        **transition
    )


def test_a_call_that_failed_for_good_has_the_headers_that_are_told():
    outbox, call = Outbox(), a_call()

    bury(outbox, call.properties, call.body, Death("time-limit", "", "greet", 1_790))

    schema, sent = headers("dead-call-headers"), outbox.sent.properties.headers
    Draft202012Validator(schema).validate(sent)
    assert sent.keys() <= schema["properties"].keys()


def test_every_operation_is_one_of_a_channel_with_messages():
    found = [it["channel"]["$ref"] for it in DOCUMENT["operations"].values()]

    assert all(at(channel)["messages"] for channel in found)
    assert at("#/operations/retry-10s/channel")["$ref"].endswith("retry-10s-queue")
