"""Bodies are kept for a while, found by their rows, and erased with their people."""

from datetime import UTC, datetime, timedelta

import pytest

from state import bodies
from state.migrations import migrate
from state.packing import SHARE_BYTES, SPAN, Body

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


def a_body(number, *, at=NOON, text=b"{}", source="gitlab"):
    return Body(f"{source}:d{number}", source, 1_790_000_000_000_000 + number, at, text)


@pytest.fixture
def db(database):
    migrate(database)
    return database


def test_many_share_a_document_and_each_is_found(db):
    kept = [a_body(n, text=b'{"n": %d}' % n) for n in range(500)]

    bodies.write(db, kept)

    assert db["bodies"].count_documents({}) == 1
    assert bodies.read(db, "gitlab:d7", NOON) == b'{"n": 7}'
    assert list(bodies.everything(db)) == kept


def test_what_was_worked_at_another_time_is_looked_for_there(db):
    later = NOON + timedelta(minutes=1)
    bodies.write(db, [a_body(1, text=b"first"), a_body(1, at=later, text=b"again")])

    assert bodies.read(db, "gitlab:d1", NOON) == b"first"
    assert bodies.read(db, "gitlab:d1", later) == b"again"
    assert bodies.read(db, "gitlab:d1", NOON + SPAN) is None
    assert bodies.read(db, "gitlab:d2", NOON) is None


@pytest.mark.parametrize("step", [timedelta(milliseconds=700), -timedelta(seconds=2)])
def test_whatever_the_clock_does_a_body_is_found(db, step):
    kept = [a_body(n, at=NOON + n * step) for n in range(40)]

    bodies.write(db, kept)

    for one in kept:
        assert bodies.read(db, one.key, one.processed_at) == b"{}"


def test_a_document_never_grows_too_large(db):
    large = b"x" * (SHARE_BYTES // 2 + 1)

    bodies.write(db, [a_body(n, text=large) for n in range(3)])

    assert db["bodies"].count_documents({}) == 3


def test_nothing_is_written_for_nothing(db):
    bodies.write(db, [])

    assert db["bodies"].count_documents({}) == 0


def test_nothing_can_be_read_without_unpacking(db):
    bodies.write(db, [a_body(1, text=b'{"email": "ada@x.y", "name": "Ada"}')])

    (document,) = db["bodies"].find()
    assert document.keys() == {"_id", "first", "last", "packed"}
    assert b"ada@x.y" not in document["packed"]
    assert "ada" not in repr(next(bodies.everything(db)))


def test_what_concerns_somebody_is_erased_and_the_rest_is_kept(db):
    bodies.write(db, [a_body(n) for n in range(3)])
    bodies.write(db, [a_body(9)])

    planned = bodies.erase(
        db, lambda it: it.key in {"gitlab:d1", "gitlab:d9"}, is_dry_run=True
    )
    assert len(list(bodies.everything(db))) == 4
    erased = bodies.erase(db, lambda it: it.key in {"gitlab:d1", "gitlab:d9"})

    assert (planned, erased) == (2, 2)
    assert [it.key for it in bodies.everything(db)] == ["gitlab:d0", "gitlab:d2"]
    assert bodies.read(db, "gitlab:d2", NOON) == b"{}"
    assert db["bodies"].count_documents({}) == 1


def test_two_who_erase_at_once_both_succeed(db):
    bodies.write(db, [a_body(n) for n in range(3)])

    def concerns(one):
        if one.key == "gitlab:d0":
            # Somebody else is faster, between our read and our write.
            bodies.erase(db, lambda it: it.key == "gitlab:d1")
        return one.key == "gitlab:d2"

    erased = bodies.erase(db, concerns)

    assert erased == 1
    assert [it.key for it in bodies.everything(db)] == ["gitlab:d0"]


def expiry(db):
    found = db["bodies"].index_information()["expiry"]
    return found["key"], found["expireAfterSeconds"]


def test_bodies_expire_after_three_days_unless_told_otherwise(db):
    assert expiry(db) == ([("last", 1)], 72 * 3_600)


@pytest.mark.parametrize("hours", [0, 1, 8_760])
def test_another_setting_changes_when_they_expire(db, hours):
    bodies.retain_bodies(db, hours=hours)
    bodies.retain_bodies(db, hours=hours)

    assert expiry(db) == ([("last", 1)], hours * 3_600)
