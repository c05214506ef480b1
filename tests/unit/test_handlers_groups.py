"""Check what the events about groups mean."""

from datetime import UTC, datetime

import pytest

from handlers import Delete, Move, Put
from tests.samples.decide import decide

CREATED = datetime(2024, 3, 4, 9, 7, 48, tzinfo=UTC)


def test_a_new_group_is_kept():
    assert decide("group_create.before-rename") == [
        Put(
            "groups",
            33,
            {
                "name": "Old docks",
                "path": "old-docks",
                "full_path": "harbour/old-docks",
                "created_at": CREATED,
                "updated_at": CREATED,
            },
        )
    ]


def test_a_group_of_a_host_without_subgroups_is_its_own_full_path():
    [put] = decide("group_create.v8")

    assert put.fields["full_path"] == "lighthouse"


def test_an_archived_group_is_kept():
    [put] = decide("group_update")

    assert (put.collection, put.id) == ("groups", 35)
    assert put.fields["updated_at"] == datetime(2025, 9, 9, 9, 9, 15, tzinfo=UTC)


def test_a_rename_moves_what_lies_below():
    assert decide("group_rename") == [
        Put(
            "groups",
            33,
            {
                "name": "Docks",
                "path": "docks",
                "full_path": "harbour/docks",
                "created_at": CREATED,
                "updated_at": datetime(2024, 5, 21, 10, 40, 3, tzinfo=UTC),
            },
        ),
        Move(("groups", 33), "harbour/old-docks", "harbour/docks"),
    ]


def test_a_rename_without_full_paths_moves_a_group_at_the_top():
    assert decide("group_rename.short")[1:] == [
        Move(("groups", 37), "mole", "breakwater")
    ]


@pytest.mark.parametrize(
    "untold",
    [
        {"old_path": None, "old_full_path": None},
        {"old_path": "", "old_full_path": ""},
        {"path": ..., "full_path": ...},
    ],
)
def test_a_rename_without_both_paths_moves_nothing(untold):
    [put] = decide("group_rename", **untold)

    assert isinstance(put, Put)


def test_a_destroyed_group_is_deleted():
    assert decide("group_destroy") == [Delete("groups", 34)]
