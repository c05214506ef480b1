"""Versions: which of two events about one document speaks last."""

from datetime import UTC, datetime

import pytest

from handlers import Delete, Mention, Move, Put
from state.version import ONE_ROW, Stamp, Version, version_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = datetime(2026, 3, 1, 13, tzinfo=UTC)
MICROS = int(ONE.timestamp()) * 1_000_000


def stamp(event="user_rename", *, received=MICROS, created=NOON, updated=ONE):
    return Stamp("gitlab", event, "d1", received, created, updated)


def version(change, of=None, *, by_row=False):
    return version_of(change, of or stamp(), by_row=by_row)


def test_the_time_is_updated_at_else_created_at_else_the_receipt():
    put = Put("users", 41, {})

    assert version(put).time == ONE
    assert version(put, stamp(updated=None)).time == NOON
    assert version(put, stamp(updated=None, created=None)).time == ONE


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("user_create", "user_rename"),
        ("user_add_to_team", "user_update_for_team"),
        ("user_access_request_to_group", "user_update_for_group"),
    ],
)
def test_within_a_second_a_change_comes_after_a_creation(earlier, later):
    put = Put("users", 41, {})

    created = version(put, stamp(earlier, received=MICROS + 9))

    assert created < version(put, stamp(later))


def test_within_a_second_a_deletion_comes_last():
    deleted = version(Delete("users", 41), stamp("user_destroy"))

    assert deleted > version(Put("users", 41, {}), stamp(received=MICROS + 9))


def test_within_a_second_the_receipt_decides_between_changes():
    put = Put("users", 41, {})

    assert version(put) < version(put, stamp(received=MICROS + 1))


def test_a_row_that_was_made_later_comes_after_the_deletion_of_the_former_one():
    added_again = version(Put("memberships", "x", {}), stamp(created=ONE), by_row=True)

    assert added_again > version(Delete("memberships", "x"), by_row=True)


def test_what_is_told_in_passing_is_older_than_all_else():
    later = stamp(updated=datetime(2027, 1, 1, tzinfo=UTC))

    assert version(Mention("users", 41, {}), later) < version(Put("users", 41, {}))


def test_only_rows_that_may_come_again_have_a_time():
    put = Put("users", 41, {})

    assert version(put).row == ONE_ROW
    assert version(put, by_row=True).row == NOON


def test_what_leads_nowhere_does_so_from_its_receipt_on():
    gone = Move(("users", 41), "ada", None)
    late = stamp("user_destroy", received=MICROS + 7_500_000)

    assert version(gone, late).time == datetime(2026, 3, 1, 13, 0, 7, tzinfo=UTC)
    assert version(Move(("users", 41), "ada", "bea"), late).time == ONE


def test_a_version_survives_being_stored():
    told = version(Put("users", 41, {}))

    assert Version.read(list(told)) == told
