"""Jobs that send many dead letters again or drop them, with real servers."""

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.holding import Holding
from handlers.registry import load
from operations.causes import cause_of, letter_key
from operations.letter_jobs import Runner, Tools, UnderWay
from operations.letter_run import Order
from operations.queues import Queues
from state.ledger import Ledger
from state.letter_jobs import SILENT, LetterJobs
from state.migrations import migrate
from tests.operating import NOON, NOW, a_row
from tests.rabbit import a_message, consuming, proxied, take_all
from tests.receiver import until
from tests.samples.load import payload

BODY = json.dumps(payload("user_create")).encode()


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def db(shared_database):
    migrate(shared_database)
    return shared_database


@pytest.fixture(autouse=True)
def _empty(db):
    for name in ("deliveries", "letter_jobs"):
        db[name].delete_many({})


@pytest.fixture
def dead(publisher):
    """Bury letters, `number` of them, that died for `reason`."""

    def bury_them(number, reason="handler-failed", body=BODY):
        confirms = []
        for it in range(number):
            id_ = f"{reason}-{it}"
            message = a_message(
                id_, event="user_create", receipt=f"3f9c2a71.{id_}", body=body
            )
            death = Death(reason, "KeyError", "handlers.users.save", NOW + it)
            confirms.append(bury(publisher, *encode(message), death))
        for confirm in confirms:
            confirm.result(10)

    return bury_them


@pytest.fixture
def job(amqp_url, topology, db):
    """Do a job, and return its row; `queues` are others than the usual.

    One that is not awaited is over once `job.ended` is set.
    """
    made = []

    def do(kind="replay", *, queues=None, is_awaited=True, **order):
        queues = queues or Queues(amqp_url, topology)
        made.append(queues)
        runner, ended = Runner(Tools(queues, db, load(), now)), threading.Event()
        order = Order(kind=kind, by="gitlab:41", **order)
        id_ = runner.start(order, lambda _: ended.set())
        do.ended = ended
        if is_awaited:
            assert ended.wait(30)
        return runner.jobs.get(id_, now=now())

    yield do
    for queues in made:
        queues.close()


def letters(amqp_url, topology):
    with closing(Holding(amqp_url, topology)) as holding:
        return [held.letter for held in holding.letters()]


def left(amqp_url, topology):
    return [it.delivery_id for it in letters(amqp_url, topology)]


def depths(amqp_url, topology):
    return tuple(it.ready for it in Queues(amqp_url, topology).depths())


def test_a_group_is_sent_again_and_the_others_stay(job, dead, amqp_url, topology):
    dead(3)
    dead(2, "poison")
    group = cause_of(letters(amqp_url, topology)[0]).key

    told = job(group=group)

    assert (told["state"], told["sent"], told["refused"]) == ("done", 3, 0)
    assert told["total"] == told["looked_at"] == 5
    assert left(amqp_url, topology) == ["poison-0", "poison-1"]
    with consuming(amqp_url, topology) as consumer:
        sent = [it.message() for it in take_all(consumer, 3)]
    assert [(it.delivery_id, it.attempt) for it in sent] == [
        ("handler-failed-0", 2),
        ("handler-failed-1", 2),
        ("handler-failed-2", 2),
    ]


def test_one_letter_is_sent_again(job, dead, amqp_url, topology):
    dead(3)
    second = letters(amqp_url, topology)[1]

    told = job(group=cause_of(second).key, letter=letter_key(second))

    assert (told["sent"], told["looked_at"]) == (1, 2)
    assert sorted(left(amqp_url, topology)) == ["handler-failed-0", "handler-failed-2"]


def test_all_are_sent_again_but_what_would_be_rejected_again(
    job, dead, amqp_url, topology
):
    dead(2)
    dead(2, "invalid-payload", body=b"{}")

    told = job()

    assert (told["sent"], told["refused"]) == (2, 2)
    assert left(amqp_url, topology) == ["invalid-payload-0", "invalid-payload-1"]
    first = told["refused_ones"][0]
    assert first["delivery_id"] == "invalid-payload-0"
    assert first["refused_for"] == "invalid-payload"
    assert "user_id" in first["problem"]


def test_what_was_sent_is_followed_until_a_worker_had_it(job, dead, db):
    dead(4)
    rows = [
        a_row(number, delivery_id=f"handler-failed-{number}", outcome="dead")
        for number in range(3)
    ]
    Ledger(db).write(rows)
    told, jobs = job(), LetterJobs(db)
    sent = told["sent_ones"]

    before = jobs.became(sent)
    for number, outcome in enumerate(["applied", "dead"]):
        db["deliveries"].update_one(
            {"delivery_id": f"handler-failed-{number}"},
            {"$set": {"outcome": outcome, "attempts": 2}},
        )

    # The last of them RabbitMQ had set aside: the ledger does not know it.
    assert before == {"waiting": 4}
    assert jobs.became(sent) == {"applied": 1, "dead": 1, "waiting": 2}


def test_a_group_is_dropped_with_a_reason(job, dead, amqp_url, topology, db):
    dead(3)
    dead(1, "poison")
    group = cause_of(letters(amqp_url, topology)[0]).key

    told = job("drop", group=group, note="obsolete")

    assert (told["state"], told["dropped"]) == ("done", 3)
    assert left(amqp_url, topology) == ["poison-0"]
    rows = list(db["deliveries"].find())
    assert len(rows) == 3
    assert {row["note"] for row in rows} == {"gitlab:41: obsolete"}
    assert all(row["dropped_at"] for row in rows)


def test_of_two_at_once_one_is_begun(job, dead, amqp_url, topology):
    dead(1)
    queues = Queues(amqp_url, topology)
    with queues.alone():
        first = job(queues=queues, is_awaited=False)
        with pytest.raises(UnderWay):
            job(is_awaited=False)

    def ended(jobs):
        return jobs.get(first["_id"], now=now())["state"] == "done"

    # Who waited for the letters has them now; after that the next one may begin.
    until(lambda: left(amqp_url, topology) == [], "the first one did it")
    until(lambda: job_is_over(job), "another one may begin")


def job_is_over(job):
    try:
        return job()["state"] == "done"
    except UnderWay:
        return False


def test_who_stops_it_leaves_the_others_in_their_places(
    job, dead, amqp_url, topology, db
):
    dead(1_500)
    jobs = LetterJobs(db)
    row = job(is_awaited=False)

    until(lambda: jobs.get(row["_id"], now=now()).get("sent"), "some are sent")
    assert jobs.stop(row["_id"], by="gitlab:7")
    told = until(
        lambda: (
            it
            if (it := jobs.get(row["_id"], now=now()))["state"] != "running"
            else None
        ),
        "it is over",
    )

    assert (told["state"], told["stopped_by"]) == ("stopped", "gitlab:7")
    assert 0 < told["sent"] < 1_500
    # None is in both queues, and none is lost.
    assert job.ended.wait(20)
    rest = {f"handler-failed-{it}" for it in range(told["sent"], 1_500)}
    until(lambda: set(left(amqp_url, topology)) == rest, "they are in their places")
    assert depths(amqp_url, topology) == (told["sent"], 1_500 - told["sent"])
    assert not jobs.stop(row["_id"], by="gitlab:7")


def test_rabbitmq_may_go_away_in_the_middle(job, dead, amqp_url, topology, db):
    dead(1_500)
    with proxied(amqp_url) as (proxy, via):
        queues = Queues(via, topology)
        row = job(queues=queues, is_awaited=False)
        jobs = LetterJobs(db)
        until(lambda: jobs.get(row["_id"], now=now()).get("sent"), "some are sent")
        proxy.refuse()
        told = until(
            lambda: (
                it
                if (it := jobs.get(row["_id"], now=now()))["state"] != "running"
                else None
            ),
            "it is over",
        )
        queues.close()

    assert (told["state"], told["problem"]) == ("failed", "rabbitmq-away")
    assert 0 < told["sent"] < 1_500
    again = until(lambda: it if (it := job())["looked_at"] else None, "they are back")
    assert again["state"] == "done"
    # What was on its way when the connection was lost is in both queues: harmless.
    assert 0 <= told["sent"] + again["sent"] - 1_500 <= 100
    assert left(amqp_url, topology) == []


def test_rabbitmq_may_be_away_from_the_start(job, topology):
    away = Queues("amqp://127.0.0.1:1/%2F", topology)

    told = job(queues=away)

    assert (told["state"], told["problem"]) == ("failed", "rabbitmq-away")


def test_a_job_whose_process_ended_is_interrupted_and_the_next_begins(db):
    jobs = LetterJobs(db)
    id_ = jobs.begin({"kind": "replay"}, at=NOON)

    assert jobs.begin({"kind": "drop"}, at=NOON + SILENT) is None
    assert jobs.get(id_, now=NOON + SILENT)["state"] == "running"
    later = NOON + SILENT + timedelta(seconds=1)
    assert jobs.begin({"kind": "drop"}, at=later) is not None

    assert jobs.get(id_, now=later)["state"] == "interrupted"
    # It was only slow: it is told to stop.
    assert not jobs.tell(id_, {"sent": 1}, at=later)
    assert [it["kind"] for it in jobs.newest(9, now=later)] == ["drop", "replay"]


def test_who_lost_the_job_stops_and_nothing_is_lost(job, dead, amqp_url, topology, db):
    """As of a process that was taken for dead: its row says so, or is gone."""
    dead(1_200)
    row = job(is_awaited=False)
    jobs = LetterJobs(db)
    until(lambda: jobs.get(row["_id"], now=now()).get("sent"), "some are sent")

    db["letter_jobs"].delete_many({})

    assert job.ended.wait(20)

    assert 0 < len(left(amqp_url, topology)) < 1_200
    # Each is in one of the queues.
    until(lambda: sum(depths(amqp_url, topology)) == 1_200, "all are there")
