"""Check what the events about role promotions mean."""

from datetime import UTC, datetime

import pytest

from handlers import NULL, Put
from tests.samples.decide import decide


def test_a_promotion_waits():
    asked = datetime(2025, 5, 5, 8, tzinfo=UTC)

    assert decide("gitlab_subscription_member_approval") == [
        Put(
            "approvals",
            203,
            {
                "status": "pending",
                "namespace_id": 33,
                "new_access_value": 40,
                "old_access_value": 10,
                "requested_by": 201,
                "created_at": asked,
                "updated_at": asked,
            },
        )
    ]


def test_a_newcomer_has_no_old_access_whatever_an_earlier_request_said():
    [put] = decide("gitlab_subscription_member_approval.newcomer")

    assert put.fields["old_access_value"] is NULL


def test_an_old_access_that_is_not_told_stays_as_it_was():
    [put] = decide(
        "gitlab_subscription_member_approval",
        object_attributes={"new_access_level": 30},
    )

    assert put.fields["old_access_value"] is None


@pytest.mark.parametrize(
    ("name", "user_id", "status"),
    [
        ("gitlab_subscription_member_approvals", 203, "approved"),
        ("gitlab_subscription_member_approvals.deny", 211, "denied"),
        ("gitlab_subscription_member_approvals.failed", 212, "failed"),
    ],
)
def test_a_decision_is_kept(name, user_id, status):
    [put] = decide(name)

    assert (put.collection, put.id) == ("approvals", user_id)
    assert put.fields["status"] == status
    assert put.fields["reviewed_by"] == 213
    assert set(put.fields) == {"status", "reviewed_by", "updated_at"}


@pytest.mark.parametrize(
    "result", [..., None, {}, {"status": "success"}, {"status": "partial_success"}]
)
def test_a_decision_counts_unless_the_host_failed(result):
    [put] = decide("gitlab_subscription_member_approvals", object_attributes=result)

    assert put.fields["status"] == "approved"
