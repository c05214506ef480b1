"""Show that faults of older systems are none of ours: those of hooks and of the state.

docs/api.md lists all of them, with those that are shown elsewhere.
"""

import json

import pytest

from broker.message import Message
from config.settings import SettingsError, load
from ingest import tokens
from schemas.errors import InvalidPayload
from state.migrations import migrate
from state.store import Store
from tests.gitlab import GitLab
from tests.receiving import Outbox, build, with_token
from tests.world import HANDLERS, apply, documents
from workers.decide import decide


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def client(outbox):
    return build(outbox).test_client()


@pytest.fixture
def db(database):
    migrate(database)
    return database


@pytest.fixture
def store(db):
    return Store(db, "gitlab")


@pytest.fixture
def host():
    host = GitLab()
    host.create_user(0, 0)
    host.create_group(0, 0)
    host.add_member(0, 0)
    return host


def event(name, /, **payload):
    return Message(
        source="gitlab",
        event=name,
        delivery_id="d-1",
        receipt="test.1",
        received_at=1_790_000_000_000_000,
        body=json.dumps({"event_name": name, **payload}).encode(),
    )


def post(client, body, headers):
    return client.post("/hooks/gitlab", data=json.dumps(body), headers=headers)


@pytest.mark.parametrize("empty", ["", " ", ",", " , "])
def test_an_empty_token_in_the_settings_lets_nobody_in(empty):
    with pytest.raises(SettingsError):
        load({"FORGEWIRE_GITLAB_TOKENS": empty}).require_secrets()
    assert not tokens.is_known("", (b"",))


def test_a_hook_needs_both_a_token_and_an_event(client, outbox):
    no_token = post(
        client, {"event_name": "user_create"}, {"Content-Type": "application/json"}
    )
    no_event = post(client, {}, with_token())

    assert (no_token.status_code, no_event.status_code) == (401, 400)
    assert outbox.messages == []


@pytest.mark.parametrize("name", [["user_create"], {"user": "create"}, 1, True, None])
def test_a_name_that_is_no_text_leads_nowhere(client, outbox, name):
    answer = post(client, {"event_name": name}, with_token())

    assert answer.status_code == 400
    assert outbox.messages == []


@pytest.mark.parametrize(
    "name", ["user___class__", "user_getModels", "__init__", "handlers.users.save"]
)
def test_a_name_that_is_an_attribute_leads_nowhere(name):
    decision = decide(event(name, user_id=1), HANDLERS)

    assert decision.outcome == "ignored"
    assert decision.decided.changes == ()


@pytest.mark.parametrize("name", ["user_vanish", "project_", "user", "group_explode"])
def test_an_unknown_event_of_a_known_kind_is_taken_and_ignored(client, outbox, name):
    answer = post(client, {"event_name": name}, with_token())

    assert answer.status_code == 202
    assert decide(outbox.messages[0], HANDLERS).outcome == "ignored"


def test_a_creation_or_a_deletion_that_comes_again_changes_nothing(db, store, host):
    apply(store, host.hooks)
    created = documents(db)
    apply(store, host.hooks)
    created_again = documents(db)
    host.destroy_user(0, 0)
    apply(store, host.hooks[-1:])
    destroyed = documents(db)
    apply(store, host.hooks[-1:])

    assert created_again == created
    assert documents(db) == destroyed


@pytest.mark.parametrize("user_id", [None, "", {"$gt": 0}, [], 0])
def test_a_deletion_that_names_nobody_deletes_nobody(user_id):
    named = {} if user_id is None else {"user_id": user_id}

    with pytest.raises(InvalidPayload):
        decide(event("user_destroy", username=None, **named), HANDLERS)


def test_a_team_that_is_missing_is_made_and_one_without_a_name_is_an_error(
    db, store, host
):
    apply(store, host.hooks)

    assert db["teams"].find_one({"_id": "gitlab:gitlab"})["name"] == "gitlab"
    assert db["users"].find_one({"_id": "gitlab:1"})["teams"] == ["gitlab"]
    with pytest.raises(SettingsError, match="FORGEWIRE_TEAM"):
        load({"FORGEWIRE_TEAM": "two\nlines"})


def test_a_late_creation_does_not_raise_the_dead(db, store, host):
    host.destroy_user(0, 0)
    *before, destroyed = host.hooks

    apply(store, [destroyed])
    apply(store, before)

    assert db["users"].find_one({"_id": "gitlab:1"})["state"] == "deleted"
    assert db["memberships"].count_documents({"state": "active"}) == 0


def test_who_is_renamed_stays_a_member(db, store, host):
    apply(store, host.hooks)
    host.rename_user(0, 2)
    apply(store, host.hooks[-1:])

    renamed = db["users"].find_one({"_id": "gitlab:1"})
    assert renamed["username"] == "cedar-1"
    assert renamed["teams"] == ["gitlab"]
    assert [it["user_id"] for it in db["memberships"].find({"state": "active"})] == [1]


def test_paths_below_nested_groups_and_branches_with_slashes_are_whole(api):
    migrate(api.db)
    path, ref = "harbour/cranes/dock-4/winch", "refs/heads/feature/hoist/faster"
    project = {
        "project_id": 7,
        "name": "Winch",
        "path": "winch",
        "path_with_namespace": path,
        "project_visibility": "private",
        "created_at": "2026-01-05T08:00:00Z",
        "updated_at": "2026-01-05T08:00:00Z",
    }
    pushed = {"object_kind": "push", "project_id": 7, "ref": ref, "user_id": 1}
    pushed |= {"before": "0" * 40, "after": "a" * 40, "checkout_sha": "a" * 40}
    pushed |= {"total_commits_count": 1, "commits": []}
    told = [event("project_create", **project), event("push", **pushed)]
    Store(api.db, "gitlab").apply([decide(it, HANDLERS).decided for it in told])

    found = api.call(
        "GET", f"/api/v1/projects?path_with_namespace={path}", role="viewer"
    )
    activity = api.call("GET", "/api/v1/activity?project_id=7", role="viewer")

    assert [it["path_with_namespace"] for it in found.json()] == [path]
    assert activity.json()[0]["ref"] == ref
