"""A dead letter whose handler was mended: sent again, applied, accounted for once."""

import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.holding import Holding
from handlers.registry import Handler, load
from state.ledger import Ledger
from state.migrations import migrate
from state.store import Store
from state.suspects import Suspects
from tests.commands import run
from tests.rabbit import a_message, channel, consuming
from tests.samples.load import payload
from workers.batch import Tools, work
from workers.brake import Brake
from workers.burial import burial

TOLD = payload("user_create")


def broken(event):
    raise KeyError(event)


@pytest.fixture
def work_off(amqp_url, topology, publisher, database):
    """Work off what is in the queue, as a worker of a release would."""
    migrate(database)

    def work_it(number, *, is_broken=False):
        handlers = load()
        if is_broken:
            good = handlers["user_create"]
            handlers["user_create"] = Handler(good.events, good.schema, broken)
        tools = Tools(
            handlers=handlers,
            store=Store(database, "gitlab"),
            ledger=Ledger(database),
            bury=burial(publisher),
            now=lambda: datetime.now(UTC),
            suspects=Suspects(database),
            brake=Brake(0),
            worker="w1",
        )
        with consuming(amqp_url, topology) as consumer:
            done = 0
            while done < number:
                batch = consumer.take(100, 10)
                assert batch, f"only {done} of {number} came"
                work(batch, tools)
                consumer.ack(batch)
                done += len(batch)

    return work_it


def a_user(delivery_id="d-1"):
    return a_message(
        delivery_id,
        event="user_create",
        receipt=f"3f9c2a71.{delivery_id.removeprefix('d-')}",
        body=json.dumps(TOLD).encode(),
    )


def ledger(database):
    return {
        row["_id"]: (row["outcome"], row["attempts"])
        for row in database["deliveries"].find()
    }


def letters(amqp_url, topology):
    with closing(Holding(amqp_url, topology)) as holding:
        return [held.letter for held in holding.letters()]


def copy_back(amqp_url, topology):
    """Put what is in the dead letters there once more, as a crash would leave it."""
    with closing(Holding(amqp_url, topology)) as holding, channel(amqp_url) as it:
        for held in holding.letters():
            exchange, properties = topology.dead_letters, held.held.properties
            it.basic_publish(exchange, "", held.held.body, properties)


def bury_again(publisher):
    death = Death("handler-failed", "Traceback", "handlers.users.save", 1)
    bury(publisher, *encode(a_user()), death).result(5)


def test_a_mended_handler_gets_its_event_and_the_ledger_says_applied(
    amqp_url, topology, servers, publisher, database, work_off
):
    publisher.publish(a_user())
    work_off(1, is_broken=True)
    assert ledger(database) == {"gitlab:d-1": ("dead", 1)}

    result = run("dead-letters", "replay", **servers)
    work_off(1)

    assert result.exit_code == 0
    assert database["users"].find_one()["username"] == TOLD["username"]
    assert ledger(database) == {"gitlab:d-1": ("applied", 2)}
    assert letters(amqp_url, topology) == []
    assert "reason" not in database["deliveries"].find_one()


def test_replaying_twice_changes_nothing(
    amqp_url, topology, servers, publisher, database, work_off
):
    publisher.publish(a_user())
    work_off(1, is_broken=True)
    copy_back(amqp_url, topology)

    first = run("dead-letters", "replay", **servers)
    work_off(2)
    users, rows = list(database["users"].find()), list(database["deliveries"].find())
    bury_again(publisher)
    second = run("dead-letters", "replay", **servers)
    work_off(1)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert ledger(database) == {"gitlab:d-1": ("applied", 2)}
    assert list(database["users"].find()) == users
    assert list(database["deliveries"].find()) == rows
    assert letters(amqp_url, topology) == []


def test_what_dies_again_counts_its_attempts_and_can_be_replayed_again(
    amqp_url, topology, servers, publisher, database, work_off
):
    publisher.publish(a_user())
    work_off(1, is_broken=True)

    run("dead-letters", "replay", **servers)
    work_off(1, is_broken=True)
    (letter,) = letters(amqp_url, topology)
    run("dead-letters", "replay", **servers)
    work_off(1)

    assert letter.attempts == 2
    assert letter.reason == "handler-failed"
    assert ledger(database) == {"gitlab:d-1": ("applied", 3)}
    assert letters(amqp_url, topology) == []


def test_a_dropped_letter_stays_dead_in_the_ledger(
    amqp_url, topology, servers, publisher, database, work_off
):
    publisher.publish(a_user())
    publisher.publish(a_user("d-2"))
    work_off(2, is_broken=True)

    run("dead-letters", "drop", "d-1", "--yes", "--note", "Bo", **servers)
    run("dead-letters", "replay", **servers)
    work_off(1)

    assert ledger(database) == {
        "gitlab:d-1": ("dead", 1),
        "gitlab:d-2": ("applied", 2),
    }
    assert database["deliveries"].find_one({"delivery_id": "d-1"})["note"] == "Bo"
    assert run("audit", **servers).stdout.endswith("\nbalanced\n")
