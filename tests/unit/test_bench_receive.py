"""Receive: what senders report, when hooks are due, and what had arrived."""

import asyncio
import re
from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")

from bench import accounting, closed, fixed_rate, receive
from bench.figures import find
from bench.receivers import Receiver

PRINTED = """\
Running 2s test @ http://127.0.0.1:8080/hooks/gitlab
  1 threads and 64 connections
Requests/sec:   2010.50
{"answered": 4021, "refused": 20, "broken": 3, "seconds": 2.010000, \
"p50_ms": 25.081000, "p99_ms": 65.370000, "p999_ms": 83.220000}
"""


def test_refused_hooks_are_not_accepted():
    outcome = closed.parsed(PRINTED)

    assert outcome.accepted == 4001
    assert outcome.failed == 23
    assert (outcome.seconds, outcome.p99_ms) == (2.01, 65.37)


def test_the_script_prints_what_is_parsed():
    keys = r'"(\w+)": %'

    printed = re.findall(keys, closed.SCRIPT.read_text("utf-8"))

    assert printed == re.findall(r'"(\w+)": ', PRINTED)


def test_times_are_fixed_up_front_and_the_same_for_everybody():
    due = fixed_rate.times(200, 3)

    assert len(due) == 600
    assert due == sorted(due) == fixed_rate.times(200, 3)
    assert 0 <= due[0] < due[-1] <= 3
    # Neither all at once nor one by one.
    assert 150 < sum(at < 1 for at in due) < 250


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 500), (99, 990), (99.9, 999), (100, 1000)]
)
def test_percentiles_are_values_that_were_measured(percent, value):
    assert fixed_rate.percentile(range(1000, 0, -1), percent) == value


def test_the_percentile_of_one_value_is_that():
    assert fixed_rate.percentile([3.0], 0.1) == 3.0


async def _answer(reader, writer, status):
    while await reader.readline() not in {b"\r\n", b""}:
        pass
    await reader.readexactly(2)
    writer.write(f"HTTP/1.1 {status} \r\nContent-Length: 0\r\n".encode())
    writer.write(b"Connection: close\r\n\r\n")
    await writer.drain()
    writer.close()


async def _sent(due, status=202):
    async def answer(reader, writer):
        await _answer(reader, writer, status)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await fixed_rate.send_all(f"http://127.0.0.1:{port}/", [b"{}"], due)


def test_what_is_sent_late_was_due_all_the_same():
    # The first was due when the sender, for whatever reason, could not send.
    outcome = asyncio.run(_sent([-2.0, 0.0, 0.1]))

    assert len(set(outcome.accepted)) == 3
    assert max(outcome.latencies) > 1.7
    assert max(outcome.delays) > 1.7
    assert outcome.seconds >= 0.1


def test_what_is_refused_is_not_accepted():
    outcome = asyncio.run(_sent([0.0, 0.01], status=503))

    assert (outcome.failed, outcome.accepted, outcome.latencies) == (2, [], [])


def a_receiver(stored=(), *, counts=(0,), says=(0, 0)):
    numbers, said = iter(counts), iter(says)
    last = counts[-1]
    return Receiver(
        "http://127.0.0.1:1/",
        stored=lambda: list(stored),
        count=lambda: next(numbers, last),
        clear=lambda: None,
        says=lambda: next(said),
    )


def test_what_arrives_late_is_waited_for():
    receiver = a_receiver(counts=[5, 5, 8, 15], says=[100, 110])

    with accounting.counted(receiver) as account:
        account.acknowledged = 9

    # The receiver answered one more, to a sender that had gone.
    assert (account.acknowledged, account.arrived) == (10, 10)


def test_what_never_arrives_is_lost():
    receiver = a_receiver(counts=[0, 7])

    with accounting.counted(receiver, patience=0.3) as account:
        account.acknowledged = 9

    assert (account.acknowledged, account.arrived) == (9, 7)


def test_a_receiver_that_stores_nothing_loses_nothing():
    receiver = replace(a_receiver(), is_storing=False)

    with accounting.counted(receiver) as account:
        account.acknowledged = 9

    assert (account.acknowledged, account.arrived) == (0, 0)


@pytest.mark.parametrize(
    ("stored", "found"), [(["a", "b", "x"], 2), (["", "", ""], 3), (["a", "a", ""], 1)]
)
def test_ids_are_looked_for_where_messages_bear_them(stored, found):
    receiver = a_receiver(stored, counts=[3])

    assert accounting.found(receiver, ["a", "b", "c"]) == found


def test_figures_have_all_rounds():
    rounds = [
        {("receive", "64 connections"): receive.Result(value, {"p50_ms": value}, 5, 4)}
        for value in (1.0, 9.0, 2.0)
    ]

    figures = receive.figures("Forgewire", rounds)

    figure = find(figures, "receive", "Forgewire", "64 connections")
    assert figure.rounds == (1.0, 9.0, 2.0)
    assert figure.also == {"p50_ms": 2.0}
    assert (figure.acknowledged, figure.arrived, figure.lost) == (15, 12, 3)
