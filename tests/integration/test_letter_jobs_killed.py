"""An API that is killed while it replays: no letter is lost, and others go on."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.replay import MAX_IN_FLIGHT
from operations.queues import Queues
from state.letter_jobs import SILENT, LetterJobs
from tests.operating import NOW, Operated
from tests.rabbit import a_message, consuming, publishing, take_all
from tests.receiver import until
from tests.samples.load import payload

MANY = 2_000


@pytest.fixture
def api(rabbitmq, mongodb, tmp_path):
    made = Operated(tmp_path, mongodb.url, rabbitmq.url).wait()
    yield made
    made.start()
    made.wait().close()


def fill(api):
    body = json.dumps(payload("user_create")).encode()
    death = Death("handler-failed", "KeyError", "handlers.users.save", NOW)
    with publishing(api.amqp_url, api.topology) as publisher:
        confirms = []
        for it in range(MANY):
            told = {"event": "user_create", "receipt": f"3f9c2a71.{it}", "body": body}
            message = a_message(f"d-{it}", **told)
            confirms.append(bury(publisher, *encode(message), death))
        for confirm in confirms:
            confirm.result(20)


def kill(api):
    """End what serves as a power cut would; what looks after it ends, too."""
    pid = api.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    api.process.kill()
    api.process.wait(20)


def test_who_is_killed_while_it_replays_loses_nothing(api):
    fill(api)
    queues, jobs = Queues(api.amqp_url, api.topology), LetterJobs(api.db)
    path = "/console/dead-letters/replay"
    assert api.call("POST", path, role="operator").status_code == 303
    now = datetime.now(UTC)
    (job,) = until(
        lambda: [it for it in jobs.newest(1, now=now) if it.get("sent")],
        "some are sent",
    )

    kill(api)

    later = datetime.now(UTC) + SILENT + timedelta(seconds=1)
    assert jobs.get(job["_id"], now=later)["state"] == "interrupted"
    until(lambda: sum(it.ready for it in queues.depths()) >= MANY, "all are there")
    with queues.holding() as holding:
        dead = {it.letter.delivery_id for it in holding.letters()}
    with consuming(api.amqp_url, api.topology) as consumer:
        sent = {it.message().delivery_id for it in take_all(consumer, MANY - len(dead))}
    assert dead | sent == {f"d-{it}" for it in range(MANY)}
    # At most what was on its way is in both: a worker knows it by its attempt.
    assert len(dead & sent) <= MAX_IN_FLIGHT
    assert 0 < len(dead) < MANY
