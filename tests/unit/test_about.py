"""Each line that is logged about a delivery says which one."""

import io
import json
import logging
import threading

import pytest
import structlog

from config import about, logs
from tests.receiving import EVENT, Outbox, build, with_token

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def out():
    """What is logged, here and by libraries; logging is as before afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure("INFO", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    about.tell_of(None)


def lines(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_is_in_hand_is_told_in_the_lines_of_libraries_too(out):
    about.tell_of(lambda: {"delivery_id": "d-1"})
    structlog.stdlib.get_logger("ingest").info("one")
    logging.getLogger("anything").warning("two")
    structlog.stdlib.get_logger("ingest").info("three", delivery_id="d-2")
    about.tell_of(None)
    structlog.stdlib.get_logger("ingest").info("four")

    assert [(it["event"], it.get("delivery_id")) for it in lines(out)] == [
        ("one", "d-1"),
        ("two", "d-1"),
        ("three", "d-2"),
        ("four", None),
    ]


def test_another_thread_has_something_else_in_hand(out):
    about.tell_of(lambda: {"delivery_id": "d-1"})
    thread = threading.Thread(
        target=structlog.stdlib.get_logger("ingest").info, args=("one",)
    )
    thread.start()
    thread.join()

    (line,) = lines(out)
    assert "delivery_id" not in line


def test_the_line_of_a_bug_says_in_which_delivery_it_was_and_the_next_one_not(out):
    class Flaw(Exception):
        pass

    client = build(Outbox(Flaw("Ada Lovelace"))).test_client()
    headers = with_token(Idempotency_Key="d-1", traceparent=TRACEPARENT)

    answer = client.post("/hooks/gitlab", data=EVENT, headers=headers)
    structlog.stdlib.get_logger("ingest").info("later")

    assert answer.status_code == 500
    *told, later = lines(out)
    assert {it["event"] for it in told} == {"hook-not-accepted", "unexpected"}
    assert {(it["delivery_id"], it["trace_id"]) for it in told} == {("d-1", TRACE)}
    assert "delivery_id" not in later
    assert "Ada" not in out.getvalue()
