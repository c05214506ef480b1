"""What the processes of one host show at /metrics, as Prometheus would scrape it."""

import contextlib
import json
import re
import secrets
import statistics
import subprocess
import threading
import time
from types import SimpleNamespace

import pytest
import requests

from broker.topology import Topology
from state.client import connect
from tests.metrics import documented, labels_of, scraped, value
from tests.proxy import Proxy
from tests.rabbit import channel, until
from tests.receiver import Receiver
from tests.samples.load import payload
from tests.working import Worker, at_database

#: How long a scrape may take, in seconds, and how often it is tried.
SCRAPE_SECONDS, SCRAPES = 0.05, 15
HOOKS = (5, 3)
ACCEPTED = {"status": "202"}
#: However slow the machine is, what is not spooled on purpose is not spooled.
PATIENT = {"SPOOL_AFTER_SECONDS": "15", "CONFIRM_SECONDS": "20"}


@pytest.fixture(scope="module")
def site(tmp_path_factory, rabbitmq, mongodb):
    """Two receivers that share a spool, and two workers, at a RabbitMQ with a proxy."""
    folder, prefix = tmp_path_factory.mktemp("site"), f"test-{secrets.token_hex(6)}"
    proxy = Proxy(rabbitmq.port)
    amqp_url = f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F"
    db = connect(at_database(mongodb.url, prefix), name="tests")
    receivers = [Receiver(folder, amqp_url, prefix, **PATIENT) for _ in HOOKS]
    workers = [
        Worker(folder, amqp_url, prefix, at_database(mongodb.url, prefix))
        for _ in range(2)
    ]
    made = SimpleNamespace(
        proxy=proxy,
        db=db,
        receivers=receivers,
        workers=workers,
        spool=folder / f"{prefix}-spool",
        worker_urls=[f"http://127.0.0.1:{it.port}" for it in workers],
        receiver_urls=[it.url for it in receivers],
    )
    try:
        for it in receivers:
            it.wait()
        for it in workers:
            until(it.is_ready, 30)
        yield made
    finally:
        proxy.flow()
        proxy.admit()
        processes = [it.process for it in (*receivers, *workers)]
        for it in processes:
            it.terminate()
        for it in processes:
            it.wait(45)
        proxy.close()
        forget(db, rabbitmq.url, Topology(prefix))


def forget(db, amqp_url, topology):
    db.client.drop_database(db.name)
    db.client.close()
    with channel(amqp_url) as it:
        for name in (topology.events, topology.dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


def hook(name, **changes):
    return json.dumps(payload(name, **changes)).encode()


def send(site, per_receiver):
    """Post so many hooks to each receiver."""
    for receiver, number in zip(site.receivers, per_receiver, strict=True):
        for _ in range(number):
            body = hook("user_create")
            answer = receiver.post(body, Idempotency_Key=secrets.token_hex(6))
            assert answer.status_code == 202


@pytest.fixture(scope="module")
def worked(site):
    """The site when it has worked some hooks, of which one died and one was refused."""
    send(site, HOOKS)
    first, _ = site.receivers
    first.post(hook("user_create", user_id="forty-one"))
    first.post(b'{"event_name": "meteor_strike"}')
    first.post(hook("user_create"), X_Gitlab_Token="wrong")
    rows = site.db["deliveries"]
    until(lambda: rows.count_documents({}) == sum(HOOKS) + 2, 30)
    until(lambda: counted(site) == sum(HOOKS) + 2)
    return site


def counted(site):
    return total(site.worker_urls, "forgewire_deliveries_total")


def total(urls, name, over=sum, **labels):
    """A metric over several processes; where none shows it there is nothing."""
    found = [value(scraped(url), name, **labels) for url in urls]
    return over(it for it in found if it is not None)


def process_urls(site, api):
    return {
        "The receiver": site.receiver_urls[0],
        "The worker": site.worker_urls[0],
        "The API": api.url,
    }


def test_the_counters_of_several_processes_add_up(worked):
    for url, number in zip(worked.receiver_urls, HOOKS, strict=True):
        shown = scraped(url)
        user_create = {"event": "user_create", "source": "gitlab"}
        good = value(shown, "forgewire_hooks_total", **user_create, **ACCEPTED)
        assert good in {number, number + 1}

    urls, accepted = worked.receiver_urls, sum(HOOKS) + 2
    assert total(urls, "forgewire_hooks_total", **ACCEPTED) == accepted
    assert total(urls, "forgewire_hooks_total", status="401", event="other") == 1
    assert total(urls, "forgewire_publishes_total", outcome="confirmed") == accepted
    assert total(urls, "forgewire_publishes_total") == accepted
    assert total(urls, "forgewire_publish_seconds_count") == accepted
    assert total(urls, "forgewire_spooled_total") == 0


def test_each_delivery_is_counted_by_one_of_the_workers(worked):
    urls, name = worked.worker_urls, "forgewire_deliveries_total"

    assert total(urls, name) == sum(HOOKS) + 2
    assert total(urls, name, outcome="applied") >= 1
    assert total(urls, name, outcome="dead", event="user_create") == 1
    assert total(urls, name, outcome="ignored", event="other") == 1
    assert total(urls, "forgewire_delivery_seconds_count") == sum(HOOKS) + 2
    assert total(urls, "forgewire_handler_seconds_count") == sum(HOOKS) + 2
    for collection in ("users", "deliveries"):
        count = "forgewire_write_seconds_count"
        assert total(urls, count, collection=collection) >= 1
    until(lambda: total(urls, "forgewire_events_in_hand") == 0)


def test_moments_are_those_of_now(worked):
    for urls, name in (
        (worked.receiver_urls, "forgewire_last_hook_timestamp_seconds"),
        (worked.worker_urls, "forgewire_last_success_timestamp_seconds"),
    ):
        age = time.time() - total(urls, name, max, source="gitlab")
        assert 0 <= age < 120


def test_no_two_processes_show_the_same(worked, api):
    urls = [*worked.receiver_urls, *worked.worker_urls, api.url]
    starts = [value(scraped(url), "process_start_time_seconds") for url in urls]
    names = [labels_of(scraped(url)["forgewire_process_info"]) for url in urls]

    assert None not in starts
    assert names == [{"process", "version"}] * len(urls)
    for section, url in process_urls(worked, api).items():
        word = {"The receiver": "ingest", "The worker": "worker", "The API": "api"}
        assert value(scraped(url), "forgewire_process_info", process=word[section]) == 1


@pytest.mark.parametrize("section", ["The receiver", "The worker", "The API"])
def test_the_page_tells_all_that_a_process_shows_and_nothing_else(worked, api, section):
    page = documented()
    told = page["Every process"] | page[section]

    shown = scraped(process_urls(worked, api)[section])

    assert shown.keys() == told.keys()
    assert {name: it.type for name, it in shown.items()} == {
        name: it.type for name, it in told.items()
    }


def test_the_labels_are_those_of_the_page(worked, api):
    page = documented()
    for section, urls in (
        ("The receiver", worked.receiver_urls),
        ("The worker", worked.worker_urls),
        ("The API", [api.url]),
    ):
        told = page["Every process"] | page[section]
        shown = [it for url in urls for it in scraped(url).items()]
        found = {name: labels_of(it) for name, it in shown if it.samples}

        assert found == {name: set(told[name].labels) for name in found}


def test_the_page_says_how_processes_add_up():
    for entries in documented().values():
        for name, it in entries.items():
            assert it.over == "sum" or it.type == "gauge", name
            assert it.meaning.endswith("."), name


@pytest.mark.parametrize("section", ["The receiver", "The worker", "The API"])
def test_names_keep_to_the_conventions_of_prometheus(worked, api, section):
    for name, family in scraped(process_urls(worked, api)[section]).items():
        assert re.fullmatch(r"(forgewire|process)_[a-z_]+", name)
        assert (family.type == "counter") == name.endswith("_total")
        assert family.type in {"counter", "gauge", "histogram"}
        assert family.documentation.endswith(".") or name.startswith("process_")
        if family.type == "histogram":
            assert name.rpartition("_")[2] in {"seconds", "bytes", "events"}
        if "timestamp" in name:
            assert name.endswith("_timestamp_seconds")


@pytest.mark.parametrize("section", ["The receiver", "The worker", "The API"])
def test_promtool_finds_nothing_wrong(worked, api, section):
    url = process_urls(worked, api)[section]

    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=requests.get(f"{url}/metrics", timeout=10).content,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_a_spool_that_receivers_share_is_told_as_the_page_says(worked):
    page, urls = documented()["The receiver"], worked.receiver_urls
    over = {"sum": sum, "max": max, "min": min}
    before = total(urls, "forgewire_spooled_total")
    worked.proxy.refuse()

    def shown(name):
        return total(urls, name, over[page[name].over])

    until(lambda: shown("forgewire_broker_ready") == 0)
    send(worked, HOOKS)

    try:
        assert shown("forgewire_spooled_total") - before == sum(HOOKS)
        assert shown("forgewire_spool_events") == sum(HOOKS)
        assert 0 < shown("forgewire_spool_oldest_seconds") < 60
        assert shown("forgewire_spool_max_bytes") == 1 << 30
        # Each tells the size of all; of the other's files within seconds.
        until(lambda: shown("forgewire_spool_bytes") == spool_bytes(worked.spool))
        until(
            lambda: (
                total(urls, "forgewire_spool_bytes", min)
                == shown("forgewire_spool_bytes")
            )
        )
        assert total(urls, "forgewire_publishes_total", outcome="disconnected") > 0
    finally:
        worked.proxy.admit()
    until(lambda: shown("forgewire_spool_events") == 0, 30)
    assert shown("forgewire_spool_drained_total") >= sum(HOOKS)


def spool_bytes(folder):
    return sum(it.stat().st_size for it in folder.glob("*.spool"))


def test_a_broker_that_does_not_answer_delays_no_scrape(worked):
    until(lambda: total(worked.receiver_urls, "forgewire_broker_ready", min) == 1, 30)
    worked.proxy.stall()
    stop = threading.Event()
    clients = [
        threading.Thread(target=post_until, args=(stop, it))
        for it in worked.receivers * 16
    ]
    for it in clients:
        it.start()
    try:
        until(lambda: total(worked.receiver_urls, "forgewire_hooks_in_flight") > 0)
        took = {url: seconds_of(url) for url in worked.receiver_urls}
        took |= {url: seconds_of(url) for url in worked.worker_urls}
    finally:
        stop.set()
        worked.proxy.flow()
        for it in clients:
            it.join()

    assert max(took.values()) < SCRAPE_SECONDS, took


def post_until(stop, receiver):
    while not stop.wait(0.01):
        with contextlib.suppress(requests.RequestException):
            receiver.post(hook("user_create"), Idempotency_Key=secrets.token_hex(6))


def seconds_of(url):
    """How long a scrape takes; the median, since others use the machine as well."""
    seconds = []
    with requests.Session() as session:
        for _ in range(SCRAPES):
            began = time.perf_counter()
            session.get(f"{url}/metrics", timeout=10)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
