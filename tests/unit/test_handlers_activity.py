"""Check what pushes and merge requests mean, and that they name nobody."""

from datetime import UTC, datetime

import pytest

from handlers import Put
from tests.samples.decide import decide
from tests.samples.load import payload


@pytest.mark.parametrize(
    ("name", "project_id", "user_id", "commits"),
    [
        ("push", 301, 201, 2),
        ("push.branch-removed", 301, 202, 0),
        ("push.event-name-only", 307, 202, 4),
        ("tag_push", 301, 201, 0),
    ],
)
def test_a_push_is_kept(name, project_id, user_id, commits):
    body = payload(name)

    [put] = decide(name)

    kind, project, digest = put.id.split(":")
    assert (kind, project, len(digest)) == (body["event_name"], str(project_id), 16)
    assert put == Put(
        "activity",
        put.id,
        {
            "kind": body["event_name"],
            "user_id": user_id,
            "ref": body["ref"],
            "before": body["before"],
            "after": body["after"],
            "commits": commits,
        },
    )


def test_the_same_push_has_the_same_id_whatever_else_is_told():
    [first], [again] = decide("push"), decide("push", message="x", commits=[])

    assert first.id == again.id


@pytest.mark.parametrize(
    "change",
    [{"ref": "refs/heads/x"}, {"before": "0" * 40}, {"after": None}, {"project_id": 9}],
)
def test_another_push_has_another_id(change):
    [first], [other] = decide("push"), decide("push", **change)

    assert first.id != other.id


def test_a_repository_update_is_kept():
    [put] = decide("repository_update")

    assert put.id.startswith("repository_update:301:")
    assert put.fields == {
        "kind": "repository_update",
        "user_id": 201,
        "refs": ["refs/heads/main", "refs/tags/v2.1.0"],
        "ref_count": 2,
    }


def test_another_change_is_another_repository_update():
    [first], [bare] = (
        decide("repository_update"),
        decide("repository_update", changes=None),
    )

    assert first.id != bare.id
    assert first.fields == bare.fields


def test_of_many_refs_a_hundred_are_listed_and_all_are_counted():
    refs = [f"refs/tags/{number}" for number in range(250)]

    [put] = decide("repository_update", refs=refs)

    assert put.fields["refs"] == refs[:100]
    assert put.fields["ref_count"] == 250


def test_a_repository_update_without_refs_is_kept():
    [put] = decide("repository_update", refs=..., changes=...)

    assert (put.fields["refs"], put.fields["ref_count"]) == ([], 0)


def test_a_merge_request_is_kept_under_its_number_in_the_target_project():
    assert decide("merge_request.merged") == [
        Put(
            "activity",
            "merge_request:301:5",
            {
                "kind": "merge_request",
                "iid": 5,
                "title": "Measure the rope, and print its length",
                "merge_request_state": "merged",
                "action": "merge",
                "source_branch": "rope-length",
                "target_branch": "main",
                "author_id": 202,
                "created_at": datetime(2024, 4, 9, 8, 40, tzinfo=UTC),
                "updated_at": datetime(2024, 4, 9, 9, 2, 17, tzinfo=UTC),
            },
        )
    ]


@pytest.mark.parametrize(
    "name",
    ["push", "push.event-name-only", "tag_push", "repository_update", "merge_request"],
)
def test_activity_names_no_people(name):
    shown = repr(decide(name))

    for word in ("Ada", "Björn", "aferreira", "blindqvist", "harbour.example"):
        assert word not in shown
