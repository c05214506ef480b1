"""Check what the events about requests for access mean."""

from datetime import UTC, datetime

import pytest
from marshmallow import ValidationError

from handlers import Delete, Mention, Put
from tests.samples.decide import decide


def test_a_request_for_a_project_is_kept():
    asked = datetime(2024, 10, 8, 6, 40, tzinfo=UTC)

    assert decide("user_access_request_to_project") == [
        Put(
            "access_requests",
            "project:302:205",
            {
                "access_level": "Developer",
                "access_value": 30,
                "created_at": asked,
                "updated_at": asked,
            },
        ),
        Put("users", 205, {"username": "emensah", "name": "Esi Mensah"}),
        Mention("users", 205, {"email": None}),
        Mention(
            "projects",
            302,
            {
                "name": "Tide table",
                "path": "tide-table",
                "path_with_namespace": "harbour/tide-table",
                "visibility": "internal",
            },
        ),
    ]


def test_a_request_for_a_group_is_kept():
    asked = datetime(2024, 10, 14, 5, 55, 1, tzinfo=UTC)

    assert decide("user_access_request_to_group") == [
        Put(
            "access_requests",
            "group:32:204",
            {
                "access_level": "Developer",
                "access_value": 30,
                "created_at": asked,
                "updated_at": asked,
            },
        ),
        Put("users", 204, {"username": "dhaddad", "name": "Dana Haddad"}),
        Mention("users", 204, {"email": None}),
        Mention("groups", 32, {"name": "Cranes", "path": "cranes"}),
    ]


@pytest.mark.parametrize(
    ("name", "row", "user_id"),
    [
        ("user_access_request_revoked_for_project", "project:303:204", 204),
        ("user_access_request_denied_for_project", "project:303:207", 207),
        ("user_access_request_revoked_for_group", "group:33:212", 212),
        ("user_access_request_denied_for_group", "group:31:208", 208),
    ],
)
def test_a_request_that_came_to_nothing_is_deleted(name, row, user_id):
    gone, user, address = decide(name)

    assert gone == Delete("access_requests", row)
    assert (user.collection, user.id) == ("users", user_id)
    assert address == Mention("users", user_id, {"email": None})


def test_an_accepted_request_is_deleted_by_the_membership():
    asked, *_ = decide("user_access_request_to_project.accepted")

    accepted = decide("user_add_to_team.accepted-request")

    assert accepted[-1] == Delete("access_requests", asked.id)


@pytest.mark.parametrize(
    "name", ["user_access_request_to_project", "user_access_request_to_group"]
)
def test_a_request_of_nobody_is_refused(name):
    with pytest.raises(ValidationError, match="user_id"):
        decide(name, user_id=...)
