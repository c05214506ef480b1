"""One delivery from the request to the write: in one trace, under one id."""

import contextlib
import json
import re
from contextlib import closing

import pytest

from broker.holding import Holding
from cli.local import ports
from tests.collector import collecting
from tests.processes import ROOT
from tests.proxy import Proxy
from tests.rabbit import publishing
from tests.receiver import Receiver, until
from tests.samples.load import payload
from tests.working import Worker, at_database

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
BODY = json.dumps(payload("user_create")).encode()
#: What tells people of the spans.
PAGE = (ROOT / "docs" / "tracing.md").read_text()
#: Lines of the log that it shows.
SHOWN = [
    json.loads(line)
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
#: What a sitecustomize.py says so that nobody finds the SDK.
NO_SDK = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nothing())
"""


@pytest.fixture
def collector(monkeypatch):
    """A collector that processes started meanwhile send their spans to."""
    with collecting() as it:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", it.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield it


@pytest.fixture
def receiver(tmp_path, prefix):
    """Starts receivers, and ends them."""
    with contextlib.ExitStack() as stack:

        def start(amqp_url, **settings):
            it = Receiver(tmp_path, amqp_url, prefix, LOG_FORMAT="json", **settings)
            stack.callback(it.stop)
            return it

        yield start


@pytest.fixture
def worker(tmp_path, topology, mongodb_url, database):
    """Starts workers, and ends them."""
    with contextlib.ExitStack() as stack:

        def start(amqp_url):
            url = at_database(mongodb_url, database.name)
            it = Worker(tmp_path, amqp_url, topology.prefix, url)
            stack.callback(it.end)
            return it

        yield start


@pytest.fixture
def without_sdk(tmp_path, monkeypatch):
    """Processes started meanwhile find no SDK."""
    (tmp_path / "sitecustomize.py").write_text(NO_SDK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def lines(log):
    return [json.loads(it) for it in log.read_text().splitlines()]


def lines_of(process, delivery_id):
    """What a process logged of a delivery, when it has."""

    def found():
        return [it for it in lines(process.log) if it.get("delivery_id") == delivery_id]

    return until(found, f"a line of {delivery_id}")


def row_of(database, delivery_id):
    key = {"_id": f"gitlab:{delivery_id}"}
    return until(
        lambda: database["deliveries"].find_one(key), f"a row of {delivery_id}"
    )


def page_shows(spans, logged):
    """Whether the page names all attributes, and its lines are as they are logged."""
    attributes = {name for it in spans for name in it.attributes}
    assert attributes <= set(re.findall(r"`([\w.]+)`", PAGE))
    by_event = {it["event"]: it for it in logged}
    assert [it for it in SHOWN if not it.keys() <= by_event[it["event"]].keys()] == []


def test_one_trace_and_one_id_from_the_request_to_the_write(
    receiver, worker, collector, amqp_url, topology, database
):
    taking, working = receiver(amqp_url).wait(), worker(amqp_url)

    answer = taking.post(
        BODY,
        Idempotency_Key="d-1",
        traceparent=TRACEPARENT,
        tracestate="vendor=of-the-caller",
    )

    assert answer.json()["status"] == "queued"
    found = collector.of("d-1", "receive", "publish", "process", "write state")
    ((receive,), (publish,), (process,), (write,)) = found.values()
    assert [receive.parent, publish.parent, process.parent, write.parent] == [
        CALLER,
        receive.id,
        publish.id,
        process.id,
    ]
    spans = (receive, publish, process, write)
    assert {it.trace for it in spans} == {TRACE}
    assert {it.state for it in spans} == {"vendor=of-the-caller"}
    assert [it.kind for it in spans] == ["server", "producer", "consumer", "client"]
    assert [it.service for it in spans] == [
        "forgewire-ingest",
        "forgewire-ingest",
        "forgewire-worker",
        "forgewire-worker",
    ]
    assert receive.start <= publish.start <= process.start <= write.start
    assert (TRACE, process.id) in write.links
    receipt = row_of(database, "d-1")["receipt"]
    assert (
        process.attributes.items()
        >= {
            "messaging.destination.name": topology.events,
            "forgewire.source": "gitlab",
            "forgewire.event": "user_create",
            "forgewire.receipt": receipt,
            "forgewire.outcome": "applied",
            "forgewire.entity": f"users/{payload('user_create')['user_id']}",
        }.items()
    )
    assert (
        receive.attributes.items()
        >= {
            "messaging.message.id": "d-1",
            "forgewire.outcome": "queued",
            "http.response.status_code": 202,
        }.items()
    )

    assert row_of(database, "d-1")["trace_id"] == TRACE
    logged = [lines_of(process, "d-1") for process in (taking, working)]
    assert [{it["trace_id"] for it in told} for told in logged] == [{TRACE}, {TRACE}]
    page_shows(collector.spans, [*logged[0], *logged[1]])
    personal = [payload("user_create")[it] for it in ("username", "name", "email")]
    sent = b"".join(it.raw for it in collector.spans)
    assert [it for it in personal if it.encode() in sent] == []


def test_who_ends_sends_its_last_spans_and_none_of_who_was_refused(
    receiver, worker, collector, amqp_url, database, monkeypatch
):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    taking, working = receiver(amqp_url).wait(), worker(amqp_url)

    refused = taking.post(BODY, X_Gitlab_Token="wrong", traceparent=TRACEPARENT)
    taken = taking.post(BODY, Idempotency_Key="d-2")
    row_of(database, "d-2")
    before = list(collector.spans)
    ended = taking.stop(), working.end()

    assert (refused.status_code, taken.status_code) == (401, 202)
    assert (before, ended) == ([], (0, 0))
    collector.of("d-2", "receive", "publish", "process", "write ledger")
    assert TRACE not in {it.trace for it in collector.spans}


def test_a_trace_goes_through_the_spool(
    receiver, worker, collector, rabbitmq, amqp_url, database
):
    with closing(Proxy(rabbitmq.port)) as proxy:
        proxy.refuse()
        taking = receiver(f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F")
        taking.wait("degraded")

        answer = taking.post(BODY, Idempotency_Key="d-3", traceparent=TRACEPARENT)
        proxy.admit()
        worker(amqp_url)

        assert answer.json()["status"] == "spooled"
        found = collector.of("d-3", "receive", "publish", "process", "write state")
    (receive,), (process,) = found["receive"], found["process"]
    refused, publish = sorted(found["publish"], key=lambda it: it.start)
    assert receive.attributes["forgewire.outcome"] == "spooled"
    assert (refused.attributes["forgewire.outcome"], refused.failed) == (
        "disconnected",
        True,
    )
    assert {it.trace for it in (receive, publish, process)} == {TRACE}
    assert publish.parent == receive.id
    assert publish.start > receive.end
    assert process.parent == publish.id


def test_a_dead_letter_keeps_its_trace_when_it_is_sent_again(
    receiver, worker, collector, amqp_url, topology, database
):
    taking = receiver(amqp_url).wait()
    worker(amqp_url)
    broken = json.dumps({"event_name": "user_create", "user_id": "none"})

    taking.post(broken, Idempotency_Key="d-4", traceparent=TRACEPARENT)
    row = row_of(database, "d-4")
    assert (row["outcome"], row["trace_id"]) == ("dead", TRACE)
    with (
        closing(Holding(amqp_url, topology)) as holding,
        publishing(amqp_url, topology) as publisher,
    ):
        (letter,) = until(lambda: list(holding.letters()), "a dead letter")
        publisher.publish(letter.again())
        holding.remove([letter.tag])
        holding.settle()

    def twice():
        found = collector.of("d-4", "publish", "process")
        return found if len(found["process"]) == 2 else None

    found = until(twice, "two attempts")
    (publish,) = found["publish"]
    assert {it.parent for it in found["process"]} == {publish.id}
    assert {it.trace for it in found["process"]} == {TRACE}
    assert all(it.failed for it in found["process"])
    assert {it.attributes["forgewire.reason"] for it in found["process"]} == {
        "invalid-payload"
    }


def test_without_an_sdk_the_context_passes_and_hooks_are_applied(
    receiver, worker, collector, without_sdk, amqp_url, database
):
    taking, working = receiver(amqp_url).wait(), worker(amqp_url)

    taking.post(BODY, Idempotency_Key="d-5", traceparent=TRACEPARENT)
    taking.post(BODY, Idempotency_Key="d-6")

    assert row_of(database, "d-5")["trace_id"] == TRACE
    assert "trace_id" not in row_of(database, "d-6")
    for process in (taking, working):
        assert [it["trace_id"] for it in lines_of(process, "d-5")] == [TRACE]
        assert all("trace_id" not in it for it in lines_of(process, "d-6"))
        warned = [it for it in lines(process.log) if it["event"] == "no-traces"]
        assert [it["hint"] for it in warned] == [
            "Install the SDK: pip install 'forgewire[otel]'."
        ]
    assert collector.spans == []


def test_a_collector_that_is_away_costs_nobody_anything(
    receiver, worker, amqp_url, database, monkeypatch
):
    nowhere = f"http://127.0.0.1:{ports.free()}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    taking, working = receiver(amqp_url).wait(), worker(amqp_url)

    assert taking.post(BODY, Idempotency_Key="d-7").status_code == 202
    assert row_of(database, "d-7")["outcome"] == "applied"
    for one in (taking, working):
        one.process.terminate()
    assert [one.process.wait(20) for one in (taking, working)] == [0, 0]
