"""Show what the receiver does as a process, on a real server with a real broker."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pika
import pytest
import requests

from broker import envelope
from broker.topology import Topology
from config.settings import EXAMPLES
from tests.proxy import Proxy
from tests.receiver import SIGNING_TOKEN, Receiver, answer, request_head, until
from tests.receiving import EVENT, KEY, TOKEN, is_receipt, signed

CAP = 25 << 20
#: What a fresh process must be able to hold: far more than threads it has.
IDLE = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ingest")


@pytest.fixture(scope="module")
def receiver(folder, rabbitmq):
    """A receiver that the tests of this module share."""
    running = Receiver(folder, rabbitmq.url, "test-ingest")
    yield running.wait()
    assert running.stop() == 0


@pytest.fixture
def start(folder, prefix):
    """Start receivers of the test's own, which are stopped after it."""
    started = []

    def begin(amqp_url, **settings):
        started.append(Receiver(folder, amqp_url, prefix, **settings))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


@pytest.fixture
def proxy(rabbitmq):
    between = Proxy(rabbitmq.port)
    yield between
    between.close()


@pytest.fixture
def queue(rabbitmq):
    """Take the events that arrived in the queue of a receiver."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq.url))
    channel = connection.channel()

    def take(prefix="test-ingest"):
        found = []
        while True:
            method, properties, body = channel.basic_get(
                Topology(prefix).events, auto_ack=True
            )
            if method is None:
                return found
            found.append(envelope.decode(properties, body))

    yield take
    connection.close()


def through(proxy):
    return f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F"


def body_of(size):
    """A legal event of exactly that many bytes."""
    head, tail = b'{"event_name": "push", "x": "', b'"}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


def chunks(body, size=1 << 20):
    yield from (body[start : start + size] for start in range(0, len(body), size))


def test_a_hook_is_in_the_queue_when_it_is_answered(receiver, queue):
    queue()

    response = receiver.post(EVENT, Idempotency_Key="delivery-1")

    assert response.status_code == 202
    assert response.json() == {
        "delivery_id": "delivery-1",
        "event": "user_create",
        "status": "queued",
    }
    [message] = queue()
    assert message.source == "gitlab"
    assert message.body == EVENT
    assert message.delivery_id == "delivery-1"
    assert is_receipt(message.receipt)
    assert abs(message.received_at / 1_000_000 - time.time()) < 60


def test_a_signed_hook_is_taken(receiver):
    now = int(time.time())
    headers = signed(EVENT, timestamp=now) | {"X-Gitlab-Token": ""}

    right = receiver.post(EVENT, "/hooks/gitlab/signed", **headers)
    wrong = receiver.post(EVENT + b" ", "/hooks/gitlab/signed", **headers)

    assert (right.status_code, wrong.status_code) == (202, 401)


@pytest.mark.parametrize("token", ["", "wrong", "caf\xe9".encode(), b"\xff\xfe"])
def test_a_wrong_token_is_not_let_in(receiver, token):
    response = receiver.post(EVENT, X_Gitlab_Token=token)

    assert response.status_code == 401


def test_a_stranger_hears_so_before_sending_the_body(receiver):
    head = request_head("/hooks/gitlab", "Content-Length: 5000000")

    with receiver.raw(head.replace(TOKEN.encode(), b"wrong")) as connection:
        assert answer(connection) == 401


@pytest.mark.parametrize("is_chunked", [True, False])
def test_the_largest_body_goes_through(receiver, queue, is_chunked):
    body = body_of(CAP)
    queue()

    response = receiver.post(chunks(body) if is_chunked else body)

    assert response.status_code == 202
    [message] = queue()
    assert message.body == body


def test_one_byte_more_is_refused(receiver):
    head = request_head("/hooks/gitlab", f"Content-Length: {CAP + 1}")

    with receiver.raw(head) as connection:
        assert answer(connection) == 413


def test_one_byte_more_in_chunks_is_refused(receiver):
    body = body_of(CAP + 1)
    head = request_head("/hooks/gitlab", "Transfer-Encoding: chunked")

    with receiver.raw(head) as connection:
        connection.sendall(b"%x\r\n%b" % (len(body), body))

        assert answer(connection) == 413


def test_a_body_without_end_is_not_read_to_its_end(receiver):
    head = request_head("/hooks/gitlab", "Transfer-Encoding: chunked")

    with receiver.raw(head) as connection:
        sent = sent_until_closed(connection, limit=200 << 20)
        code = answer(connection)

    assert code in {413, None}
    assert CAP < sent < 2 * CAP


def sent_until_closed(connection, limit):
    chunk, sent = b"10000\r\n" + b" " * (1 << 16) + b"\r\n", 0
    with contextlib.suppress(ConnectionError):
        while sent < limit:
            connection.sendall(chunk)
            sent += len(chunk)
    return sent


@pytest.mark.parametrize(
    "rest",
    [
        b"5\r\n{}",
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n",
        b"ffffffffffffffffff\r\n{}",
        b"0\r\n\r\n",
    ],
)
def test_broken_chunks_are_never_an_event(receiver, queue, rest):
    head = request_head("/hooks/gitlab", "Transfer-Encoding: chunked")
    queue()

    with receiver.raw(head + rest) as connection:
        connection.shutdown(socket.SHUT_WR)
        code = answer(connection)

    assert code in {400, None}
    assert queue() == []


def test_a_body_that_ends_early_is_never_an_event(receiver, queue):
    queue()
    head = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT) + 1}")

    with receiver.raw(head + EVENT) as connection:
        connection.shutdown(socket.SHUT_WR)
        code = answer(connection)

    assert code in {400, None}
    assert queue() == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\1\2\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /hooks/gitlab HTTP/9.9\r\n\r\n",
        b"POST /hooks/gitlab HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /hooks/gitlab HTTP/1.1\r\nContent-Length: x\r\n\r\n{}",
        b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 1_000_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_garbage_behind_a_hook_spoils_nothing(receiver, garbage):
    hook = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT)}") + EVENT

    with receiver.raw(hook) as connection:
        first = answer(connection)
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            second = answer(connection)
        except OSError:
            second = None

    assert first == 202
    assert second is None or 400 <= second < 500
    assert receiver.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", b"\xff" * 50),
        ("webhook-id", b"x" * 50_000),
        ("Idempotency-Key", b"\xc3\xa9 \x7f"),
        ("traceparent", b"\xff"),
        ("Content-Type", b"application/json; charset=\xff"),
    ],
)
def test_odd_headers_are_never_an_error_of_ours(receiver, name, value):
    field = b"%b: %b\r\n\r\n" % (name.encode(), value)
    head = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT)}")

    with receiver.raw(head[:-2] + field + EVENT) as connection:
        code = answer(connection)

    assert code in {202, 400, 415}


def test_slow_senders_and_idle_connections_hold_up_nobody(receiver):
    head = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT)}")
    idle = [receiver.raw() for _ in range(IDLE)]
    slow = [receiver.raw(head + EVENT[:5]) for _ in range(64)]
    until(lambda: receiver.in_flight() == len(slow), "all slow bodies are waited for")

    response = receiver.post(EVENT)
    for connection in slow:
        connection.sendall(EVENT[5:])
    codes = {answer(connection) for connection in slow}

    assert response.status_code == 202
    assert codes == {202}
    for connection in [*idle, *slow]:
        connection.close()


def test_a_connection_serves_many_hooks(receiver):
    hook = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT)}") + EVENT

    with receiver.raw() as connection:
        codes = []
        for _ in range(3):
            connection.sendall(hook)
            codes.append(answer(connection))

    assert codes == [202, 202, 202]


def test_a_source_that_is_off_is_not_found(receiver):
    assert receiver.post(EVENT, "/hooks/gitlab/off").status_code == 404


def test_hooks_that_are_off_are_not_found(start, amqp_url):
    receiver = start(amqp_url, HOOKS_ENABLED="false").wait()

    response = receiver.post(EVENT)

    assert response.status_code == 404
    assert receiver.get("/healthz").status_code == 200


def test_a_process_that_is_told_to_stop_answers_what_it_has(start, queue, proxy):
    receiver = start(
        through(proxy), CONFIRM_SECONDS="20", SPOOL_AFTER_SECONDS="20"
    ).wait()
    head = request_head("/hooks/gitlab", f"Content-Length: {len(EVENT)}")
    idle = receiver.raw()
    slow = receiver.raw(head + EVENT[:5])
    until(lambda: receiver.in_flight() == 1, "the slow body is waited for")
    proxy.stall()
    unconfirmed = receiver.raw(head + EVENT)
    until(lambda: receiver.in_flight() == 2, "the confirm is waited for")

    receiver.tell()
    until(lambda: is_refused(receiver), "new connections are refused")
    slow.sendall(EVENT[5:])
    proxy.flow()

    assert answer(slow) == 202
    assert answer(unconfirmed) == 202
    assert receiver.join() == 0
    prefix = receiver.log.stem
    assert [message.body for message in queue(prefix)] == [EVENT, EVENT]
    for connection in (idle, slow, unconfirmed):
        connection.close()


def is_refused(receiver):
    # In the moment of closing, a connection may also be reset.
    with contextlib.suppress(ConnectionResetError):
        try:
            receiver.raw().close()
        except ConnectionRefusedError:
            return True
    return False


def test_ctrl_c_stops_it_too(start, amqp_url):
    receiver = start(amqp_url).wait()

    receiver.tell(signal.SIGINT)

    assert receiver.join() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_of_a_process_that_dies(start, amqp_url, number):
    receiver = start(amqp_url).wait()

    receiver.tell(number)

    assert receiver.join() == -number
    until(lambda: is_refused(receiver), "what it started ends too")


def test_a_serving_process_that_dies_ends_the_whole(start, amqp_url):
    receiver = start(amqp_url).wait()
    pid = receiver.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    os.kill(int(children[0]), signal.SIGKILL)

    assert receiver.join() == 1
    last = orjson.loads(receiver.log.read_text().splitlines()[-1])
    assert last["level"] == "error"
    assert "Unexpected exit" in last["event"]


def test_a_stop_during_the_start_is_not_lost(start, amqp_url):
    receiver = start(amqp_url)
    until(lambda: b"listening" in receiver.log.read_bytes(), "it has begun")

    receiver.tell()

    began = time.monotonic()
    assert receiver.join() == 0
    assert time.monotonic() - began < 10


def test_the_broker_may_come_later(start, queue, prefix, proxy):
    proxy.refuse()
    receiver = start(through(proxy)).wait("degraded")

    early = receiver.post(EVENT, Idempotency_Key="early")
    proxy.admit()
    receiver.wait()
    late = receiver.post(EVENT, Idempotency_Key="late")

    assert (early.status_code, early.json()["status"]) == (202, "spooled")
    assert (late.status_code, late.json()["status"]) == (202, "queued")
    taken = set()
    until(
        lambda: taken.update(it.delivery_id for it in queue(prefix)) or len(taken) > 1,
        "both arrive",
    )
    assert taken == {"early", "late"}


def test_the_log_tells_deliveries_and_no_secrets(start, amqp_url):
    receiver = start(amqp_url, GITLAB_SIGNING_TOKENS=SIGNING_TOKEN, GITLAB_TOKN="x")
    receiver.wait()
    person = b'{"event_name": "user_create", "email": "rosebud@example.org"}'
    receiver.post(person, webhook_id="delivery-7")
    receiver.post(person, X_Gitlab_Token="wrong-rosebud")
    receiver.post(b'{"event_name": ["rosebud"]}')
    receiver.post(b"rosebud", **{"webhook-signature": "v1,rosebud", "webhook-id": "1"})
    assert receiver.stop() == 0

    text = receiver.log.read_text()
    lines = [orjson.loads(line) for line in text.splitlines()]

    by_event = {line["event"]: line for line in lines}
    assert by_event["unknown-setting"]["name"] == "FORGEWIRE_GITLAB_TOKN"
    assert by_event["listening"]["address"] == receiver.url
    accepted = by_event["hook-accepted"]
    assert accepted["delivery_id"] == "delivery-7"
    assert accepted["hook"] == "user_create"
    assert accepted["source"] == "gitlab"
    assert accepted["status"] == 202
    assert accepted["bytes"] == len(person)
    assert accepted["milliseconds"] > 0
    refused = [line for line in lines if line["event"] == "hook-refused"]
    assert [line["status"] for line in refused] == [401, 400, 401]
    assert {line["remote"] for line in refused} == {"127.0.0.1"}
    for secret in (TOKEN, "older-token", KEY.decode(), "MDEyMzQ1", "guest", "rosebud"):
        assert secret not in text


def test_wrong_settings_stop_the_start_in_words(folder):
    env = {"FORGEWIRE_INGEST_BIND": "everywhere", "PATH": ""}

    done = subprocess.run(
        [sys.executable, "-m", "ingest"],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert EXAMPLES["FORGEWIRE_INGEST_BIND"] in done.stderr
    assert "Traceback" not in done.stderr


def test_every_metric_is_there(receiver):
    receiver.post(EVENT)

    text = requests.get(f"{receiver.url}/metrics", timeout=10).text

    for name in (
        'forgewire_hooks_total{event="user_create",source="gitlab",status="202"}',
        "forgewire_hook_seconds_bucket",
        "forgewire_hook_bytes_sum",
        "forgewire_hooks_in_flight 0.0",
        "forgewire_broker_ready 1.0",
        "process_resident_memory_bytes",
    ):
        assert name in text
