"""What single events make of the state, on a real MongoDB."""

import pytest
from bson import BSON

from handlers import Delete, Put
from schemas.errors import StateUnavailable, Unstorable
from state.client import connect
from state.migrations import STEPS, migrate
from state.store import Decided, Store
from state.version import Stamp
from tests.gitlab import GitLab, namespace_of
from tests.world import apply, clear, differences, documents


@pytest.fixture
def db(database):
    migrate(database)
    return database


@pytest.fixture
def store(db):
    return Store(db, "gitlab")


@pytest.fixture
def host():
    return GitLab()


def stamp(delivery_id="d1", event="badge_create"):
    return Stamp("gitlab", event, delivery_id, 1_767_225_600_000_000)


def text_of(db) -> str:
    """All that the database holds, as text to search in."""
    names = sorted(set(db.list_collection_names()) - {"migrations"})
    raw = [BSON.encode(one) for name in names for one in db[name].find()]
    return b"\n".join(raw).decode("utf-8", "replace")


def test_a_user_joins_the_team_with_whatever_event_makes_them_known(db, store, host):
    host.create_user(0, 0)
    host.create_group(0, 0)
    host.add_member(0, 0)

    apply(store, host.hooks[-1:])

    user = db["users"].find_one({"_id": "gitlab:1"})
    assert user["teams"] == ["gitlab"]
    assert user["username"] == "user1"
    assert db["teams"].find_one({"_id": "gitlab:gitlab"})["name"] == "gitlab"


def test_a_redacted_address_never_overwrites_a_known_one(db, store, host):
    host.create_user(0, 0)
    host.create_group(0, 0)
    host.add_member(0, 0)

    apply(store, host.hooks)

    user = db["users"].find_one({"_id": "gitlab:1"})
    assert user["email"] == "user1@corp.example"


def test_a_destroyed_user_is_nowhere_to_be_read(db, store, host):
    host.create_user(0, 0)
    host.rename_user(0, 0)
    host.create_key(0, 0)
    host.create_project(0, 0)
    host.create_group(0, 0)
    host.transfer_project(0, 0)
    host.add_member(0, 1)
    host.destroy_user(0, 0)

    apply(store, host.hooks)

    left = text_of(db)
    for personal in ("user1", "ash-1", "Name 1", "corp.example", "ssh-ed25519"):
        assert personal not in left
    assert "teams" not in db["users"].find_one({"_id": "gitlab:1"})


@pytest.mark.parametrize("order", [1, -1])
def test_an_owner_who_is_gone_is_no_owner_any_more(db, store, host, order):
    host.create_user(0, 0)
    host.create_user(0, 0)
    host.create_project(0, 0)
    told = host.hooks[-1].payload
    told["owners"] = [
        {"name": user.name, "email": user.email} for user in host.users.values()
    ]
    host._tell_user("user_destroy", host.users[2])

    for hook in host.hooks[::order]:
        apply(store, [hook])

    project = db["projects"].find_one({"_id": "gitlab:3"})
    assert project["owners"] == [{"name": "Name 1", "email": "user1@corp.example"}]


def test_a_project_that_moved_away_before_its_group_was_deleted_lives(db, store, host):
    host.create_user(0, 0)
    host.create_group(0, 0)
    host.create_project(0, 0)
    host.add_member(0, 0)
    created = host.hooks[:]
    host.transfer_project(0, 1)
    transferred = host.hooks[-1:]
    host.destroy_group(0, 0)
    destroyed = host.hooks[-1:]

    apply(store, created)
    apply(store, destroyed)
    taken_along = db["projects"].find_one({"_id": "gitlab:3"})
    apply(store, transferred)

    assert host.projects[3].namespace == namespace_of(host.users[1])
    assert taken_along["state"] == "deleted"
    assert "name" not in taken_along
    assert differences(host, db) == []


def test_an_accepted_request_is_no_request_any_more(db, store, host):
    host.create_user(0, 0)
    host.create_group(0, 0)
    host.request_access(0, 0)
    host.add_member(0, 0)

    apply(store, host.hooks[::-1])

    assert db["access_requests"].count_documents({"state": "active"}) == 0
    assert db["memberships"].count_documents({"state": "active"}) == 1


def test_effects_are_told_apart_from_what_came_too_late(store, host):
    host.create_user(0, 0)
    host.fail_login(0, 0)
    host.destroy_user(0, 0)

    first = apply(store, host.hooks[2:])
    again = apply(store, host.hooks[2:])
    late = apply(store, host.hooks[:2])

    assert first == again == [True]
    assert late == [False, False]


def test_values_that_look_like_operators_are_only_values(db, store):
    evil = {"name": "$username", "note": "a.b\0$set", "where": {"$gt": ""}}

    store.apply([Decided(stamp(), (Put("badges", "$x.y", evil),))])

    found = db["badges"].find_one({"_id": "gitlab:$x.y"})
    assert {name: found[name] for name in evil} == evil


@pytest.mark.parametrize("value", [1 << 70, "\ud800", object(), "x" * (17 << 20)])
def test_what_mongodb_cannot_hold_is_refused_without_quoting_it(store, value):
    with pytest.raises(Unstorable) as refused:
        store.apply([Decided(stamp(), (Put("badges", 1, {"value": value}),))])

    assert len(str(refused.value)) < 100


def test_a_collection_of_somebody_else_is_as_safe_to_reorder(db, store):
    put = Decided(stamp("d1"), (Put("badges", 1, {"name": "Gold"}),))
    gone = Decided(stamp("d2", "badge_destroy"), (Delete("badges", 1),))

    store.apply([gone])
    store.apply([put])

    assert db["badges"].find_one({"_id": "gitlab:1"})["state"] == "deleted"


def test_sources_live_side_by_side(db, store):
    for source in ("gitlab", "other"):
        told = Stamp(source, "user_create", "d1", 1_767_225_600_000_000)
        store.apply([Decided(told, (Put("users", 41, {"name": source}),))])

    assert db["users"].distinct("_id") == ["gitlab:41", "other:41"]
    assert db["teams"].count_documents({}) == 2


def test_a_server_that_is_away_is_unavailable():
    db = connect(
        "mongodb://127.0.0.1:1/forgewire?serverSelectionTimeoutMS=100", name="test"
    )

    with pytest.raises(StateUnavailable):
        Store(db, "gitlab").apply([Decided(stamp(), (Put("badges", 1, {}),))])

    db.client.close()


def test_migrations_run_once_and_may_run_again(database):
    assert migrate(database) == len(STEPS)
    before = sorted(database["memberships"].index_information())

    assert migrate(database) == len(STEPS)

    assert sorted(database["memberships"].index_information()) == before
    assert "project_id_orphans" in before


def test_settling_a_relation_uses_an_index(db):
    query = {"source": "gitlab", "project_id": {"$in": [1]}, "orphan": True}

    plan = db["memberships"].find(query).explain()["queryPlanner"]["winningPlan"]

    assert "COLLSCAN" not in str(plan)


def test_nothing_is_left_of_the_test_before(db, store, host):
    host.create_user(0, 0)
    apply(store, host.hooks)

    clear(db)

    assert documents(db) == {}


def test_what_the_id_says_already_is_not_told_again(db, store):
    for number in (2, 1):
        told = {"id": 1, "name": f"Gold {number}"}
        store.apply([Decided(stamp(f"d{number}"), (Put("badges", 1, told),))])

    badge = db["badges"].find_one({"_id": "gitlab:1"})
    assert badge["name"] == "Gold 2"
    assert "older" not in badge
