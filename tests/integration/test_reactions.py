"""Reactions run for what really changed, at least once, whatever dies or hangs."""

import json
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from broker import dead_letters
from broker.call import Call, again, first
from broker.consumer import Consumer
from broker.reaction_topology import ReactionTopology
from reactions.metrics import Metrics
from reactions.reactor import Reactor
from tests import reacting
from tests.metrics import documented, labels_of, scraped
from tests.rabbit import channel, ctl, publishing, until
from tests.reacting import all_here, greeted, install
from tests.samples.load import payload
from tests.working import Worker, at_database, publish_all

TIERS = (1, 1)
HEADROOM = 40


@pytest.fixture
def queues(amqp_url, topology):
    """The queues for the reactions of one test, deleted at its end."""
    found = ReactionTopology(topology.prefix, tiers=TIERS)
    yield found
    delays = {*found.tiers, *ReactionTopology().tiers}
    with channel(amqp_url) as it:
        for name in (found.events, found.dead_letters, *map(found.retry, delays)):
            it.queue_delete(name)
            it.exchange_delete(name)


class Running:
    """A reactor in this process, its reactions in children."""

    def __init__(self, amqp_url, queues):
        self.registry = CollectorRegistry()
        self._stop = threading.Event()
        self._exit = ExitStack()
        self._url = amqp_url
        self._queues = queues

    def __enter__(self):
        publisher = self._exit.enter_context(publishing(self._url, self._queues))
        consumer = Consumer(self._url, self._queues, name="test reactor", prefetch=2)
        consumer.start()
        self._exit.callback(consumer.close, 5)
        self._send = publisher.send
        reactor = Reactor(
            consumer=consumer,
            publisher=publisher,
            topology=self._queues,
            reactions=all_here(),
            prepare=all_here,
            metrics=Metrics(self.registry, all_here()),
            stop=self._stop,
        )
        thread = threading.Thread(target=reactor.run, args=(2,))
        thread.start()
        self._exit.callback(thread.join)
        self._exit.callback(self._stop.set)
        return self

    def __exit__(self, *_):
        self._exit.close()

    def call(self, reaction, body):
        call = Call(reaction, f"badges/gitlab:7@1#{reaction}", "badges.created", body)
        self._send(first(call, self._queues)).result(10)

    def has(self, reaction, outcome):
        return self.runs(reaction, outcome) is not None

    def runs(self, reaction, outcome):
        labels = {"reaction": reaction, "outcome": outcome}
        return self.registry.get_sample_value("forgewire_reactions_total", labels)


def body(file=""):
    told = {
        "collection": "badges",
        "id": 7,
        "kind": "created",
        "source": "gitlab",
        "before": {},
        "after": {"file": str(file)},
        "changed_fields": ["file"],
        "key": "badges/gitlab:7@1",
    }
    return json.dumps(told).encode()


def letters_in(amqp_url, queues):
    return {it.handler: it for it in dead_letters.read(amqp_url, queues, 100)}


def test_what_fails_waits_and_is_tried_again_and_at_last_is_a_dead_letter(
    amqp_url, queues, tmp_path
):
    names = {name.rpartition(".")[2]: name for name in all_here()}
    with Running(amqp_url, queues) as running:
        for name in names.values():
            running.call(name, body(tmp_path / name))
        running.call("nobody.knows", body())
        for name in ("fails", "hangs", "dies"):
            until(partial(running.has, names[name], "dead"), HEADROOM)
        until(partial(running.has, "other", "dead"), HEADROOM)
        until(partial(running.has, names["fails_once"], "done"))

        for name in ("fails", "hangs", "dies"):
            assert running.runs(names[name], "retried") == len(TIERS)
            assert running.runs(names[name], "dead") == 1
        assert running.runs("other", "dead") == 1
        assert running.runs(names["gives_up"], "retried") is None
        assert running.runs(names["works"], "done") == 1
        assert running.runs(names["works"], "retried") is None

    letters = letters_in(amqp_url, queues)
    assert {name: it.reason for name, it in letters.items()} == {
        names["fails"]: "failed",
        names["hangs"]: "time-limit",
        names["dies"]: "crashed",
        names["gives_up"]: "rejected",
        "nobody.knows": "unknown-reaction",
    }
    assert "ValueError" in letters[names["fails"]].detail
    assert str(tmp_path) not in letters[names["fails"]].detail
    assert "it can never be" in letters[names["gives_up"]].detail
    # The same key each time, so that whoever is called can tell.
    keys = (tmp_path / names["fails_once"]).read_text().split()
    assert keys == ["badges/gitlab:7@1"] * 2


def test_what_is_no_call_of_ours_is_set_aside(amqp_url, queues):
    with Running(amqp_url, queues):
        with channel(amqp_url) as it:
            it.basic_publish(queues.events, "", b"what?")
        until(lambda: dead_letters.count(amqp_url, queues) == 1)


def test_a_call_has_one_more_attempt_than_there_are_tiers(queues):
    call = Call("a.b", "key", "badges.created", b"{}")

    ways = [again(replace(call, attempt=number), queues) for number in (1, 2, 3)]

    assert first(call, queues).exchange == queues.events
    assert [it and it.routing_key for it in ways] == [queues.retry(1)] * 2 + [None]


@pytest.fixture
def site(tmp_path, amqp_url, queues, mongodb_url, database):
    """Starts workers and reactors that have a package of reactions."""
    plugins, started = install(tmp_path / "plugins"), []
    url = at_database(mongodb_url, database.name)

    def start(kind, **settings):
        process = kind(
            tmp_path, amqp_url, queues.prefix, url, plugins=plugins, **settings
        )
        started.append(process)
        return process

    start.plugins = plugins
    yield start
    for it in started:
        if it.process.poll() is None:
            it.end(signal.SIGKILL)


def sample(number, event="user_create"):
    return reacting.message(event, f"{event}-{number}", user_id=number)


def test_only_real_transitions_are_reacted_to(site, amqp_url, prefix, database):
    name = payload("user_create")["username"]
    events = [
        sample(1),
        replace(sample(1), receipt="test.again"),
        sample(1, "user_destroy"),
    ]
    reactor = site(reacting.Reactor)
    worker = site(Worker)

    for number, event in enumerate(events, start=1):
        publish_all(amqp_url, prefix, [event])
        until(partial(has_rows, database, number), HEADROOM)
    until(lambda: len(greeted(site.plugins)) == 2, HEADROOM)

    base, last = "users/gitlab:1@", "#greeter.greet"
    found = {it[2]: it for it in greeted(site.plugins)}
    assert found["created"][0] == f"{base}1{last}"
    assert found["created"][1:] == [1, "created", {}, {"username": name}]
    assert found["deleted"][0].startswith(base)
    assert found["deleted"][3:] == [{"username": name}, {}]
    until(lambda: "outbox" not in database["users"].find_one())
    assert (
        'outcome="done",reaction="greeter.greet"} 2.0' in reactor.get("/metrics").text
    )
    assert types_shown(reactor) == types_documented()
    assert worker.end() == reactor.end() == 0
    assert name not in reactor.log.read_text()


def test_workers_that_are_killed_before_they_publish_lose_no_reaction(
    site, rabbitmq, amqp_url, prefix, database
):
    numbers = range(1, 61)
    publish_all(amqp_url, prefix, [sample(number) for number in numbers])
    # From now on RabbitMQ hands out what it has, and takes nothing.
    ctl(rabbitmq, "set_vm_memory_high_watermark", "0.00001")
    try:
        worker = site(Worker, BATCH_SIZE=10)
        until(partial(has_users, database, len(numbers)), HEADROOM)
        worker.end(signal.SIGKILL)
        left = database["users"].count_documents({"outbox": {"$exists": True}})
    finally:
        ctl(rabbitmq, "set_vm_memory_high_watermark", "0.4")
    assert left == len(numbers)

    site(reacting.Reactor)
    site(Worker)

    until(lambda: len(keys_in(site)) == len(numbers), HEADROOM)
    assert keys_in(site) == {f"users/gitlab:{it}@1#greeter.greet" for it in numbers}
    until(lambda: not database["users"].count_documents({"outbox": {"$exists": True}}))


def types_shown(reactor):
    found = scraped(f"http://127.0.0.1:{reactor.port}")
    return {name: (it.type, labels_of(it)) for name, it in found.items()}


def types_documented():
    page = documented()
    found = page["Every process"] | page["The reactor"]
    return {name: (it.type, it.labels) for name, it in found.items()}


def has_users(database, number):
    return database["users"].count_documents({}) >= number


def has_rows(database, number):
    return database["deliveries"].count_documents({}) >= number


def keys_in(site):
    return {it[0] for it in greeted(site.plugins)}
