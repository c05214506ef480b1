"""MongoDB is away for longer than RabbitMQ lets anybody hold a delivery."""

import json
import os
import threading
import time
from dataclasses import dataclass

import pytest
from pymongo import MongoClient

from broker import dead_letters
from broker.topology import Topology
from cli.local import mongodb as local_mongodb
from cli.local import rabbitmq as local_rabbitmq
from tests.rabbit import a_message, channel, ctl, until
from tests.samples.load import event_of, payload
from tests.working import Worker, publish_all

TOPOLOGY = Topology("outage")
PREFETCH = 1_000
#: What a worker holds, and what waits behind it.
HOOKS = PREFETCH + 500


@dataclass(frozen=True)
class Outage:
    """How long MongoDB is away, and what RabbitMQ minds; all in seconds."""

    away: int
    #: RabbitMQ hangs up on who is silent for two of them.
    heartbeat: int
    #: How long a delivery may be held; None: RabbitMQ's own 30 minutes.
    consumer_timeout: int | None = None


OUTAGES = {"seconds": Outage(away=8, heartbeat=1, consumer_timeout=2)}
if os.environ.get("HYPOTHESIS_PROFILE") == "long":
    OUTAGES["an-hour"] = Outage(away=3_660, heartbeat=30)


@pytest.fixture(params=OUTAGES.values(), ids=OUTAGES.keys())
def outage(request):
    return request.param


@pytest.fixture
def broker(outage, tmp_path):
    """A RabbitMQ of this test's own, as patient as the outage says."""
    server = local_rabbitmq.start(tmp_path / "rabbitmq")
    if outage.consumer_timeout:
        limits = {
            "consumer_timeout": outage.consumer_timeout * 1_000,
            # How often it looks; rabbitmq.conf has no line for this.
            "channel_tick_interval": 200,
        }
        setting = [
            f"application:set_env(rabbit, {it[0]}, {it[1]})" for it in limits.items()
        ]
        ctl(server, "eval", f"{', '.join(setting)}.")
    yield server
    server.stop()


@pytest.fixture
def database(tmp_path):
    """A MongoDB of this test's own, to stop and start again at the same port."""
    server = MongoDB(tmp_path / "mongodb")
    yield server
    server.stop()


class MongoDB:
    def __init__(self, folder):
        self._folder = folder
        self._server = local_mongodb.start(folder)
        self.url = self._server.url

    def start(self):
        self._server = local_mongodb.start(self._folder)
        assert self._server.url == self.url

    def stop(self):
        self._server.stop()

    def rows(self):
        with MongoClient(self.url) as client:
            return list(client.get_default_database()["deliveries"].find())


@pytest.fixture
def worker(outage, broker, database, tmp_path):
    amqp_url = f"{broker.url}?heartbeat={outage.heartbeat}"
    worker = Worker(
        tmp_path, amqp_url, TOPOLOGY.prefix, database.url, PREFETCH=PREFETCH
    )
    yield worker
    if worker.process.poll() is None:
        worker.end()


def told(worker, event):
    return [line for line in worker.lines() if line["event"] == event]


def hooks(first, last):
    return [
        a_message(
            f"d-{n}",
            receipt=f"test.{n}",
            event=event_of("user_create"),
            body=json.dumps(payload("user_create", user_id=n)).encode(),
        )
        for n in range(first, last + 1)
    ]


def queue(broker):
    """Return how many events lie in the queue, and how many subscriptions it has."""
    with channel(broker.url) as it:
        found = it.queue_declare(TOPOLOGY.events, passive=True).method
        return found.message_count, found.consumer_count


def observed(broker, worker, end, every):
    """Return what queue and worker showed, every so many seconds until `end`."""
    seen, pause = [], threading.Event()
    while time.monotonic() < end:
        answers = [worker.get(path).status_code for path in ("/healthz", "/readyz")]
        seen.append((*queue(broker), *answers))
        pause.wait(every)
    return seen


def test_a_worker_outlasts_mongodb_and_the_patience_of_rabbitmq(
    outage, broker, database, worker
):
    publish_all(broker.url, TOPOLOGY.prefix, hooks(1, 1))
    until(lambda: len(database.rows()) == 1, 30)

    database.stop()
    back = time.monotonic() + outage.away
    publish_all(broker.url, TOPOLOGY.prefix, hooks(2, HOOKS))
    until(lambda: queue(broker)[0] == HOOKS - 1 - PREFETCH)
    seen = observed(broker, worker, back, outage.away / 60)
    database.start()
    until(lambda: len(database.rows()) == HOOKS, 60)
    until(lambda: queue(broker)[0] == 0)
    until(worker.is_ready)

    assert {(it["outcome"], it["attempts"]) for it in database.rows()} == {
        ("applied", 1)
    }
    assert dead_letters.count(broker.url, TOPOLOGY) == 0
    # What was held went back to the queue, and nobody took it a second time.
    assert seen[0] == (HOOKS - 1 - PREFETCH, 2, 200, 503)
    assert set(seen[len(seen) * 2 // 3 :]) == {(HOOKS - 1, 0, 200, 503)}
    assert broker.node.log.read_text().count("Timeout value used") == 1
    assert len(told(worker, "rabbitmq-connected")) == 2  # to take, and to bury
    (again,) = told(worker, "working-again")
    assert again["seconds"] > outage.away - 2
    assert worker.end() == 0
