"""Replaying moves over paths that were told before them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from state.collections import declare
from state.digest import digest
from state.paths import Moved, by_old, prefixes, replay
from state.version import ONE_ROW, Rank, Version

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
DECLARED = declare("gitlab")
PROJECTS, KEYS = DECLARED["projects"], DECLARED["keys"]


def at(time, number=0):
    told = EPOCH + timedelta(seconds=time)
    return Version(1, told, ONE_ROW, Rank.CHANGE, number, "d")


def moved(old, new, time, number=0, owner="groups"):
    return Moved(digest("gitlab", old), new, at(time, number), owner)


def trail(told, time, *moves, of=PROJECTS):
    return replay("gitlab", (at(time), told), by_old(moves), of)


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


def test_a_name_follows_the_person_and_nobody_else():
    group, user = moved("ada", "x", 2), moved("ada", "bea", 3, owner="users")

    assert trail("ada", 1, group, of=KEYS).paths == ("ada",)
    assert trail("ada", 1, group, user, of=KEYS).paths == ("ada", "bea")
    assert trail("ada/app", 1, user, of=KEYS).paths == ("ada/app",)


def test_a_name_goes_with_the_person_and_a_project_has_an_event_of_its_own():
    gone = moved("ada", None, 2, owner="users")

    assert trail("ada", 1, gone, of=KEYS).gone
    assert not trail("ada/app", 1, gone).gone


def test_what_comes_after_somebody_is_gone_still_moves_a_path():
    gone, next_one = moved("ada", None, 2, owner="users"), moved("ada", "bea", 3)

    assert trail("ada/app", 1, gone, next_one).paths[-1] == "bea/app"


def test_a_move_does_not_concern_what_has_that_very_path():
    assert trail("ada", 1, moved("ada", "bea", 2)).paths == ("ada",)


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
