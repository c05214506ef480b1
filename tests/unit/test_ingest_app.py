"""Show what the receiver answers, and what it hands on."""

import hashlib
import io
import json
import threading
import time

import pytest
from prometheus_client import CollectorRegistry

from broker.errors import ConnectionLost, NotConnected, TooLarge, TooLate
from schemas.errors import BrokerUnavailable
from tests.receiving import (
    EVENT,
    JSON,
    NOW,
    TOKEN,
    Outbox,
    build,
    is_receipt,
    post_stream,
    signed,
    with_token,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Stalled(io.RawIOBase):
    """A body that comes when the test says so."""

    def __init__(self, body):
        self.asked, self.go, self._body = threading.Event(), threading.Event(), body

    def readable(self):
        return True

    def read(self, size=-1, /):
        self.asked.set()
        self.go.wait(10)
        body, self._body = self._body, b""
        return body


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def client(outbox, registry):
    return build(outbox, registry=registry).test_client()


def problem(response):
    """The code of a problem, once it is seen to be a whole one."""
    assert response.mimetype == "application/problem+json"
    told = response.get_json()
    assert told["status"] == response.status_code
    assert told["type"] == f"urn:forgewire:problem:{told['code']}"
    assert told["title"]
    assert told["detail"].endswith((".", ")."))
    return told["code"]


@pytest.mark.parametrize("path", ["/hooks/gitlab", "/-/api/gitlab", "/hooks/gitlab/"])
def test_a_hook_is_queued(client, outbox, path):
    response = client.post(
        path,
        data=EVENT,
        headers=with_token(Idempotency_Key="delivery-1", traceparent=TRACE),
    )

    assert response.status_code == 202
    assert response.get_json() == {
        "delivery_id": "delivery-1",
        "event": "user_create",
        "status": "queued",
    }
    [message] = outbox.messages
    assert message.source == "gitlab"
    assert message.event == "user_create"
    assert message.delivery_id == "delivery-1"
    assert message.body == EVENT
    assert message.received_at == NOW * 1_000_000
    assert message.traceparent == TRACE
    assert message.attempt == 1
    assert is_receipt(message.receipt)


def test_the_source_is_the_route_s_not_the_header_s(client, outbox):
    headers = with_token(X_Gitlab_Instance="https://gitlab.example.com")

    client.post("/hooks/gitlab/both", data=EVENT, headers=headers)

    assert outbox.messages[0].source == "both"


def test_an_event_is_named_by_object_kind_too(client, outbox):
    client.post(
        "/hooks/gitlab", data=b'{"object_kind": "merge_request"}', headers=with_token()
    )

    assert outbox.messages[0].event == "merge_request"


@pytest.mark.parametrize(
    ("error", "is_used_again"),
    [(NotConnected(), True), (ConnectionLost(), False), (TooLate(), False)],
)
def test_a_receipt_that_the_broker_may_have_is_not_used_again(error, is_used_again):
    receipts, errors = [], [error]

    class Recovering:
        def publish(self, message):
            receipts.append(message.receipt)
            if errors:
                raise errors.pop()

    client = build(Recovering()).test_client()

    statuses = [
        client.post("/hooks/gitlab", data=EVENT, headers=with_token()).status_code
        for _ in range(2)
    ]

    assert statuses == [503, 202]
    assert (receipts[0] == receipts[1]) is is_used_again


def test_receipts_count_what_is_handed_on_only(client, outbox):
    for body in (EVENT, b"[]", EVENT, b"{}", EVENT):
        client.post("/hooks/gitlab", data=body, headers=with_token())

    numbers = [message.receipt.split(".")[1] for message in outbox.messages]
    assert numbers == ["1", "2", "3"]


@pytest.mark.parametrize("source", ["signed", "both"])
def test_a_signed_hook_is_queued(client, outbox, source):
    response = client.post(f"/hooks/gitlab/{source}", data=EVENT, headers=signed(EVENT))

    assert response.status_code == 202
    assert outbox.messages[0].delivery_id == "msg-1"


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        ("gitlab", JSON),
        ("gitlab", with_token("")),
        ("gitlab", with_token("wrong")),
        ("gitlab", with_token("caf\xe9")),
        ("gitlab", with_token(f"{TOKEN},{TOKEN}")),
        ("signed", with_token()),
        ("both", with_token() | signed(b"other")),
        ("both", with_token() | {"webhook-signature": ""}),
        ("signed", signed(EVENT, timestamp=NOW - 301)),
        ("gitlab", with_token() | signed(EVENT)),
    ],
)
def test_a_stranger_is_not_let_in(client, outbox, source, headers):
    response = client.post(f"/hooks/gitlab/{source}", data=EVENT, headers=headers)

    assert response.status_code == 401
    assert problem(response) == "unauthenticated"
    assert response.headers["WWW-Authenticate"].startswith("X-Gitlab-Token ")
    assert outbox.messages == []


def test_a_signed_hook_without_key_here_says_what_to_set(client):
    headers = with_token() | signed(EVENT)

    response = client.post("/hooks/gitlab", data=EVENT, headers=headers)

    assert "FORGEWIRE_GITLAB_SIGNING_TOKENS" in response.get_json()["detail"]


def test_the_headers_of_an_unsigned_hook_may_name_id_and_time(client):
    headers = with_token(webhook_id="msg-1", webhook_timestamp="0")

    response = client.post("/hooks/gitlab", data=EVENT, headers=headers)

    assert response.get_json()["delivery_id"] == "msg-1"


def test_a_stranger_s_body_is_not_read(client):
    body = Stalled(EVENT)

    response = post_stream(client.application, "/hooks/gitlab", body, 5, JSON)

    assert response.status_code == 401
    assert not body.asked.is_set()


@pytest.mark.parametrize("source", ["off", "unheard-of", "%ff%00", "a:b"])
def test_a_source_that_is_off_or_unknown_is_not_found(client, outbox, source):
    response = client.post(f"/hooks/gitlab/{source}", data=EVENT, headers=with_token())

    assert response.status_code == 404
    assert problem(response) == "no-such-hook"
    assert outbox.messages == []


@pytest.mark.parametrize("path", ["/", "/hooks", "/hooks/github", "/hooks/gitlab/a/b"])
def test_other_paths_are_not_found(client, path):
    response = client.post(path, data=EVENT, headers=with_token())

    assert response.status_code == 404
    assert "/hooks/gitlab" in response.get_json()["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_hooks_are_posted(client, method):
    response = client.open("/hooks/gitlab", method=method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert problem(response) == "method-not-allowed"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b" ", "not-a-json-object"),
        (b"[]", "not-a-json-object"),
        (b"{", "not-a-json-object"),
        (b'{"event_name": "x", "n": NaN}', "not-a-json-object"),
        (b'{"event_name": "\xff"}', "not-a-json-object"),
        (b"[" * 900, "not-a-json-object"),
        (b"{}", "no-event-name"),
        (b'{"event_name": ["user_create"]}', "no-event-name"),
        (b'{"event_name": "%s"}' % (b"x" * 500), "no-event-name"),
        (b'{"event_name": "two\\nlines"}', "no-event-name"),
    ],
)
def test_a_body_that_names_no_event_is_refused(client, outbox, body, code):
    response = client.post("/hooks/gitlab", data=body, headers=with_token())

    assert response.status_code == 400
    assert problem(response) == code
    assert outbox.messages == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"event_name": "x", "event_name": "user_create"}',
        b'{"event_name": "user_create", "user_id": 99999999999999999999}',
        b'{"event_name": "user_create", "name": "\\ud800"}',
        b'{"event_name": "user_create", "user_id": {"$gt": ""}}',
    ],
)
def test_an_odd_body_is_the_worker_s_to_judge(client, outbox, body):
    response = client.post("/hooks/gitlab", data=body, headers=with_token())

    assert response.status_code == 202
    assert outbox.messages[0].body == body


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonl"},
        JSON | {"Content-Encoding": "gzip"},
    ],
)
def test_another_media_type_is_refused(client, headers):
    response = client.post(
        "/hooks/gitlab", data=EVENT, headers={**with_token(), **headers}
    )

    assert response.status_code == 415
    assert problem(response) == "unsupported-media-type"


@pytest.mark.parametrize(
    "media_type",
    [None, "application/json; charset=utf-8", "Application/JSON", "text/x+json"],
)
def test_json_goes_by_several_names_or_none(client, media_type):
    headers = with_token()
    del headers["Content-Type"]

    response = client.post(
        "/hooks/gitlab", data=EVENT, headers=headers, content_type=media_type
    )

    assert response.status_code == 202


def test_a_body_at_the_cap_is_taken_and_one_above_is_not(outbox):
    client = build(outbox, max_body_bytes=len(EVENT)).test_client()

    taken = client.post("/hooks/gitlab", data=EVENT, headers=with_token())
    refused = client.post("/hooks/gitlab", data=EVENT + b" ", headers=with_token())

    assert taken.status_code == 202
    assert refused.status_code == 413
    assert problem(refused) == "too-large"
    assert str(len(EVENT)) in refused.get_json()["detail"]


def test_a_body_that_ends_early_is_refused(client):
    response = post_stream(
        client.application,
        "/hooks/gitlab",
        io.BytesIO(EVENT),
        len(EVENT) + 1,
        with_token(),
    )

    assert response.status_code == 400
    assert problem(response) == "incomplete-body"


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_a_body_of_unknown_length_is_refused(client, headers):
    response = client.post("/hooks/gitlab", headers=with_token() | headers)

    assert response.status_code == 411
    assert problem(response) == "length-required"


def test_an_event_that_is_not_confirmed_is_not_accepted():
    outbox = Outbox(BrokerUnavailable("no confirm came"))

    response = (
        build(outbox)
        .test_client()
        .post("/hooks/gitlab", data=EVENT, headers=with_token())
    )

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert problem(response) == "not-durable"


def test_an_event_that_no_broker_takes_is_too_large():
    outbox = Outbox(TooLarge("more than max_message_size"))

    response = (
        build(outbox)
        .test_client()
        .post("/hooks/gitlab", data=EVENT, headers=with_token())
    )

    assert response.status_code == 413
    assert problem(response) == "too-large-for-broker"


def test_a_bug_shows_nothing_of_itself():
    outbox = Outbox(ZeroDivisionError("rosebud"))

    response = (
        build(outbox)
        .test_client()
        .post("/hooks/gitlab", data=EVENT, headers=with_token())
    )

    assert response.status_code == 500
    assert problem(response) == "unexpected"
    assert b"rosebud" not in response.data
    assert b"ZeroDivision" not in response.data


@pytest.mark.parametrize("limits", [{}, {"waiting": 0, "patience_seconds": 60}])
def test_strangers_bodies_leave_room_for_others(limits, outbox):
    app = build(outbox, **limits)
    slow, answers = Stalled(EVENT), []
    held = threading.Thread(
        target=lambda: answers.append(
            post_stream(app, "/hooks/gitlab/both", slow, len(EVENT), signed(EVENT))
        )
    )
    held.start()
    assert slow.asked.wait(10)

    crowded = app.test_client().post(
        "/hooks/gitlab/both", data=EVENT, headers=signed(EVENT)
    )
    known = app.test_client().post(
        "/hooks/gitlab/both", data=EVENT, headers=with_token()
    )
    slow.go.set()
    held.join(10)

    assert crowded.status_code == 503
    assert problem(crowded) == "busy"
    assert known.status_code == 202
    assert answers[0].status_code == 202


def test_the_process_is_alive_whatever_the_broker_does():
    client = build(Outbox(), is_ready=lambda: False).test_client()

    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.get_json() == {"status": "alive"}


def test_it_is_ready_when_the_broker_takes_events(client):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json()["checks"]["broker"]["ok"] is True


def test_it_says_what_keeps_it_from_being_ready():
    client = build(Outbox(), is_ready=lambda: False).test_client()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.get_json()["checks"]["broker"]["ok"] is False
    assert "RabbitMQ" in response.get_json()["checks"]["broker"]["hint"]


@pytest.mark.parametrize("path", ["/healthz", "/hooks/gitlab", "/nowhere"])
def test_no_answer_is_sniffed_or_kept(client, path):
    response = client.get(path)

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/hooks/gitlab", "/nowhere"])
def test_who_delivers_no_hook_goes_on_over_another_connection(client, path):
    accepted = client.post("/hooks/gitlab", data=EVENT, headers=with_token())

    assert client.get(path).headers["Connection"] == "close"
    assert "Connection" not in accepted.headers


def test_hooks_are_counted_under_bounded_labels(client, registry):
    client.post("/hooks/gitlab", data=EVENT, headers=with_token())
    client.post("/hooks/gitlab", data=b'{"event_name": "new"}', headers=with_token())
    client.post("/hooks/gitlab/made-up", data=EVENT)

    def count(source, event, status):
        labels = {"source": source, "event": event, "status": status}
        return registry.get_sample_value("forgewire_hooks_total", labels)

    assert count("gitlab", "user_create", "202") == 1
    assert count("gitlab", "other", "202") == 1
    assert count("other", "other", "404") == 1
    assert registry.get_sample_value("forgewire_hook_seconds_count") == 3
    assert registry.get_sample_value("forgewire_hook_bytes_count") == 2
    assert registry.get_sample_value("forgewire_hooks_in_flight") == 0


def test_the_last_hook_that_was_taken_is_told_by_source(client, registry):
    began = time.time()

    client.post("/hooks/gitlab", data=EVENT, headers=with_token())
    client.post("/hooks/both", data=EVENT)

    def last(source):
        name = "forgewire_last_hook_timestamp_seconds"
        return registry.get_sample_value(name, {"source": source})

    assert began <= last("gitlab") <= time.time()
    assert last("both") is None


def test_metrics_are_shown(client):
    response = client.get("/metrics")

    assert response.mimetype == "text/plain"
    assert "forgewire_broker_ready 1.0" in response.text


def test_the_same_event_without_an_id_has_the_same_id(client):
    headers = with_token()

    told = [
        client.post("/hooks/gitlab", data=EVENT, headers=headers).get_json()
        for _ in range(2)
    ]

    expected = hashlib.sha256(b"gitlab\0" + EVENT).hexdigest()
    assert [one["delivery_id"] for one in told] == [f"sha256-{expected}"] * 2


def test_the_answer_is_one_line_of_json(client):
    response = client.post("/hooks/gitlab", data=EVENT, headers=with_token())

    assert json.loads(response.data)["event"] == "user_create"
    assert b"\n" not in response.data
