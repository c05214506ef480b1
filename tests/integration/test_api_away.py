"""Operations while RabbitMQ hangs, refuses, or somebody else has the dead letters."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from broker.holding import Holding
from operations.queues import Busy, Queues
from tests.commands import run_json
from tests.operating import Operated, a_row, problem
from tests.rabbit import a_message, proxied, publishing
from tests.receiver import until
from tests.samples.load import payload

EVENT = {"event": "user_create", "payload": payload("user_create")}
#: Every route that asks RabbitMQ.
ROUTES = [
    ("POST", "/api/v1/events", EVENT),
    ("GET", "/api/v1/dead-letters", None),
    ("GET", "/api/v1/dead-letters/d-1", None),
    ("POST", "/api/v1/dead-letters/replay", {"all": True}),
    ("POST", "/api/v1/dead-letters/drop", {"ids": ["d-1"]}),
    ("GET", "/api/v1/queues", None),
    ("GET", "/api/v1/audit", None),
]
MAX_SECONDS = 5.0


@pytest.fixture(scope="module")
def stack(rabbitmq, mongodb, tmp_path_factory):
    """An API that reaches RabbitMQ through a proxy."""
    folder = tmp_path_factory.mktemp("away")
    with proxied(rabbitmq.url) as (proxy, via):
        api = Operated(folder, mongodb.url, rabbitmq.url, via=via).wait()
        api.proxy = proxy
        yield api
        api.close()


@pytest.fixture
def api(stack):
    stack.proxy.flow()
    stack.proxy.admit()
    stack.clear()
    return stack


def timed(api, method, path, body, role="admin"):
    begun = time.monotonic()
    answer = api.call(method, path, role=role, json=body)
    return answer, time.monotonic() - begun


def all_at_once(api):
    """The answers to all routes, asked together, and how long each took."""
    with ThreadPoolExecutor(len(ROUTES)) as pool:
        return list(pool.map(lambda route: timed(api, *route), ROUTES))


def test_nothing_hangs_while_rabbitmq_does_and_all_is_well_again_after(api):
    api.bury("d-1")
    # So that the publisher is connected, and hangs in the middle.
    assert api.call("POST", "/api/v1/events", role="admin", json=EVENT).ok
    until(lambda: api.call("GET", "/api/v1/queues", role="admin").ok, "connected")
    time_of_last = time.monotonic()
    api.proxy.stall()
    until(lambda: time.monotonic() - time_of_last > 1.1, "it is asked anew")

    answers = all_at_once(api)

    # Who waits for the dead letters behind another is told so, and does not hang.
    told = {(answer.status_code, answer.json()["code"]) for answer, _ in answers}
    assert told <= {(503, "unavailable"), (409, "busy")}
    assert (503, "unavailable") in told
    assert max(seconds for _, seconds in answers) < MAX_SECONDS
    api.proxy.flow()
    # Not the audit: it would be told again for a while.
    for method, path, body in ROUTES[:-1]:
        until(
            lambda m=method, p=path, b=body: timed(api, m, p, b)[0].status_code < 409,
            path,
        )


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_who_is_refused_by_rabbitmq_says_so_at_once(api, method, path, body):
    api.proxy.refuse()
    # What was found out before is told again for a second.
    until(lambda: not timed(api, method, path, body)[0].ok, path)

    answer, seconds = timed(api, method, path, body)

    assert problem(answer) == (503, "unavailable")
    assert seconds < MAX_SECONDS


def test_who_finds_the_dead_letters_taken_is_told_to_wait(api):
    queues = Queues(api.amqp_url, api.topology)
    with (
        queues.holding(),
        pytest.raises(Busy, match="another request"),
        queues.holding(),
    ):
        pass


def test_two_requests_never_see_half_of_the_dead_letters(api):
    for number in range(6):
        api.bury(f"d-{number}", hours=number)

    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: api.call("GET", "/api/v1/dead-letters", role="viewer"),
                range(24),
            )
        )

    listed = [it for it in answers if it.ok]
    others = [problem(it) for it in answers if not it.ok]
    assert listed
    assert {len(it.json()) for it in listed} == {6}
    assert set(others) <= {(409, "busy")}


def test_the_queues_tell_what_waits_and_how_fast_it_goes(api):
    now = datetime.now(UTC)
    keep = [
        a_row(number, received_at=now - timedelta(seconds=5), processed_at=now)
        for number in range(12)
    ]
    api.keep(*keep, a_row(90, outcome="dead", processed_at=now, attempts=2))
    api.keep(a_row(91, processed_at=now - timedelta(minutes=2)))
    api.bury("d-90")
    with publishing(api.amqp_url, api.topology) as publisher:
        for number in range(3):
            publisher.publish(a_message(f"w-{number}"))

    def shown():
        told = api.call("GET", "/api/v1/queues", role="viewer").json()
        return told if told["events"]["depth"] == 3 else None

    told = until(shown, "the queue tells of three")

    events, dead = told["events"], told["dead_letters"]
    assert (events["name"], events["consumers"]) == (api.topology.events, 0)
    # Nobody named the plugin that could tell.
    assert events["unacknowledged"] is None
    assert events["out_per_second"] == round(13 / 60, 2)
    # 12 of the last minute that were worked, and three that wait.
    assert events["in_per_second"] == round(15 / 60, 2)
    assert 0 <= events["oldest_seconds"] < 30
    assert (dead["depth"], dead["in_per_second"]) == (1, round(1 / 60, 2))
    assert 0 <= dead["oldest_seconds"] < 30
    # Looking took nothing: no message was ever handed out.
    with closing(Holding(api.amqp_url, api.topology)) as holding:
        (letter,) = holding.letters()
    assert letter.letter.attempts == 1


def test_the_audit_is_that_of_the_command_and_told_again_for_a_while(api):
    api.keep(a_row(0), a_row(1, outcome="dead"))
    by_command = run_json("audit", **api.servers)

    def fresh():
        answer = api.call("GET", "/api/v1/audit", role="viewer")
        return answer.json() if answer.ok else None

    told = until(fresh, "it is forgotten that RabbitMQ was away")
    api.keep(a_row(2))
    again = api.call("GET", "/api/v1/audit", role="viewer").json()

    made_at = told.pop("made_at")
    assert told == by_command
    assert told["without_letter"] == ["d-1"]
    assert again["made_at"] == made_at
    assert again["accepted"] == 2
