"""Check what the events about projects mean."""

from datetime import UTC, datetime

import pytest

from handlers import Delete, Put
from tests.samples.decide import decide


def test_a_new_project_is_kept():
    created = datetime(2024, 3, 12, 10, 15, tzinfo=UTC)

    assert decide("project_create") == [
        Put(
            "projects",
            301,
            {
                "name": "Winch",
                "path": "winch",
                "path_with_namespace": "harbour/cranes/winch",
                "visibility": "private",
                "owners": [{"name": "Ada Ferreira"}],
                "namespace_id": 32,
                "created_at": created,
                "updated_at": created,
            },
        )
    ]


@pytest.mark.parametrize(
    ("name", "id_", "path"),
    [
        ("project_rename", 302, "harbour/tide-table"),
        ("project_transfer", 303, "harbour/docks/buoy"),
        ("project_update", 304, "harbour/compass"),
        ("project_update.v10", 314, "lighthouse/beacon"),
    ],
)
def test_a_changed_project_is_kept_where_it_is_now(name, id_, path):
    [put] = decide(name)

    assert (put.collection, put.id) == ("projects", id_)
    assert put.fields["path_with_namespace"] == path
    assert put.fields["updated_at"] > put.fields["created_at"]


@pytest.mark.parametrize(
    ("name", "id_"), [("project_destroy", 305), ("project_destroy.v7", 315)]
)
def test_a_destroyed_project_is_deleted(name, id_):
    assert decide(name) == [Delete("projects", id_)]


@pytest.mark.parametrize(
    ("name", "visibility"),
    [
        ("project_create.visibility-number", "public"),
        ("project_create.visibility-key", "private"),
    ],
)
def test_visibility_is_one_of_our_words(name, visibility):
    [put] = decide(name)

    assert put.fields["visibility"] == visibility


def test_several_owners_are_kept_without_what_is_redacted():
    [put] = decide("project_create.owners")

    assert put.fields["owners"] == [
        {"name": "Ada Ferreira", "email": "aferreira@harbour.example"},
        {"name": "Björn Lindqvist"},
    ]


def test_an_owner_of_whom_nothing_is_told_is_left_out():
    [put] = decide("project_create", owners=[{"email": "[REDACTED]"}, {"name": "Ada"}])

    assert put.fields["owners"] == [{"name": "Ada"}]


def test_a_project_without_owners_says_so():
    [put] = decide("project_create.no-owner")

    assert put.fields["owners"] == []


def test_an_old_host_tells_one_owner():
    [put] = decide("project_create.v7")

    assert put.fields["owners"] == [
        {"name": "Björn Lindqvist", "email": "blindqvist@harbour.example"}
    ]


def test_no_owner_told_is_nothing_told():
    [put] = decide("project_create.v7", owner_name=None, owner_email="")

    assert put.fields["owners"] is None
