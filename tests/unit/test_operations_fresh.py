"""What a page shows is made in the background, and never waited for too long."""

import threading

import pytest

from operations.deadline import Deadline
from operations.fresh import Fresh, Seen
from schemas.errors import StateUnavailable

SOON = 10.0


def seen(fresh, seconds=SOON):
    fresh.begin()
    return fresh.seen(Deadline.after(seconds))


def test_a_value_is_made_for_who_asks_and_kept_while_it_is_young():
    made = iter(range(10))
    fresh = Fresh(lambda: next(made), young_seconds=60)

    first, again = seen(fresh), seen(fresh)

    assert (first.value, first.problem) == (0, None)
    assert first.at is not None
    assert again == first


def test_it_is_made_again_once_it_is_old():
    made = iter(range(10))
    fresh = Fresh(lambda: next(made), young_seconds=0)

    assert [seen(fresh).value for _ in range(3)] == [0, 1, 2]


def test_nobody_waits_longer_than_they_want_and_one_thread_makes_it():
    goes_on, begun = threading.Event(), []

    def make():
        begun.append(1)
        goes_on.wait(SOON)
        return "made"

    fresh = Fresh(make, young_seconds=60)

    early = [seen(fresh, 0.01) for _ in range(5)]
    goes_on.set()
    late = seen(fresh)

    assert early == [Seen()] * 5
    assert late.value == "made"
    assert len(begun) == 1


def test_while_it_is_made_anew_the_last_one_is_told():
    goes_on = threading.Event()
    goes_on.set()
    made = iter(["old", "new"])

    def make():
        goes_on.wait(SOON)
        return next(made)

    fresh = Fresh(make, young_seconds=0)
    assert seen(fresh).value == "old"
    goes_on.clear()

    assert seen(fresh, 0.01).value == "old"
    goes_on.set()
    assert fresh.seen(Deadline.after(SOON)).value == "new"


def test_a_problem_takes_the_place_of_the_value_until_it_is_over():
    outcomes = iter(["well", StateUnavailable("away"), "well again"])

    def make():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    fresh = Fresh(make, young_seconds=0)

    told = [seen(fresh) for _ in range(3)]

    assert [it.value for it in told] == ["well", None, "well again"]
    assert [str(it.problem) for it in told] == ["None", "away", "None"]
    assert told[1].problem.__traceback__ is None


@pytest.mark.parametrize("wrong", [ValueError("user_id 41"), KeyError("name")])
def test_a_bug_is_a_problem_that_quotes_nothing(wrong):
    def make():
        raise wrong

    told = seen(Fresh(make, young_seconds=0))

    assert told.value is None
    assert str(told.problem) == "this is a bug: the log of the API tells more"
