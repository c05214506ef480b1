"""Show when a process that ended is started again."""

from pathlib import Path

import pytest

from cli.local.supervised import Supervised


class FakeChild:
    """A child that ends when a test says so, and writes down how it is stopped."""

    name = "the worker"
    log = Path("worker.log")

    def __init__(self):
        self.exit_code = None
        self.stops = []

    def stop(self, seconds):
        self.stops.append(seconds)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def process(clock):
    return Supervised(FakeChild, clock=clock)


def test_a_process_that_runs_is_left_alone(process):
    child = process.child

    news = process.check()

    assert news is None
    assert process.child is child


def test_a_process_that_ended_is_told_and_swept_up(process):
    process.child.exit_code = 1

    news = process.check()

    assert news == (
        "the worker ended with exit code 1 (log: worker.log), next start in 1 s"
    )
    assert process.child.stops == [0]


def test_it_is_started_again_when_the_time_has_come(process, clock):
    process.child.exit_code = 1
    process.check()

    early = process.check()
    clock.now = 1.0
    late = process.check()

    assert early is None
    assert late == "the worker was started again"
    assert process.child.exit_code is None


def test_each_start_in_a_row_waits_longer_up_to_a_limit(process, clock):
    delays = [end(process, clock) for _ in range(7)]

    assert delays == [1, 2, 4, 8, 16, 30, 30]


def test_a_process_that_ran_well_for_long_is_started_soon_again(process, clock):
    end(process, clock)
    end(process, clock)
    clock.now += 60

    delay = end(process, clock)

    assert delay == 1


def end(process, clock):
    """End a process, start it again, and return the seconds in between."""
    ended = clock.now
    process.child.exit_code = 1
    process.check()
    while process.check() is None:
        clock.now += 1
    return clock.now - ended


def test_a_process_that_runs_is_stopped_with_time_to_finish(process):
    process.stop()

    assert process.child.stops == [20]


def test_a_process_that_ended_is_not_stopped_twice(process):
    process.child.exit_code = 1
    process.check()

    process.stop()

    assert process.child.stops == [0]


def test_a_process_that_runs_can_be_started_anew(process):
    first = process.child

    process.restart()

    assert first.stops == [20]
    assert process.child is not first
    assert process.check() is None


def test_a_process_that_ended_is_started_anew_without_waiting(process, clock):
    end(process, clock)
    process.child.exit_code = 1
    process.check()

    process.restart()

    assert process.child.exit_code is None
    assert process.check() is None
    assert end(process, clock) == 1
