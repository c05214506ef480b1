"""The worker process: from the queue to the state and the ledger, whatever happens."""

import json
import random
import signal
import socket
from dataclasses import replace

import pytest

from broker import dead_letters
from broker.envelope import Parcel, encode
from broker.message import Message
from broker.topology import Topology
from state import bodies
from state.migrations import migrate
from state.store import Store
from tests.gitlab import ACTIONS, live
from tests.processes import start as start_process
from tests.proxy import Proxy
from tests.rabbit import publishing, until
from tests.samples.load import event_of, payload
from tests.working import Worker, at_database, publish_all
from tests.world import apply, documents, message

HEADROOM = 30


def sample(name, delivery_id=None, receipt=None, **changes):
    body = json.dumps(payload(name, **changes)).encode()
    delivery_id = delivery_id or f"delivery-{name}"
    return Message(
        source="gitlab",
        event=event_of(name),
        delivery_id=delivery_id,
        receipt=receipt or f"test.{delivery_id}",
        received_at=1_790_000_000_000_000,
        body=body,
    )


@pytest.fixture
def start(tmp_path, amqp_url, prefix, mongodb_url, database):
    """Starts workers on this test's queue and database, and ends them."""
    started = []

    def start(**settings):
        url = settings.pop("mongodb_url", at_database(mongodb_url, database.name))
        broker = settings.pop("amqp_url", amqp_url)
        worker = Worker(tmp_path, broker, prefix, url, **settings)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.end()


def ledger(database):
    return {row["_id"]: row for row in database["deliveries"].find()}


def await_rows(database, number):
    until(lambda: database["deliveries"].count_documents({}) >= number, HEADROOM)


def metrics_of(worker):
    return worker.get("/metrics").text


def letters_in(amqp_url, prefix):
    return list(dead_letters.read(amqp_url, Topology(prefix), 100))


def test_events_become_state_and_each_is_accounted_for(
    start, amqp_url, prefix, database
):
    messages = [
        sample("user_create"),
        sample("user_create", receipt="test.again"),
        sample("push.test-button"),
        replace(sample("user_create", "unheard-of"), event="meteor_strike"),
    ]
    publish_all(amqp_url, prefix, messages)

    worker = start()
    await_rows(database, len(messages))

    user = database["users"].find_one({"user_id": payload("user_create")["user_id"]})
    assert user["username"] == payload("user_create")["username"]
    assert {key: row["outcome"] for key, row in ledger(database).items()} == {
        "gitlab:delivery-user_create": "applied",
        "gitlab:delivery-user_create#test.again": "duplicate",
        "gitlab:delivery-push.test-button": "test",
        "gitlab:unheard-of": "ignored",
    }
    until(lambda: "forgewire_batch_events_count 0.0" not in metrics_of(worker))
    metrics = metrics_of(worker)
    assert 'outcome="duplicate",source="gitlab"} 1.0' in metrics
    assert 'event="other",outcome="ignored"' in metrics
    assert worker.end() == 0


def test_one_line_tells_of_each_delivery_and_of_nobody(
    start, amqp_url, prefix, database
):
    told = payload("user_create")
    publish_all(amqp_url, prefix, [sample("user_create"), sample("user_destroy")])

    worker = start()
    await_rows(database, 2)
    worker.end()

    lines = [line for line in worker.lines() if line["event"] == "delivery"]
    assert {line["delivery_id"]: line["outcome"] for line in lines} == {
        "delivery-user_create": "applied",
        "delivery-user_destroy": "applied",
    }
    text = worker.log.read_text()
    for personal in (told["username"], told["name"], told["email"]):
        assert personal not in text


def test_what_can_never_be_applied_is_set_aside_and_its_neighbours_are_not(
    start, amqp_url, prefix, database
):
    broken = sample("user_create", "no-id", user_id="forty-one")
    huge = sample("user_create.second", "beyond-64-bit", user_id=1 << 70)
    messages = [sample("user_create"), broken, huge, sample("group_create")]
    publish_all(amqp_url, prefix, messages)

    start()
    await_rows(database, len(messages))

    outcomes = {row["delivery_id"]: row["outcome"] for row in ledger(database).values()}
    assert outcomes["delivery-user_create"] == outcomes["delivery-group_create"]
    assert outcomes["no-id"] == outcomes["beyond-64-bit"] == "dead"
    letters = {one.delivery_id: one for one in letters_in(amqp_url, prefix)}
    assert letters.keys() == {"no-id", "beyond-64-bit"}
    assert letters["no-id"].reason == "invalid-payload"
    assert letters["no-id"].handler == "handlers.users.save"
    assert "user_id" in letters["no-id"].detail
    assert "forty-one" not in letters["no-id"].detail
    assert "Traceback" in letters["no-id"].detail
    assert json.loads(letters["no-id"].body) == json.loads(broken.body)


def test_a_foreign_message_is_set_aside(start, amqp_url, prefix, database):
    properties, body = encode(sample("user_create"))
    properties.message_id = None
    topology = Topology(prefix)
    with publishing(amqp_url, topology) as publisher:
        publisher.send(Parcel(topology.events, "x", properties, body)).result(10)

    start()
    until(lambda: dead_letters.count(amqp_url, topology) == 1)

    assert letters_in(amqp_url, prefix)[0].reason == "undecodable"
    assert ledger(database) == {}


def test_a_body_of_25_mib_goes_through_to_state(start, amqp_url, prefix, database):
    padding = "x" * (25 * 1024 * 1024)
    publish_all(amqp_url, prefix, [sample("user_create", padding=padding)])

    start()
    await_rows(database, 1)

    assert database["users"].count_documents({"state": "active"}) == 1


def test_a_worker_waits_for_mongodb_and_loses_nothing(
    start, amqp_url, prefix, mongodb, database
):
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/{database.name}?directConnection=true"
    try:
        proxy.refuse()
        worker = start(mongodb_url=url)
        publish_all(amqp_url, prefix, [sample("user_create")])
        until(lambda: any(line["event"] == "waiting" for line in worker.lines()))
        unready = worker.get("/readyz")
        alive = worker.get("/healthz")

        proxy.admit()
        await_rows(database, 1)
        until(worker.is_ready)

        assert unready.status_code == 503
        assert "FORGEWIRE_MONGODB_URL" in unready.json()["checks"]["mongodb"]["hint"]
        assert alive.status_code == 200
        assert dead_letters.count(amqp_url, Topology(prefix)) == 0
        assert worker.end() == 0
        assert len([it for it in worker.lines() if it["event"] == "working-again"]) == 1
    finally:
        proxy.close()


def test_mongodb_away_for_longer_than_the_heartbeat_burns_no_attempt(
    start, amqp_url, prefix, mongodb, database
):
    migrate(database)
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/{database.name}?directConnection=true"
    messages = [sample("user_create", f"d-{n}") for n in range(20)]
    try:
        worker = start(mongodb_url=url, amqp_url=f"{amqp_url}?heartbeat=1")
        until(worker.is_ready)
        proxy.refuse()
        publish_all(amqp_url, prefix, messages)
        # RabbitMQ hangs up on who is silent for two heartbeats, so this goes on.
        until(
            lambda: len([it for it in worker.lines() if it["event"] == "waiting"]) > 2
        )

        proxy.admit()
        await_rows(database, len(messages))

        assert {row["attempts"] for row in ledger(database).values()} == {1}
        connected = [it for it in worker.lines() if it["event"] == "rabbitmq-connected"]
        assert len(connected) == 2  # to take, and to bury
        assert dead_letters.count(amqp_url, Topology(prefix)) == 0
    finally:
        proxy.close()


def test_a_worker_that_is_told_to_stop_leaves_what_it_could_not_write(
    start, amqp_url, prefix, mongodb, mongodb_url, database
):
    migrate(database)
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/{database.name}?directConnection=true"
    try:
        worker = start(mongodb_url=url)
        # Ready is also who still looks whether the indexes are there.
        publish_all(amqp_url, prefix, [sample("group_create")])
        await_rows(database, 1)
        proxy.refuse()
        publish_all(amqp_url, prefix, [sample("user_create")])
        until(lambda: any(line["event"] == "waiting" for line in worker.lines()))

        code = worker.end()
        start()
        await_rows(database, 2)

        assert code == 0
        assert any(line["event"] == "stopped-unwritten" for line in worker.lines())
    finally:
        proxy.close()


def test_a_worker_killed_ten_times_leaves_the_state_of_an_undisturbed_one(
    start, amqp_url, prefix, database, mongodb_url
):
    random_ = random.Random(2_000)
    growth = ("create_user", "create_group", "create_project", "add_member") * 4
    host = live(
        (random_.choice(ACTIONS + growth), *random_.choices(range(500), k=2), 1)
        for _ in range(6_000)
    )
    hooks = host.hooks[:2_000]
    reference = database.client[f"{database.name}-reference"]
    migrate(reference)
    apply(Store(reference, "gitlab"), hooks)
    publish_all(amqp_url, prefix, [message(hook) for hook in hooks])

    for number in range(1, 11):
        worker = start(BATCH_SIZE=20, PREFETCH=100)
        await_rows(database, number * 150)
        worker.end(signal.SIGKILL)
    start()
    await_rows(database, len(hooks))

    undisturbed = documents(reference)
    database.client.drop_database(reference.name)
    assert len(hooks) == 2_000
    assert documents(database) == undisturbed
    assert sorted(ledger(database)) == sorted(f"gitlab:{h.delivery_id}" for h in hooks)
    assert dead_letters.count(amqp_url, Topology(prefix)) == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("BATCH_SIZE", "many"),
        ("WORKER_BIND", "x"),
        ("AMQP_URL", "amqp://h:port"),
        ("MONGODB_URL", "mongodb://h:99999/forgewire"),
    ],
)
def test_a_wrong_setting_is_one_clear_message(tmp_path, setting, value):
    log = tmp_path / "log"

    code = start_process("workers", log, **{setting: value}).wait(30)

    assert code == 2
    assert setting.replace("_", " ") in log.read_text().replace("_", " ")
    assert "Traceback" not in log.read_text()


def test_an_address_that_is_taken_is_one_clear_message(tmp_path):
    log = tmp_path / "log"

    with socket.create_server(("127.0.0.1", 0)) as taken:
        at = f"127.0.0.1:{taken.getsockname()[1]}"
        code = start_process("workers", log, WORKER_BIND=at).wait(30)

    assert code == 2
    assert "cannot listen" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_worker_that_never_found_mongodb_stops_when_it_is_told_to(start):
    worker = start(mongodb_url="mongodb://127.0.0.1:1/forgewire?directConnection=true")
    until(lambda: any(line["event"] == "waiting" for line in worker.lines()))

    assert worker.end() == 0
    assert worker.lines()[-1]["event"] == "stopped"


def test_bodies_are_kept_beside_the_ledger_without_secrets(
    start, amqp_url, prefix, database
):
    sent = sample("user_create")
    secret = sample("user_create", "with-secret", private_token="open-sesame")
    late = sample("user_create", "late")
    publish_all(amqp_url, prefix, [sent, secret])

    worker = start()
    await_rows(database, 2)
    until(lambda: len(list(bodies.everything(database))) == 2)
    publish_all(amqp_url, prefix, [late])
    await_rows(database, 3)
    assert worker.end() == 0

    rows = ledger(database)
    kept = {
        key: bodies.read(database, key, row["processed_at"])
        for key, row in rows.items()
    }
    assert kept[f"gitlab:{sent.delivery_id}"] == sent.body
    assert kept["gitlab:late"] == late.body
    clean = json.loads(kept["gitlab:with-secret"])
    assert clean == json.loads(secret.body) | {"private_token": "[hidden]"}


def test_no_body_is_kept_where_nobody_wants_any(start, amqp_url, prefix, database):
    publish_all(amqp_url, prefix, [sample("user_create")])

    worker = start(BODY_HOURS="0")
    await_rows(database, 1)
    assert worker.end() == 0

    assert list(bodies.everything(database)) == []
    expiry = database["bodies"].index_information()["expiry"]
    assert expiry["expireAfterSeconds"] == 0
