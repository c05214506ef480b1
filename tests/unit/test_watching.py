"""The watch: how often it looks, what it makes of failures, and how it counts."""

import itertools
import time
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from operations.queues import Depth
from operations.watching.balance import unaccounted
from operations.watching.pace import Pace
from operations.watching.sampler import Sampler
from schemas.errors import BrokerUnavailable
from state.booked import Booked
from tests.rabbit import until

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PACE = Pace(every=5, longest=20)


def pause(pace=PACE, failures=0, took=0.0, chance=0.5):
    return pace.pause(failures=failures, took=took, chance=chance)


def test_who_fails_waits_longer_each_time_up_to_a_bound():
    assert [pause(failures=n) for n in (0, 1, 2, 3, 10_000)] == [5, 10, 20, 20, 20]


def test_no_two_processes_keep_step():
    assert (pause(chance=0), pause(chance=1)) == (4.5, 5.5)


def test_what_is_dear_is_done_more_seldom():
    pace = Pace(every=60, longest=600, share=0.05, idle=5)

    assert (pause(pace, took=8), pause(pace, took=35)) == (60, 600)


def sampler(take, pace=PACE):
    return Sampler("part", take, pace, lambda: NOW)


def test_nothing_is_known_before_the_first_sample():
    one = sampler(lambda: 7)

    assert (one.last, one.is_up) == (None, None)


def test_the_last_sample_is_kept_while_the_next_ones_fail():
    outcomes = iter([7, BrokerUnavailable("away"), BrokerUnavailable("away"), 8, 9])

    def take():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    one, seen = sampler(take), []
    with capture_logs() as logs:
        for _ in range(5):
            one.sample()
            seen.append((one.last.value, one.is_up))

    assert seen == [(7, True), (7, False), (7, False), (8, True), (9, True)]
    assert one.last.at == NOW
    # An outage is told of once, and its end.
    assert [it["event"] for it in logs] == ["cannot-watch", "watching-again"]


def test_a_bug_in_a_sample_is_in_the_log_and_does_not_end_the_watch():
    taken = itertools.count()

    def take():
        if next(taken) == 0:
            raise KeyError("bug")
        return "good"

    one = sampler(take, Pace(every=0.01, longest=0.01))
    with capture_logs() as logs:
        one.start()
        until(lambda: one.is_up)
        one.end()
        one.join(5)

    assert logs[0]["event"] == "unexpected"
    assert logs[0]["log_level"] == "error"


def test_who_is_told_to_end_does_so_at_once():
    one = sampler(lambda: 1, Pace(every=3600, longest=3600))
    one.start()
    until(lambda: one.is_up)

    begun = time.monotonic()
    one.end()
    one.join(5)

    assert not one._thread.is_alive()
    assert time.monotonic() - begun < 1
    assert one.wait(60)


def depth(ready=0, consumers=0, unacknowledged=None):
    return Depth("queue", ready, consumers, unacknowledged)


@pytest.mark.parametrize(
    ("missing", "dead", "events", "letters", "expected"),
    [
        (0, 0, depth(), depth(), 0),
        # Lost.
        (2, 0, depth(), depth(), 2),
        # All under way: waiting, in a worker's hands, or both.
        (7, 0, depth(ready=7), depth(), 0),
        (7, 0, depth(unacknowledged=7), depth(), 0),
        (7, 0, depth(ready=3, unacknowledged=2), depth(), 2),
        # Nobody tells what workers hold, who have enough to take.
        (7, 0, depth(ready=1, consumers=1), depth(), 0),
        (7, 0, depth(ready=0, consumers=1), depth(), 7),
        # A letter of each that is dead; held by who reads them; gone.
        (0, 3, depth(), depth(ready=3), 0),
        (0, 3, depth(), depth(ready=1, unacknowledged=2), 0),
        (0, 3, depth(), depth(ready=1), 2),
        # RabbitMQ set it aside, so the ledger has nothing of it.
        (1, 3, depth(), depth(ready=4), 0),
        # Sent again, and not yet worked.
        (0, 3, depth(ready=1), depth(ready=2), 0),
        # What somebody sent by hand has no number.
        (0, 0, depth(ready=9), depth(), 0),
    ],
)
def test_what_is_known_to_be_somewhere_is_not_lost(
    missing, dead, events, letters, expected
):
    found = Booked(missing=missing, dead=dead)

    assert unaccounted(found, events, letters, prefetch=1_000) == expected
