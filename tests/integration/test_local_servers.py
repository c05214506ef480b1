"""Show that the local servers work for clients, and say why when they cannot."""

from contextlib import closing
from pathlib import Path

import pika
import pytest
import requests
from pymongo import MongoClient

from cli.local import family, ports
from cli.local import mongodb as local_mongodb
from cli.local import rabbitmq as local_rabbitmq
from cli.local.process import CannotRun
from tests.rabbit import until


def test_a_database_is_ours_alone(database):
    database.things.insert_one({"_id": 1})

    count = database.things.count_documents({})

    assert count == 1
    assert database.client.write_concern.document == {"w": "majority"}


def test_a_queue_is_ours_alone(amqp_url, prefix):
    with closing(pika.BlockingConnection(pika.URLParameters(amqp_url))) as connection:
        declared = connection.channel().queue_declare(prefix, exclusive=True)

    assert declared.method.queue == prefix
    assert declared.method.message_count == 0


def test_the_node_listens_on_the_loopback_address_only(rabbitmq):
    inodes = sockets_of(rabbitmq.node.pid) | sockets_of(rabbitmq.epmd.pid)

    listening = {
        words[1].split(":")[0]
        for words in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if words[3] == "0A" and words[9] in inodes
    }

    assert listening == {"0100007F"}


def sockets_of(leader):
    """Return the inodes of the sockets that a family of processes holds."""
    links = [
        link
        for each in family.members(leader)
        for link in Path("/proc", str(each.pid), "fd").iterdir()
    ]
    names = [str(link.readlink()) for link in links]
    return {name[8:-1] for name in names if name.startswith("socket:[")}


def test_the_node_tells_prometheus_of_its_queues(rabbitmq, topology, publisher):
    base = f"http://127.0.0.1:{rabbitmq.metrics_port}/metrics"

    alarms = requests.get(base, timeout=10).text
    family = f"{base}/detailed?family=queue_coarse_metrics&vhost=%2F"
    until(lambda: topology.events in requests.get(family, timeout=10).text)

    assert "rabbitmq_alarms_memory_used_watermark 0" in alarms


def test_a_database_that_moved_to_another_port_is_found_again(tmp_path):
    first = local_mongodb.start(tmp_path)
    with MongoClient(first.url) as client:
        client.get_default_database().things.insert_one({"_id": 1})
    first.stop()
    (tmp_path / "port").write_text(f"{ports.free()}\n")

    second = local_mongodb.start(tmp_path)
    with MongoClient(second.url) as client:
        count = client.get_default_database().things.count_documents({})
    second.stop()

    assert second.port != first.port
    assert count == 1


def test_a_missing_rabbitmq_says_what_to_do(tmp_path):
    log = tmp_path / "log"

    with pytest.raises(CannotRun) as refusal:
        local_rabbitmq.launch(tmp_path, log=log, program=tmp_path / "none")

    assert "apt-get install --no-install-recommends rabbitmq-server" in str(
        refusal.value
    )
    assert "FORGEWIRE_AMQP_URL" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_mongod_says_what_to_do(tmp_path):
    with pytest.raises(CannotRun) as refusal:
        local_mongodb.find(path=str(tmp_path), wheel="no-such-wheel")

    assert "FORGEWIRE_MONGODB_URL" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_mongod_on_path_comes_first(tmp_path):
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert local_mongodb.find(path=str(tmp_path)) == program


def test_a_mongod_that_was_packed_without_its_run_bit_gets_it(tmp_path):
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o644)

    local_mongodb.make_runnable(program)

    assert program.stat().st_mode & 0o777 == 0o755


def test_a_rabbitmq_that_dies_at_its_start_shows_its_log(tmp_path):
    program = dying(tmp_path, "no room for a broker")

    with pytest.raises(CannotRun) as failure:
        local_rabbitmq.start(tmp_path, program=program)

    assert "RabbitMQ ended with exit code 70" in str(failure.value)
    assert str(tmp_path / "rabbitmq.log") in str(failure.value)
    assert "no room for a broker" in str(failure.value)


def test_a_name_server_that_dies_at_its_start_shows_its_log(tmp_path):
    dying(tmp_path, "no room for a name", name="epmd")

    with pytest.raises(CannotRun, match="no room for a name"):
        local_rabbitmq.launch(tmp_path, log=tmp_path / "log", path=str(tmp_path))


def test_a_mongod_that_dies_at_its_start_leaves_nothing(tmp_path):
    dying(tmp_path, "no room for a database", name="mongod")

    with pytest.raises(CannotRun, match="no room for a database"):
        local_mongodb.start(tmp_path / "data", path=str(tmp_path))


def dying(folder, last_words, name="server"):
    """Return a program that ends with an error."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {last_words}\nexit 70\n")
    program.chmod(0o755)
    return program
