"""The Flow page tells how it goes, and of a server that is away which one it is."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from broker.topology import Topology
from operations.watching.balance import Balance
from state.ledger import OUTCOMES, Ledger
from tests.consoles import Visits, words
from tests.operating import a_row
from tests.proxy import Proxy
from tests.rabbit import a_message, channel, proxied, publishing
from tests.receiver import until

PAGES = ["/console/", "/console/flow/live", "/console/flow/outcomes"]
MAX_SECONDS = 3.0


@pytest.fixture(scope="module")
def broker(rabbitmq):
    """A RabbitMQ behind a proxy, with the queues of this module."""
    topology = Topology("test-console-flow")
    with proxied(rabbitmq.url) as (proxy, via), publishing(rabbitmq.url, topology):
        yield proxy, via, topology
    with channel(rabbitmq.url) as it:
        for name in (topology.events, topology.dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


@pytest.fixture(scope="module")
def console(mongodb, broker, tmp_path_factory):
    _, via, topology = broker
    folder = tmp_path_factory.mktemp("console")
    servers = {"AMQP_URL": via, "AMQP_PREFIX": topology.prefix}
    visits = Visits(folder, mongodb.url, **servers)
    yield visits
    visits.close()


def timed(console, path):
    begun = time.monotonic()
    answer = console.part(path) if "flow/" in path else console.get(path)
    took = time.monotonic() - begun
    assert answer.status_code == 200
    assert took < MAX_SECONDS, f"it took {took} s"
    return words(answer)


def shown(console, *texts, path="/console/"):
    """What a page says, once it says all of that."""

    last = ""

    def says():
        nonlocal last
        last = timed(console, path)
        return last if all(text in last for text in texts) else None

    try:
        return until(says, texts)
    except AssertionError as exc:
        raise AssertionError(f"{exc}; last it said: {last}") from None


def keep(console, *rows):
    console.db["deliveries"].delete_many({})
    Ledger(console.db).write(rows)


def recent(number, **changes):
    now = datetime.now(UTC)
    times = {"received_at": now - timedelta(milliseconds=40), "processed_at": now}
    return a_row(number, **times | changes)


def test_the_page_tells_in_words_and_figures_how_it_goes(console, broker, rabbitmq):
    rows = [recent(number, outcome=OUTCOMES[number % 2]) for number in range(12)]
    keep(console, *rows, recent(50, outcome="dead", reason="handler-failed"))
    with publishing(rabbitmq.url, broker[2]) as publisher:
        for number in range(3):
            publisher.publish(a_message(f"w-{number}"))

    page = shown(console, "Workers: none is connected", "13 /min")

    assert "gitlab just now" in page or "gitlab 1 s ago" in page
    assert "Behind 3" in page
    assert "From receipt to state 40 ms" in page
    assert "1 seen in the last 15 minutes" in page
    assert "Start one: forgewire worker" in page


def test_the_outcomes_of_the_hour_are_there_as_a_table(console):
    shown(console, "applied 6 46.2 %", "dead 1 7.7 %", path=PAGES[2])

    part = console.part(PAGES[2]).text
    assert 'id="flow-minutes" hx-swap-oob="innerHTML"' in part
    assert len(re.findall(r"<tr data-at=", part)) == 60
    told = [int(it) for it in re.findall(r'data-number="(\d+)"', part)]
    assert (len(told), sum(told)) == (60 * len(OUTCOMES), 13)


def test_the_picture_is_told_in_words_too(console):
    page = console.get("/console/").text

    (told,) = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert "RabbitMQ: " in told
    assert "Dead letters: " in told
    assert len(re.findall(r"<svg class=\"(?:wide|tall)\"", page)) == 2
    assert re.search(r'id="flow-live" hx-get="/console/flow/live"', page)


def test_the_audit_is_told_as_the_watch_saw_it(console):
    watch = console.services.watching.audit
    assert "Not weighed yet" in shown(console, "Audit")

    watch.last = None
    watch._take = lambda: Balance(4)
    watch.sample()

    assert "4 unaccounted for" in shown(console, "Audit", "forgewire audit")
    watch.last = None


def test_while_rabbitmq_refuses_the_page_says_so_and_what_happens(console, broker):
    proxy = broker[0]
    proxy.refuse()
    try:
        page = shown(console, "RabbitMQ: does not answer")
        for path in PAGES:
            timed(console, path)
    finally:
        proxy.admit()

    assert "Receivers keep hooks in their spools meanwhile" in page
    assert "Not known without RabbitMQ" in page
    assert "MongoDB ✓ OK Answers" in page
    shown(console, "RabbitMQ ✓ OK Answers")


def test_while_rabbitmq_hangs_no_page_does(console, broker):
    proxy = broker[0]
    shown(console, "RabbitMQ ✓ OK Answers")
    proxy.stall()
    try:
        shown(console, "RabbitMQ: does not answer")
    finally:
        proxy.flow()
    shown(console, "RabbitMQ ✓ OK Answers")


def test_while_mongodb_is_away_who_was_there_sees_that(mongodb, tmp_path):
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/test_flow_away?directConnection=true"
    console = Visits(tmp_path, mongodb.url, MONGODB_URL=url)
    try:
        timed(console, "/console/")
        proxy.stall()
        page = shown(console, "MongoDB ✕ Failing Does not answer")
        shown(console, "so nothing can be counted", path=PAGES[2])
        proxy.flow()
        shown(console, "MongoDB ✓ OK Answers")
    finally:
        proxy.flow()
        console.close()
        proxy.close()

    assert "events wait in the queue" in page


def test_nobody_sees_the_flow_who_is_not_signed_in(console):
    assert console.get("/console/", role=None).status_code == 303
    assert console.part("/console/flow/live", role=None).status_code == 401
