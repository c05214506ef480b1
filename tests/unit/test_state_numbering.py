"""A number that is nowhere is missing, unless its row may have expired."""

from datetime import UTC, datetime, timedelta

from state.numbering import Numbers, Start, missing

HORIZON = datetime(2026, 3, 1, tzinfo=UTC)
YOUNG = {"aa": HORIZON + timedelta(hours=1)}
OLD = {"aa": HORIZON - timedelta(hours=1)}


def numbers(first, last, count, since):
    return Numbers({"aa": Start(first, last, count)}, since)


def test_a_gap_between_rows_is_missing():
    assert missing(numbers(1, 10, 7, YOUNG), [], HORIZON) == 3


def test_what_precedes_the_first_row_is_missing_only_of_a_young_start():
    assert missing(numbers(5, 10, 6, YOUNG), [], HORIZON) == 4
    assert missing(numbers(5, 10, 6, OLD), [], HORIZON) == 0
    assert missing(numbers(5, 10, 6, {}), [], HORIZON) == 0


def test_what_was_seen_elsewhere_fills_gaps_and_shows_new_ones():
    seen = ["aa.3", "aa.3", "aa.12"]

    assert missing(numbers(1, 10, 9, YOUNG), seen, HORIZON) == 1


def test_what_was_seen_elsewhere_and_before_the_first_row_fills_no_gap():
    assert missing(numbers(5, 10, 5, OLD), ["aa.2"], HORIZON) == 1


def test_a_start_of_which_the_ledger_has_nothing_begins_where_it_was_seen():
    assert missing(Numbers({}, {}), ["bb.7", "bb.9"], HORIZON) == 1


def test_a_receipt_without_a_number_tells_nothing():
    assert missing(Numbers({}, {}), ["foreign", "cc.x", "cc.²"], HORIZON) == 0
