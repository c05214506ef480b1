"""Show how the console words numbers, sizes and times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.console import words

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def plain(text):
    """A text with usual spaces in place of narrow ones."""
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, words.NOTHING),
        (0, "0"),
        (999, "999"),
        (1_234_567, "1 234 567"),
        (2.0, "2"),
        (0.25, "0.2"),
    ],
)
def test_a_number_has_spaces_between_thousands(value, told):
    assert plain(words.number(value)) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, words.NOTHING),
        (0, "0 ms"),
        (0.0012, "1.2 ms"),
        (0.85, "850 ms"),
        (1, "1 s"),
        (1.24, "1.2 s"),
        (59, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3_605, "1 h"),
        (7_500, "2 h 5 min"),
        (4 * 86_400 + 3 * 3_600 + 5, "4 d 3 h"),
        (-2, "-2 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(value, told):
    assert plain(words.seconds(value)) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, words.NOTHING),
        (0, "0 B"),
        (999, "999 B"),
        (1_500, "1.5 kB"),
        (25 * 10**6, "25 MB"),
        (5e15, "5000 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_suits(value, told):
    assert plain(words.size(value)) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "just now"),
        (12, "12 s ago"),
        (200, "3 min ago"),
        (7_200, "2 h ago"),
        (-300, "in 5 min"),
        (200_000, "2 d ago"),
        (61 * 86_400, "2026-09-22"),
    ],
)
def test_a_time_is_told_by_how_long_ago_it_was(seconds, told):
    assert plain(words.ago(NOON - timedelta(seconds=seconds), NOON)) == told


def test_what_never_was_is_told_so():
    assert (words.ago(None, NOON), words.moment(None)) == ("never", words.NOTHING)


def test_times_are_told_in_utc():
    here = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert words.moment(here) == "2026-11-22 12:00:00 UTC"
    assert words.iso(here) == "2026-11-22T12:00:00.000+00:00"
