"""The harness sees what is lost, doubled or wrong, and says so."""

import os
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli.local import ports
from ingest.tally import Tally
from state.ledger import Ledger, Row
from tests.chaos import verdict
from tests.chaos.stream import Stream
from tests.chaos.table import MARKERS, Found, is_good, summary, write
from tests.chaos.wires import Wire

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def unused_port():
    return ports.free()


def row(delivery_id, receipt, outcome="applied"):
    return Row(
        source="gitlab",
        delivery_id=delivery_id,
        receipt=receipt,
        event="user_create",
        outcome=outcome,
        received_at=NOW,
        processed_at=NOW,
    )


def test_an_accepted_hook_without_a_row_is_lost(database):
    Ledger(database).write([row("hook-1", "a.1"), row("hook-3", "a.3")])

    lost = verdict.wait_in_ledger(database, ["hook-1", "hook-2", "hook-3"], 0.2)

    assert lost == ["hook-2"]


def test_the_host_sending_twice_is_no_doubling(database):
    Ledger(database).write([row("hook-1", "a.1"), row("hook-1", "b.1", "duplicate")])

    assert verdict.doubled(database) == []


def test_one_acceptance_with_two_rows_is_a_doubling(database):
    Ledger(database).write([row("hook-1", "a.1"), row("hook-2", "a.1")])

    assert verdict.doubled(database) == ["a.1"]


@pytest.mark.parametrize(
    ("tallied", "wrong"),
    [
        ({"aa": [1, 3], "bb": [1]}, []),
        ({"aa": [1, 2, 3], "bb": [1, 2]}, ["audit: missing 2", "audit: differences 2"]),
        ({"aa": [1, 3]}, ["audit: starts without a tally 1"]),
    ],
)
def test_an_audit_sees_what_all_receivers_tallied(
    database, servers, tmp_path, tallied, wrong
):
    receipts = ("aa.1", "aa.3", "bb.1")
    now = datetime.now(UTC)
    Ledger(database).write(
        [replace(row(it, it), received_at=now, processed_at=now) for it in receipts]
    )
    for start, numbers in tallied.items():
        folder = tmp_path / start
        folder.mkdir()
        tally = Tally(folder)
        tally.begin(start)
        for number in numbers:
            tally.mark(number, time.time_ns() // 1000)
    environment = dict(os.environ) | {
        f"FORGEWIRE_{name}": str(value) for name, value in servers.items()
    }

    found = verdict.wrong_in_audit(environment, [*tmp_path.iterdir()], 0)

    assert found == wrong


def test_a_state_without_what_the_host_has_is_wrong(database):
    stream = Stream(seed=1)
    stream.more(50)

    found = verdict.wrong_in_state(database, stream.host)

    assert any("is missing" in words for words in found)


def test_a_stream_is_the_same_for_the_same_seed():
    first, second = Stream(seed=7), Stream(seed=7)

    assert first.more(40) == second.more(40)
    assert first.more(3) == second.more(3)
    assert len({hook.delivery_id for hook in first.host.hooks}) == len(first.host.hooks)


@pytest.mark.parametrize(
    "trouble", [{"lost": {"hook-1"}}, {"doubled": {"a.1"}}, {"wrong": ["words"]}]
)
def test_any_trouble_with_any_fault_is_not_good(trouble):
    fine = Found("fine", times=1, sent=10, accepted=10)

    assert is_good([fine])
    assert not is_good([fine, Found("bad", **trouble)])
    assert not is_good([])


def test_the_last_line_counts_each_hook_once():
    found = [Found("a", 2, sent=10, lost={"x"}), Found("b", 1, sent=5, lost={"x", "y"})]

    assert summary(found) == "faults 3  sent 15  lost 2  doubled 0"


def test_the_table_is_put_between_the_markers_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{MARKERS[0]}\nold\n{MARKERS[1]}\nafter\n")

    write(page, [Found("worker killed", 1, 10, 9)], "make chaos")

    text = page.read_text()
    assert "| worker killed | 1 | 10 | 9 |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_lost_wire_tells_the_client_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener.getsockname()[1])
        client = socket.create_connection(("127.0.0.1", wire.port))
        server, _ = listener.accept()
        with client, server:
            client.sendall(b"first")
            first = server.recv(5)

            wire.half_open()
            client.sendall(b"into the void")
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)

            assert first == b"first"
            assert server.recv(1) == b""
        wire.close()


def test_a_wire_to_nobody_refuses_and_lives(unused_port):
    wire = Wire(unused_port)

    for _ in range(2):
        with socket.create_connection(("127.0.0.1", wire.port)) as client:
            assert client.recv(1) == b""
    wire.close()
