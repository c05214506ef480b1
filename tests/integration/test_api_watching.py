"""The figures of queues, MongoDB and the audit: from the servers, and never late."""

import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from prometheus_client import CollectorRegistry

from api import keyring, services
from api.app import create_app
from api.keyring import Keyring
from bench.populate import populate
from cli.local import mongodb, ports
from config.settings import load
from ingest.tally import Tally
from operations.watching.balance import GRACE_SECONDS, Scales
from schemas.errors import StateUnavailable
from state.client import connect
from state.ledger import Ledger
from state.migrations import migrate
from tests.operating import Operated, a_row
from tests.rabbit import a_message, channel, consuming, proxied
from tests.receiver import Receiver, until
from tests.receiving import EVENT
from tests.scraping import figures, scraped
from tests.working import Worker

#: What a scrape may take, in seconds.
QUICK = 0.05
#: Users, projects and rows of the ledger while scrapes are timed.
MANY = 1_000_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 5_000


class Watched:
    """An application whose watch looks when it is told to."""

    def __init__(self, folder, servers, **more):
        told = servers | {"DATA_DIR": str(folder)} | more
        self.settings = load({f"FORGEWIRE_{name}": it for name, it in told.items()})
        self.db = connect(self.settings.mongodb_url, name="tests")
        keys = folder / "keys.json"
        keyring.generate(keys, "ES256", time.time())
        made = services.assemble(
            self.settings, self.db, Keyring(keys), lambda: datetime.now(UTC)
        )
        self.watching, self.queues = made.watching, made.queues
        self._client = create_app(made, (), CollectorRegistry()).test_client()

    def figures(self):
        return figures(self._client.get("/metrics").text)

    def looked(self):
        """The figures after a look at the queues."""
        self.watching.queues.sample()
        return self.figures()

    def weighed(self, grace=0.0):
        """How many deliveries are unaccounted for, after so many seconds of grace."""
        scales = Scales(
            db=self.db,
            spool_dir=self.settings.spool_dir,
            depths=self.queues.depths_again,
            prefetch=self.settings.prefetch,
            now=lambda: datetime.now(UTC),
            wait=lambda _: threading.Event().wait(grace),
        )
        return scales.weigh().unaccounted

    def close(self):
        self.queues.close()
        self.db.client.close()


@pytest.fixture
def make(servers, rabbitmq, tmp_path):
    made = []

    def begin(**more):
        given = servers | {"RABBITMQ_METRICS_URL": rabbitmq.metrics_url} | more
        made.append(Watched(tmp_path, given))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.fixture
def watched(make):
    return make()


def row(number, **changes):
    """A row of what was received so many seconds ago, unless `changes` say more."""
    at = datetime.now(UTC) - timedelta(seconds=number)
    return a_row(number, received_at=at, processed_at=at, **changes)


def test_nothing_has_a_number_before_it_was_seen(watched):
    found = watched.figures()

    ours = {it if isinstance(it, str) else it[0] for it in found}
    assert not {it for it in ours if "queue" in it or "mongodb" in it or "audit" in it}
    assert "forgewire_rabbitmq_up" not in found


def test_the_queues_are_told_without_any_worker(watched, publisher, database):
    Ledger(database).write([row(90), row(60, outcome="dead")])
    for number in range(3):
        publisher.publish(a_message(f"w-{number}"))

    found = until(
        lambda: (
            full
            if (full := watched.looked())["forgewire_queue_messages", "events", "ready"]
            == 3
            else None
        ),
        "three wait",
    )

    assert found["forgewire_queue_messages", "dead_letters", "ready"] == 0
    assert found["forgewire_queue_consumers", "events"] == 0
    # Rows tell when the newest that was worked had come.
    assert 59 < found["forgewire_queue_oldest_seconds", "events"] < 90
    assert found["forgewire_queue_oldest_seconds", "dead_letters"] == 0
    assert found["forgewire_rabbitmq_up"] == 1
    age = time.time() - found["forgewire_watch_timestamp_seconds", "queues"]
    assert 0 <= age < 10


def test_what_is_in_hand_is_told_by_the_plugin(watched, publisher, amqp_url, topology):
    for number in range(3):
        publisher.publish(a_message(f"w-{number}"))

    with consuming(amqp_url, topology) as consumer:
        until(lambda: consumer.take(10, 0.1), "somebody has them")
        key = "forgewire_queue_messages", "events", "unacknowledged"
        found = until(
            lambda: full if (full := watched.looked()).get(key) == 3 else None,
            "the plugin tells",
        )

    assert found["forgewire_queue_messages", "events", "ready"] == 0
    assert found["forgewire_queue_consumers", "events"] >= 1


def test_without_the_plugin_all_else_is_told(make):
    found = make(RABBITMQ_METRICS_URL="").looked()

    assert found["forgewire_queue_messages", "events", "ready"] == 0
    assert ("forgewire_queue_messages", "events", "unacknowledged") not in found


def test_a_rabbitmq_that_went_away_is_told_and_its_figures_are_dropped(make, rabbitmq):
    with proxied(rabbitmq.url) as (proxy, via):
        watched = make(AMQP_URL=via)
        assert watched.looked()["forgewire_rabbitmq_up"] == 1

        proxy.refuse()
        gone = until(
            lambda: (
                full
                if not (full := watched.looked())["forgewire_rabbitmq_up"]
                else None
            ),
            "it is away",
        )
        proxy.admit()
        until(
            lambda: watched.looked()["forgewire_rabbitmq_up"], "it is back, by itself"
        )

    # Of a minute ago they would still be right, of an hour ago not.
    assert ("forgewire_queue_messages", "events", "ready") in gone
    last = watched.watching.queues.last
    then = datetime.now(UTC) - timedelta(minutes=2)
    watched.watching.queues.last = type(last)(last.value, then)
    assert ("forgewire_queue_messages", "events", "ready") not in watched.figures()


def test_mongodb_is_told(watched):
    watched.watching.mongodb.sample()

    found = watched.figures()

    assert found["forgewire_mongodb_up"] == found["forgewire_mongodb_primary"] == 1
    members = {
        it[1]: n for it, n in found.items() if it[0] == "forgewire_mongodb_members"
    }
    assert members == {
        "primary": 1,
        "secondary": 0,
        "arbiter": 0,
        "unreachable": 0,
        "other": 0,
    }
    assert found["forgewire_mongodb_connections", "current"] > 0
    assert found["forgewire_mongodb_connections", "available"] > 0
    assert (
        0
        < found["forgewire_mongodb_cache_bytes"]
        < found["forgewire_mongodb_cache_max_bytes"]
    )


def test_a_mongodb_that_is_away_has_no_primary_and_the_queues_are_told(make):
    watched = make(
        MONGODB_URL="mongodb://127.0.0.1:1/away?serverSelectionTimeoutMS=200"
    )

    watched.watching.mongodb.sample()
    found = watched.looked()

    assert found["forgewire_mongodb_up"] == found["forgewire_mongodb_primary"] == 0
    assert found["forgewire_queue_messages", "events", "ready"] == 0


def test_a_mongodb_without_primary_is_there_and_says_so(make, tmp_path):
    # A member that was never told of its set.
    alone = mongodb.launch(tmp_path, log=tmp_path / "log", program=mongodb.find())
    try:
        until(lambda: ports.answers(alone.port), "it answers")
        url = f"mongodb://{alone.member}/x?directConnection=true"
        watched = make(MONGODB_URL=url)
        watched.watching.mongodb.sample()
        found = watched.figures()
    finally:
        alone.stop()

    assert (found["forgewire_mongodb_up"], found["forgewire_mongodb_primary"]) == (1, 0)
    assert found["forgewire_mongodb_members", "primary"] == 0
    assert found["forgewire_mongodb_members", "other"] == 1
    assert found["forgewire_mongodb_connections", "current"] > 0


def tally(watched, *numbers):
    folder = watched.settings.spool_dir
    folder.mkdir(parents=True)
    begun = Tally(folder)
    begun.begin("3f9c2a71")
    for number in numbers:
        begun.mark(number, time.time_ns() // 1_000)


def test_the_balance_is_that_of_the_numbers(watched, publisher, database):
    # Two rows, one delivery in the queue, and one that is lost.
    Ledger(database).write([row(1), row(2)])
    tally(watched, 2, 3, 4, 5)
    publisher.publish(a_message("d-4", receipt="3f9c2a71.4"))

    assert watched.weighed() == 1


def test_a_dead_letter_that_is_gone_unbalances(watched, database):
    Ledger(database).write([row(1, outcome="dead"), row(2)])
    tally(watched, 2, 3)

    assert watched.weighed() == 1


@pytest.fixture
def flow(make, servers, prefix, tmp_path):
    """A watch, and a receiver that tallies where the watch sees it."""
    spool = str(tmp_path / "spool")
    watched = make(SPOOL_DIR=spool)
    receiver = Receiver(tmp_path, servers["AMQP_URL"], prefix, SPOOL_DIR=spool)
    yield watched, receiver.wait()
    receiver.stop()


@pytest.fixture
def busy(flow, servers, prefix, tmp_path):
    """A worker, and hooks that come all the time; a function that tells how many."""
    worker = Worker(tmp_path, servers["AMQP_URL"], prefix, servers["MONGODB_URL"])
    until(worker.is_ready, "the worker is ready")
    stop, posted = threading.Event(), []

    def post():
        while not stop.is_set():
            posted.append(flow[1].post(EVENT).status_code)

    thread = threading.Thread(target=post)
    thread.start()
    yield lambda: len(posted)
    stop.set()
    thread.join()
    assert set(posted) == {202}
    assert worker.end() == 0


def test_what_waits_is_under_way_and_what_vanished_is_not(flow, amqp_url, topology):
    watched, receiver = flow
    for _ in range(20):
        receiver.post(EVENT)
    until(lambda: watched.queues.depths()[0].ready == 20, "all of them wait")

    waiting = watched.weighed()
    with channel(amqp_url) as it:
        it.queue_purge(topology.events)

    assert (waiting, watched.weighed()) == (0, 20)


def test_nothing_is_called_lost_while_hooks_come_all_the_time(flow, busy):
    watched, _ = flow
    until(lambda: busy() > 20, "hooks come")

    assert watched.weighed(grace=GRACE_SECONDS) == 0
    assert busy() > 40


class Full(Operated):
    """An API that finds its database full."""

    def start(self):
        until(self._is_full, "it is full", seconds=900)
        super().start()

    def _is_full(self):
        if not self.db["deliveries"].estimated_document_count():
            with suppress(StateUnavailable):
                populate(self.db, MANY)
                return True
        # To make the indexes of a million takes longer than one request may.
        with suppress(StateUnavailable):
            return migrate(self.db)
        return False


@pytest.fixture(scope="module")
def full(rabbitmq, mongodb, tmp_path_factory):
    """A real API whose RabbitMQ can be made to hang."""
    folder = tmp_path_factory.mktemp("full")
    with proxied(rabbitmq.url) as (proxy, via):
        plugin = {"RABBITMQ_METRICS_URL": rabbitmq.metrics_url}
        api = Full(folder, mongodb.url, rabbitmq.url, via=via, **plugin)
        try:
            yield api.wait(), proxy
        finally:
            proxy.flow()
            api.close()


class Stopwatch:
    """Scrapes a process, and keeps how long each scrape took."""

    def __init__(self, api, what):
        self._api = api
        self._what = what
        self._seconds = []

    def scrape(self):
        found, seconds = scraped(self._api.url)
        self._seconds.append(seconds)
        return found

    def check(self):
        ordered = sorted(self._seconds)
        middle, late = median(ordered), ordered[int(len(ordered) * 0.99)]
        print(  # noqa: T201 - what `make test-long` is to show
            f"{MANY:,} documents of each kind, {self._what}: {len(ordered)} scrapes, "
            f"median {middle * 1e3:.1f} ms, 99 of 100 {late * 1e3:.1f} ms"
        )
        assert middle < QUICK, self._what


def test_a_scrape_is_quick_whatever_is_in_the_database_and_whoever_hangs(full):
    api, proxy = full
    audit = ("forgewire_watch_timestamp_seconds", "audit")

    # All of the ledger is read meanwhile.
    well = Stopwatch(api, "all is well")
    until(lambda: audit in well.scrape(), "the first audit is made", seconds=900)
    proxy.stall()
    hung = Stopwatch(api, "RabbitMQ hangs")
    until(lambda: hung.scrape()["forgewire_rabbitmq_up"] == 0, "it is told")

    well.check()
    hung.check()


def test_the_route_of_the_queues_tells_what_is_in_hand(full):
    api, proxy = full
    proxy.flow()

    def told():
        answer = api.call("GET", "/api/v1/queues", role="viewer")
        return answer.json() if answer.ok else None

    def known():
        found = told()
        return found and found["events"]["unacknowledged"] == 0 and found

    found = until(known, "the plugin knows the queue")

    assert found["dead_letters"]["unacknowledged"] == 0
