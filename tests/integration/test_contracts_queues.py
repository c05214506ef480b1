"""Who follows the AsyncAPI document gets events from a real RabbitMQ as it says."""

import json

from jsonschema import Draft202012Validator

from broker.declared import declared
from operations.contracts.asyncapi import document
from operations.contracts.events import event_schemas
from tests.rabbit import a_message, channel
from tests.samples.decide import HANDLERS
from tests.samples.load import payload


def test_a_queue_of_ones_own_gets_the_events_that_the_document_describes(
    amqp_url, topology, publisher
):
    told = json.loads(json.dumps(document(HANDLERS, topology.prefix)))
    schemas = event_schemas(HANDLERS)
    amqp = told["channels"]["events"]["bindings"]["amqp"]
    address = told["channels"]["events"]["address"]
    key = address.format(source="gitlab", event="user_create")
    body = json.dumps(payload("user_create")).encode()
    with channel(amqp_url) as it:
        own = it.queue_declare("", exclusive=True).method.queue
        it.queue_bind(own, amqp["exchange"]["name"], key)

        for event in ("user_create", "push"):
            publisher.submit(a_message(event=event, body=body)).result()

        _, properties, got = it.basic_get(own, auto_ack=True)
        assert it.basic_get(own)[0] is None
    message = told["components"]["messages"][properties.type]
    headers = message["headers"]["$ref"].rpartition("/")[2]
    Draft202012Validator(told["components"]["schemas"][headers]).validate(
        properties.headers
    )
    Draft202012Validator(schemas[message["payload"]["$ref"]]).validate(json.loads(got))
    assert properties.content_type == message["contentType"]


def test_rabbitmq_takes_the_queues_as_the_document_declares_them(
    amqp_url, topology, publisher
):
    with channel(amqp_url) as it:
        for queue in declared(topology.declare).queues:
            # Other arguments would be refused, and close the channel.
            it.queue_declare(
                queue.name, durable=queue.durable, arguments=dict(queue.arguments)
            )
