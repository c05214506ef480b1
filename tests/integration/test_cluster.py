"""Clusters of both servers: any node will do, and the loss of one is got over."""

from functools import partial

import pytest

from broker.topology import Topology
from schemas.errors import BrokerUnavailable, StateUnavailable
from state.client import connect, translated
from tests.chaos.mongos import Mongos
from tests.chaos.rabbits import Rabbits
from tests.rabbit import a_message, consuming, publishing, until

#: Six servers start while other tests use the machine.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def rabbits(tmp_path_factory):
    cluster = Rabbits(tmp_path_factory.mktemp("cluster") / "rabbitmq")
    try:
        yield cluster.wait()
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def mongos(tmp_path_factory):
    members = Mongos(tmp_path_factory.mktemp("set") / "mongodb")
    try:
        yield members.wait()
    finally:
        members.stop()


def urls(ports):
    return ",".join(
        f"amqp://guest:guest@127.0.0.1:{port}/%2F?heartbeat=4" for port in ports
    )


def is_confirmed(publisher, delivery_id):
    try:
        publisher.publish(a_message(delivery_id))
    except BrokerUnavailable:
        return False
    return True


def take_ids(consumer, number):
    """Take until so many ids have come; some may come twice."""
    ids = set()

    def have_come():
        batch = consumer.take(100, 0.5)
        consumer.ack(batch)
        ids.update(delivery.message().delivery_id for delivery in batch)
        return len(ids) >= number

    until(have_come, 30)
    return ids


def write(db, document_id):
    """Write by a majority, as often as it takes."""

    def is_written():
        try:
            with translated():
                db["things"].update_one(
                    {"_id": document_id}, {"$set": {"known": True}}, upsert=True
                )
        except StateUnavailable:
            return False
        return True

    until(is_written, 30)


def test_a_killed_leader_costs_neither_messages_nor_service(rabbits, prefix):
    topology, every = Topology(prefix), urls(rabbits.ports)
    with (
        publishing(every, topology) as publisher,
        consuming(every, topology) as consumer,
    ):
        assert rabbits.members(topology.events) == 3
        before = [f"before-{number}" for number in range(20)]
        after = [f"after-{number}" for number in range(20)]
        for delivery_id in before:
            publisher.publish(a_message(delivery_id))

        leader = rabbits.leader(topology.events)
        rabbits.kill(leader)
        for delivery_id in after:
            until(partial(is_confirmed, publisher, delivery_id), 30)
        ids = take_ids(consumer, 40)

        assert ids == {*before, *after}
    rabbits.start(leader)
    rabbits.wait_node(leader)


def test_any_node_that_answers_will_do(rabbits, prefix):
    nobody = "amqp://guest:guest@127.0.0.1:1/%2F"
    some = f"{nobody},{urls(rabbits.ports[2:])}"

    with publishing(some, Topology(prefix)) as publisher:
        publisher.publish(a_message())


def test_the_queues_of_many_do_not_all_have_one_leader(rabbits):
    topologies = [Topology(f"spread-{number}") for number in range(3)]
    for topology in topologies:
        with publishing(urls(rabbits.ports), topology):
            pass

    leaders = {rabbits.leader(topology.events) for topology in topologies} | {
        rabbits.leader(topology.dead_letters) for topology in topologies
    }

    assert len(leaders) > 1


def test_the_state_is_written_on_after_the_primary_dies_or_steps_down(mongos):
    db = connect(mongos.url, name="test")
    write(db, "before")

    killed = mongos.primary()
    mongos.kill(killed)
    write(db, "after the kill")
    mongos.start(killed)
    mongos.wait_primary()
    mongos.step_down()
    write(db, "after the step-down")

    found = {document["_id"] for document in db["things"].find()}
    assert found == {"before", "after the kill", "after the step-down"}
    db.client.close()
