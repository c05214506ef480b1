"""Check what the events about members of projects and groups mean."""

from datetime import UTC, datetime

import pytest

from handlers import NULL, Delete, Mention, Put
from tests.samples.decide import decide


def test_a_new_member_of_a_project_is_kept_with_what_is_said_around_it():
    joined = datetime(2024, 3, 20, 8, 30, 12, tzinfo=UTC)

    assert decide("user_add_to_team") == [
        Put(
            "memberships",
            "project:301:201",
            {
                "access_level": "Maintainer",
                "access_value": 40,
                "created_at": joined,
                "updated_at": joined,
            },
        ),
        Put("users", 201, {"username": "aferreira", "name": "Ada Ferreira"}),
        Mention("users", 201, {"email": "aferreira@harbour.example"}),
        Mention(
            "projects",
            301,
            {
                "name": "Winch",
                "path": "winch",
                "path_with_namespace": "harbour/cranes/winch",
                "visibility": "private",
            },
        ),
        Delete("access_requests", "project:301:201"),
    ]


def test_a_changed_member_of_a_project_is_no_answer_to_a_request():
    row, *_, last = decide("user_update_for_team")

    assert row == Put(
        "memberships",
        "project:302:203",
        {
            "access_level": "Maintainer",
            "access_value": 40,
            "created_at": datetime(2024, 3, 20, 8, 33, 1, tzinfo=UTC),
            "updated_at": datetime(2024, 4, 22, 14, 19, 57, tzinfo=UTC),
        },
    )
    assert last == Mention(
        "projects",
        302,
        {
            "name": "Tide table",
            "path": "tide-table",
            "path_with_namespace": "harbour/tide-table",
            "visibility": "internal",
        },
    )


def test_a_removal_from_a_project_tells_nothing_of_the_project():
    assert decide("user_remove_from_team") == [
        Delete("memberships", "project:301:204"),
        Put("users", 204, {"username": "dhaddad", "name": "Dana Haddad"}),
        Mention("users", 204, {"email": None}),
    ]


@pytest.mark.parametrize(
    ("name", "level", "value"),
    [
        ("user_add_to_team.redacted", "Planner", 15),
        ("user_add_to_team.custom-role", "Harbour watch", NULL),
        ("user_add_to_team.level-number", "Developer", 30),
        ("user_add_to_team.v8", "Maintainer", 40),
        ("user_add_to_group", "Owner", 50),
        ("user_add_to_group.minimal", "Minimal Access", 5),
        ("user_add_to_group.security", "Security Manager", 25),
        ("user_add_to_group.v8", "Maintainer", 40),
    ],
)
def test_access_is_kept_as_label_and_number(name, level, value):
    row, *_ = decide(name)

    assert row.fields["access_level"] == level
    assert row.fields["access_value"] == value


def test_an_access_level_that_is_not_told_stays_as_it_was():
    row, *_ = decide("user_add_to_team", access_level=None)

    assert row.fields["access_level"] is None
    assert row.fields["access_value"] is None


def test_a_host_that_tells_no_user_id_tells_of_the_project_only():
    project = Mention(
        "projects",
        306,
        {
            "name": "Logbook",
            "path": "logbook",
            "path_with_namespace": None,
            "visibility": "private",
        },
    )

    assert decide("user_add_to_team.v7") == [project]
    assert decide("user_update_for_team", user_id=...)[0].collection == "projects"
    assert decide("user_remove_from_team.v7") == []


def test_a_new_member_of_a_group_is_kept_with_what_is_said_around_it():
    joined = datetime(2024, 3, 22, 7, 10, 30, tzinfo=UTC)

    assert decide("user_add_to_group.expires") == [
        Put(
            "memberships",
            "group:32:202",
            {
                "access_level": "Developer",
                "access_value": 30,
                "created_at": joined,
                "updated_at": joined,
                "expires_at": datetime(2026, 12, 31, tzinfo=UTC),
            },
        ),
        Put("users", 202, {"username": "blindqvist", "name": "Björn Lindqvist"}),
        Mention("users", 202, {"email": None}),
        Mention("groups", 32, {"name": "Cranes", "path": "cranes"}),
        Delete("access_requests", "group:32:202"),
    ]


@pytest.mark.parametrize(
    ("expires_at", "kept"),
    [
        (None, NULL),
        (..., None),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T00:00:00+02:00", datetime(2027, 1, 30, 22, tzinfo=UTC)),
    ],
)
def test_never_to_expire_is_not_the_same_as_not_told(expires_at, kept):
    row, *_ = decide("user_add_to_group", expires_at=expires_at)

    assert row.fields["expires_at"] == kept


def test_a_changed_member_of_a_group_may_lose_the_date_of_expiry():
    row, *_, last = decide("user_update_for_group")

    assert row.id == "group:33:203"
    assert row.fields["access_level"] == "Maintainer"
    assert row.fields["expires_at"] is NULL
    assert last == Mention("groups", 33, {"name": "Docks", "path": "docks"})


def test_a_removal_from_a_group_tells_nothing_of_the_group():
    assert decide("user_remove_from_group") == [
        Delete("memberships", "group:31:204"),
        Put("users", 204, {"username": "dhaddad", "name": "Dana Haddad"}),
        Mention("users", 204, {"email": None}),
    ]
