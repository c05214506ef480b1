"""A number that is nowhere is missing, unless its row may have expired."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.numbering import Missing, missing
from state.numbers import Numbers, Start

HORIZON = datetime(2026, 3, 1, 18, tzinfo=UTC)
YOUNG = {"aa": HORIZON + timedelta(hours=1)}
OLD = {"aa": HORIZON - timedelta(hours=1)}
#: The day of the horizon, of which some rows may have expired, and the next one.
OLD_DAY = (HORIZON - datetime(1970, 1, 1, tzinfo=UTC)).days
DAY = OLD_DAY + 1


def numbers(first, last, count, since):
    """The ledger has so many numbers from first to last; the gap is before the last."""
    runs = ((first, first + count - 2), (last, last))
    return Numbers({"aa": Start(runs)}, since)


def number_missing(numbers, others):
    """How many are missing of starts of which there is no tally."""
    return missing(numbers, others, HORIZON, {}).number


def by_tally(days, runs=(), others=()):
    """How many are missing of a start that tallied `days` from the number 1 on."""
    ledger = Numbers({"aa": Start(runs)} if runs else {}, YOUNG)
    return missing(ledger, others, HORIZON, {"aa": [0, *days]}).number


def test_a_gap_between_rows_is_missing():
    assert number_missing(numbers(1, 10, 7, YOUNG), []) == 3


def test_what_precedes_the_first_row_is_missing_only_of_a_young_start():
    assert number_missing(numbers(5, 10, 6, YOUNG), []) == 4
    assert number_missing(numbers(5, 10, 6, OLD), []) == 0
    assert number_missing(numbers(5, 10, 6, {}), []) == 0


def test_what_was_seen_elsewhere_fills_gaps_and_shows_new_ones():
    seen = ["aa.3", "aa.3", "aa.12"]

    assert number_missing(Numbers({"aa": Start(((1, 2), (4, 10)))}, YOUNG), seen) == 1


def test_what_was_seen_elsewhere_and_before_the_first_row_fills_no_gap():
    assert number_missing(numbers(5, 10, 5, OLD), ["aa.2"]) == 1


def test_a_start_of_which_the_ledger_has_nothing_begins_where_it_was_seen():
    assert number_missing(Numbers({}, {}), ["bb.7", "bb.9"]) == 1


def test_a_receipt_without_a_number_tells_nothing():
    assert number_missing(Numbers({}, {}), ["foreign", "cc.x", "cc.²"]) == 0


def test_what_was_tallied_and_is_nowhere_is_missing_also_the_last():
    assert by_tally([DAY] * 5, runs=((1, 2), (4, 4))) == 2
    assert by_tally([DAY] * 5) == 5


def test_what_was_never_answered_is_not_missing():
    assert by_tally([DAY, 0, 0, DAY], runs=((1, 1), (4, 4))) == 0


def test_a_row_of_what_was_not_answered_in_time_makes_up_for_nothing():
    assert by_tally([DAY, 0, DAY], runs=((2, 2), (7, 9))) == 2


def test_what_was_tallied_and_is_elsewhere_is_not_missing():
    assert by_tally([DAY] * 3, runs=((1, 1),), others=["aa.3", "aa.3", "bb.2"]) == 1


@pytest.mark.parametrize("old", [1, 3])
def test_what_was_received_before_the_horizon_is_not_looked_for(old):
    assert by_tally([OLD_DAY] * old + [DAY, DAY]) == 2


def test_it_is_told_how_many_starts_were_judged_in_which_way():
    ledger = Numbers({"aa": Start(((1, 1),)), "bb": Start(((1, 1), (3, 3)))}, {})
    tallies = {"aa": [0, DAY, DAY], "quiet": [0]}

    found = missing(ledger, ["cc.4", "aa.1"], HORIZON, tallies)

    assert found == Missing(number=2, by_tally=2, by_gaps=2)


@given(
    st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.sets(st.integers(1))
)
def test_missing_is_what_was_tallied_less_what_is_somewhere(tallied, ledger, others):
    days = [DAY if number in tallied else 0 for number in range(1, 31)]
    runs = tuple((number, number) for number in sorted(ledger))

    found = by_tally(days, runs, [f"aa.{number}" for number in others])

    assert found == len(tallied - ledger - others)
