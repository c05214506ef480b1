"""Rows of the ledger expire; what is dead or deleted is not forgotten."""

from datetime import UTC, datetime

import pytest

from state.migrations import migrate
from state.retention import retain, retained_days
from state.suspects import Suspects

DAY = 86_400
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def migrated(database):
    migrate(database)
    return database


def expiry(database, collection="deliveries"):
    found = database[collection].index_information()
    return {
        name: index["expireAfterSeconds"] // DAY
        for name, index in found.items()
        if "expireAfterSeconds" in index
    }


def test_rows_expire_after_thirty_days_unless_told_otherwise(migrated):
    assert expiry(migrated) == {"expiry": 30, "expiry_of_dropped": 30}
    assert retained_days(migrated) == 30


@pytest.mark.parametrize("days", [15, 24_000])
def test_another_setting_changes_the_indexes(migrated, days):
    retain(migrated, days=days)
    retain(migrated, days=days)

    assert expiry(migrated) == {"expiry": days, "expiry_of_dropped": days}
    assert expiry(migrated, "changes") == {"expiry": days}
    assert retained_days(migrated) == days


def test_the_row_of_a_dead_letter_expires_only_once_it_was_dropped(migrated):
    indexes = migrated["deliveries"].index_information()

    expiring = indexes["expiry"]["partialFilterExpression"]["outcome"]["$in"]

    assert set(expiring) == {"applied", "duplicate", "stale", "ignored", "test"}
    assert indexes["expiry_of_dropped"]["key"] == [("dropped_at", 1)]


def test_tombstones_never_expire(migrated):
    books = {"deliveries", "suspects", "changes", "tokens", "sign_ins", "attempts"}
    books |= {"bodies", "letter_jobs"}
    names = set(migrated.list_collection_names()) - books

    expiring = [
        name
        for name in names
        for index in migrated[name].index_information().values()
        if "expireAfterSeconds" in index
    ]

    assert expiring == []


def test_a_database_that_was_never_migrated_has_the_default(database):
    assert retained_days(database) == 30


def test_a_suspect_is_known_until_it_ends(migrated):
    suspects = Suspects(migrated)

    counts = [suspects.begin("k", worker, now=NOON) for worker in ("a", "a", "b", "c")]
    suspects.end(["k"])

    assert counts == [0, 0, 1, 2]
    assert suspects.begin("k", "d", now=NOON) == 0
