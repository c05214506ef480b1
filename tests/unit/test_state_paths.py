"""Replaying moves over paths that were told before them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from state.digest import digest
from state.paths import Moved, by_old, prefixes, replay
from state.version import ONE_ROW, Rank, Version

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
BOTH = ("groups", "users")


def at(time, number=0):
    told = EPOCH + timedelta(seconds=time)
    return Version(ONE_ROW, told, Rank.CHANGE, number, "d")


def moved(old, new, time, number=0, owner="groups"):
    return Moved(digest("gitlab", old), new, at(time, number), owner)


def trail(told, time, *moves, by=BOTH):
    return replay("gitlab", told, at(time), by_old(moves), by)


def test_a_path_has_a_prefix_for_each_level():
    assert list(prefixes("a/b/c")) == ["a", "a/b", "a/b/c"]


def test_what_was_told_before_a_move_is_moved():
    assert trail("a/app", 1, moved("a", "b", 2)).paths == ("a/app", "b/app")


def test_what_was_told_after_a_move_stays():
    assert trail("a/app", 3, moved("a", "b", 2)).paths == ("a/app",)


def test_moves_are_replayed_in_the_order_of_their_times():
    late, early = moved("b", "c", 3), moved("a", "b", 2)

    assert trail("a/app", 1, late, early).paths[-1] == "c/app"


def test_groups_move_under_groups():
    inner, outer = moved("a/x", "a/y", 2), moved("a", "b", 3)

    assert trail("a/x/app", 1, inner, outer).paths[-1] == "b/y/app"


def test_a_path_that_only_begins_alike_stays():
    assert trail("ab/app", 1, moved("a", "b", 2)).paths == ("ab/app",)


def test_within_a_second_the_receipt_decides():
    first, second = moved("a", "b", 2, 1), moved("b", "c", 2, 2)

    assert trail("a/app", 1, second, first).paths[-1] == "c/app"


def test_a_path_that_comes_back_is_where_it_was():
    there, back = moved("a", "b", 2), moved("b", "a", 3)

    assert trail("a/app", 1, there, back).paths == ("a/app", "b/app", "a/app")


def test_only_moves_of_the_owners_asked_for_count():
    group = moved("ada", "bea", 2)

    assert trail("ada", 1, group, by=("users",)).paths == ("ada",)


def test_what_lies_below_one_who_is_gone_is_gone():
    gone = trail("ada", 1, moved("ada", None, 2, owner="users"))

    assert gone.gone
    assert gone.paths == ("ada",)


segments = st.sampled_from("abc")
moves = st.lists(
    st.builds(moved, segments, segments, st.integers(0, 5), st.integers(0, 99)),
    max_size=8,
)


@given(moves, st.integers(0, 5), st.randoms(use_true_random=False))
def test_replay_ends_and_does_not_depend_on_the_order_of_arrival(found, time, random):
    unique = list({move.version: move for move in found}.values())
    shuffled = random.sample(unique, len(unique))

    assert trail("a/app", time, *shuffled) == trail("a/app", time, *unique)
