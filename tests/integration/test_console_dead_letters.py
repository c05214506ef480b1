"""The console's dead letters: groups, letters, and what is done about them."""

import json
import re
import time

import pytest

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.topology import Topology
from tests.consoles import Visits, words
from tests.operating import NOON, NOW
from tests.rabbit import (
    a_message,
    channel,
    consuming,
    proxied,
    publishing,
    take_all,
)
from tests.receiver import until
from tests.samples.load import payload

LIST = "/console/dead-letters"
TRACEBACK = """Traceback (most recent call last):
  File "/srv/forgewire/handlers/users.py", line 12, in save
    return told["id"]
KeyError

The above exception was the direct cause of the following exception:

schemas.errors.HandlerFailed: handlers.users.save raised KeyError"""


@pytest.fixture(scope="module")
def console(rabbitmq, mongodb, tmp_path_factory):
    """The console on queues of its own."""
    topology = Topology(f"test-console-{time.time_ns()}")
    folder = tmp_path_factory.mktemp("console")
    told = {"AMQP_URL": rabbitmq.url, "AMQP_PREFIX": topology.prefix}
    made = Visits(folder, mongodb.url, **told)
    made.amqp_url, made.topology = rabbitmq.url, topology
    yield made
    made.close()
    with channel(rabbitmq.url) as it:
        for name in (topology.events, topology.dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


@pytest.fixture
def visits(console):
    """The console with nothing in its queues, its ledger and its jobs."""
    with (
        publishing(console.amqp_url, console.topology),
        channel(console.amqp_url) as it,
    ):
        it.queue_purge(console.topology.events)
        it.queue_purge(console.topology.dead_letters)
    for name in ("deliveries", "letter_jobs", "changes"):
        console.db[name].delete_many({})
    until(lambda: "no dead letters" in console.get(LIST).text, "it is empty")
    return console


@pytest.fixture
def die(visits):
    """Bury samples, each under a delivery id."""

    def bury_them(*ids, reason="handler-failed", body=None, **changes):
        body = json.dumps(payload("user_create")).encode() if body is None else body
        with publishing(visits.amqp_url, visits.topology) as publisher:
            for number, id_ in enumerate(ids):
                fields = {"event": "user_create", "receipt": f"3f9c2a71.{id_}"}
                message = a_message(id_, body=body, **fields | changes)
                died = Death(reason, TRACEBACK, "handlers.users.save", NOW + number)
                bury(publisher, *encode(message), died).result(5)

    return bury_them


def listed(visits, number, role="viewer"):
    """The list, once it shows so many letters."""

    def there():
        page = visits.get(LIST, role)
        assert page.status_code == 200
        found = re.search(r"Dead letters</div>\s*<div class=\"value\">(\d+)", page.text)
        shown = int(found[1]) if found else 0
        return page if shown == number and links(page) else None

    return until(there, f"{number} are listed")


def links(page, below=LIST):
    """The addresses on a page that lead to a group, or to a letter of one."""
    return re.findall(rf'href="({below}/[0-9a-f]+)"', page.text)


def group_of(visits, number, role="viewer"):
    (url, *_) = links(listed(visits, number, role))
    return url


def ended(visits, answer):
    """The page of the job that `answer` leads to, once it is over."""
    assert answer.status_code == 303, words(answer)
    where = answer.headers["Location"]

    def over():
        part = visits.part(f"{where}/part")
        assert part.status_code in {200, 286}
        return part if 'sign" aria-hidden="true">i' not in part.text else None

    until(lambda: "running" not in visits.part(f"{where}/part").text, "it is over")
    return visits.get(where)


def ids(visits):
    with visits.services.queues.holding(patience=10) as holding:
        return [held.letter.delivery_id for held in holding.letters()]


def test_nothing_dead_is_said_to_be_nothing(visits):
    assert "the reason and the traceback" in words(visits.get(LIST))


def test_letters_stand_in_groups_with_what_they_died_of(visits, die):
    die("d-1", "d-2", "d-3")
    die("p-1", reason="poison", event="push")

    page = listed(visits, 4)

    told = words(page)
    assert "handlers.users.save raised KeyError" in told
    assert "handlers/users.py in save: return told[" in told
    assert len(set(links(page))) == 2
    part = visits.part(f"{LIST}/part")
    assert part.status_code == 200
    assert "<html" not in part.text


def test_a_group_and_a_letter_tell_the_traceback_but_to_viewers_no_person(visits, die):
    die("d-1", "d/2?")
    group = group_of(visits, 2)

    page = visits.get(group)
    (first, second) = links(page, group)
    letter, other = visits.get(first), visits.get(second)
    whole = visits.get(first, "operator")

    assert 'return told["id"]' in words(page).replace("&#34;", '"')
    assert "d-1" in words(letter)
    assert "d/2?" in words(other)
    assert "/console/deliveries/gitlab/d/2%3F" in other.text
    email = payload("user_create")["email"]
    assert email not in letter.text
    assert "[masked]" in letter.text
    assert email in whole.text
    for page in (visits.get(group), letter):
        assert "needs the role operator" in words(page)
        assert '<form method="post" action="/console/dead-letters' not in page.text


def test_a_delivery_leads_to_its_letter(visits, die):
    die("d/1")
    group = group_of(visits, 1)

    answer = visits.get(f"{LIST}/delivery/gitlab/d/1")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{group}/")
    assert visits.get(f"{LIST}/delivery/gitlab/d-9").status_code == 404
    assert visits.get(f"{LIST}/{'0' * 12}").status_code == 404
    assert visits.get(f"{LIST}/{'0' * 12}/{'0' * 16}").status_code == 404
    assert visits.get(f"{LIST}/jobs/none").status_code == 404


def test_who_may_not_is_refused_and_nothing_is_done(visits, die):
    die("d-1")
    group = group_of(visits, 1)

    for path, role in (
        (f"{group}/replay", "viewer"),
        (f"{LIST}/replay", "viewer"),
        (f"{group}/drop", "operator"),
    ):
        assert visits.post(path, role, note="why").status_code == 403
    forged = visits.client("admin").post(f"{group}/drop", data={"note": "why"})
    assert forged.status_code == 403
    assert ids(visits) == ["d-1"]


def test_a_group_is_replayed_and_the_trail_tells_how_it_ended(visits, die):
    die("d-1", "d-2")
    die("bad-1", body=b"{}")
    die("p-1", reason="poison")
    group = group_of(visits, 4)

    page = ended(visits, visits.post(f"{group}/replay", "operator"))

    told = words(page)
    assert "2 sent again, 1 stayed" in told
    assert "bad-1" in told
    assert "waiting" in told
    with consuming(visits.amqp_url, visits.topology) as consumer:
        sent = [it.message() for it in take_all(consumer, 2)]
    assert [it.delivery_id for it in sent] == ["d-1", "d-2"]
    assert sorted(ids(visits)) == ["bad-1", "p-1"]
    listed(visits, 2)

    def noted():
        (row,) = visits.db["changes"].find({"method": "POST"})
        return row if "sent" in row["parameters"] else None

    row = until(noted, "the trail tells how it ended")
    assert row["subject"] == "service:operator"
    assert row["parameters"]["kind"] == "replay"
    assert (row["parameters"]["sent"], row["parameters"]["refused"]) == (2, 1)


def test_one_letter_is_replayed_and_what_became_of_it_is_shown(visits, die):
    die("d-1", "d-2")
    (first, _) = links(visits.get(group := group_of(visits, 2)), group)

    answer = visits.post(f"{first}/replay", "operator")
    assert "1 sent again" in words(ended(visits, answer))
    visits.services.db["deliveries"].insert_one(
        {"_id": "gitlab:d-1", "outcome": "applied", "attempts": 2}
    )

    part = visits.part(f"{answer.headers['Location']}/part")
    assert part.status_code == 286
    assert "applied" in words(part)
    assert ids(visits) == ["d-2"]
    # It is not among them any more.
    until(lambda: visits.get(first).status_code == 404, "it is gone")


def test_all_are_replayed(visits, die):
    die("d-1")
    die("p-1", reason="poison")
    page = listed(visits, 2, "operator")

    assert "Replay all dead letters" in page.text
    ended(visits, visits.post(f"{LIST}/replay", "operator"))

    assert ids(visits) == []


def test_letters_are_dropped_with_a_reason_only(visits, die):
    die("d-1", "d-2")
    group = group_of(visits, 2)
    (first, _) = links(visits.get(group), group)

    for note in ("", "   ", "x" * 501):
        answer = visits.post(f"{group}/drop", note=note)
        assert answer.status_code == 422
        assert "needs a reason" in words(answer)
    assert ids(visits) == ["d-1", "d-2"]
    page = ended(visits, visits.post(f"{first}/drop", note="  obsolete  "))
    assert "1 dropped" in words(page)
    assert "obsolete" in words(page)
    assert ids(visits) == ["d-2"]
    ended(visits, visits.post(f"{group_of(visits, 1)}/drop", note="gone <b>"))

    assert ids(visits) == []
    notes = {row["delivery_id"]: row["note"] for row in visits.db["deliveries"].find()}
    assert notes == {
        "d-1": "service:admin: obsolete",
        "d-2": "service:admin: gone <b>",
    }


def test_who_comes_second_is_told_and_shown_the_first(visits, die):
    die("d-1")
    group = group_of(visits, 1, "operator")
    with visits.services.queues.alone(patience=10):
        first = visits.post(f"{group}/replay", "operator")
        second = visits.post(f"{group}/replay", "admin")
        page = visits.get(LIST)

        assert second.status_code == 409
        assert "was not begun" in words(second)
        assert "service:operator is at the dead letters" in words(page)
        assert first.headers["Location"] in page.text
    ended(visits, first)
    assert ids(visits) == []


def test_a_job_can_be_stopped_by_an_operator(visits, die):
    die("d-1")
    group = group_of(visits, 1, "operator")
    with visits.services.queues.alone(patience=10):
        where = visits.post(f"{group}/replay", "operator").headers["Location"]
        part = visits.part(f"{where}/part", "operator")
        assert "Stop after the next letter" in part.text
        assert "Stop after" not in visits.part(f"{where}/part", "viewer").text
        assert visits.post(f"{where}/stop", "viewer").status_code == 403
        stopped = visits.post(f"{where}/stop", "operator")
        assert stopped.headers["Location"] == where
    until(lambda: "running" not in visits.part(f"{where}/part").text, "it is over")


def test_while_rabbitmq_is_away_the_ledger_speaks(tmp_path, mongodb):
    visits = Visits(tmp_path, mongodb.url)
    try:
        visits.services.db["deliveries"].insert_many(
            [
                {
                    "_id": f"gitlab:d-{number}",
                    "outcome": "dead",
                    "reason": "poison",
                    "event": "push",
                    "received_at": NOON,
                    "processed_at": NOON,
                }
                for number in range(3)
            ]
        )
        begun = time.monotonic()
        page = until(
            lambda: it if "away" in (it := visits.get(LIST)).text else None, "away"
        )

        assert time.monotonic() - begun < 3
        told = words(page)
        assert "RabbitMQ is away" in told
        assert "poison push 3" in " ".join(re.sub(r"[✕]", "", told).split())
        for path in (f"{LIST}/{'0' * 12}", f"{LIST}/{'0' * 12}/{'0' * 16}"):
            answer = visits.get(path)
            assert answer.status_code == 503
            assert "RabbitMQ is away" in words(answer)
        answer = visits.post(f"{LIST}/replay", "operator")
        assert "RabbitMQ is away" in words(ended(visits, answer))
    finally:
        visits.close()


def test_pages_come_soon_while_rabbitmq_hangs(tmp_path, mongodb, rabbitmq):
    with proxied(rabbitmq.url) as (proxy, via):
        visits = Visits(tmp_path, mongodb.url, AMQP_URL=via)
        try:
            proxy.stall()
            for path in (LIST, f"{LIST}/{'0' * 12}", f"{LIST}/{'0' * 12}/{'0' * 16}"):
                begun = time.monotonic()
                answer = visits.get(path)
                assert answer.status_code == (200 if path == LIST else 503)
                assert time.monotonic() - begun < 3, path
        finally:
            visits.close()
