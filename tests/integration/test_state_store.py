"""What single events make of the state, on a real MongoDB."""

from dataclasses import replace

import pytest
from bson import BSON

from handlers import Delete, Put
from schemas.errors import StateUnavailable, Unstorable
from state.client import connect
from state.migrations import STEPS, migrate
from state.store import Decided, Store
from state.version import Stamp
from tests.gitlab import GitLab, Hook, namespace_of
from tests.world import HANDLERS, apply, clear, differences, documents, message
from workers.decide import decide


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


def payload(event, *, at, **fields):
    times = {"created_at": f"2026-01-05T08:00:{at:02}Z"}
    return {"event_name": event, **times, **fields}


def tell(store, *payloads):
    """Apply payloads one by one, received in the seconds that they were made in."""
    for number, told in enumerate(payloads):
        second = int(told["created_at"][17:19])
        received = 1_767_600_000_000_000 + second * 1_000_000 + 500_000
        apply(store, [Hook(told, f"told-{number}-{second}", received)])


def decided(told):
    return decide(message(Hook(told, "told", 1_767_600_000_000_000)), HANDLERS).decided


def jane(event, *, at, id_=1, **fields):
    known = {"username": "jane", "name": "Jane Doe", "email": "jane@corp.example"}
    return payload(event, at=at, user_id=id_, **known | fields)


def owned_by_jane(*, at, email):
    owners = [{"name": "Jane Doe", "email": email}]
    paths = {"path": "p", "path_with_namespace": "g/p"}
    return payload("project_create", at=at, project_id=51, owners=owners, **paths)


@pytest.mark.parametrize("order", [1, -1])
def test_an_owner_is_recognised_by_an_address_that_was_only_mentioned(db, store, order):
    member = payload(
        "user_add_to_group",
        at=3,
        group_id=50,
        user_id=1,
        user_name="Jane Doe",
        user_email="jane@public.example",
        group_access="Owner",
    )
    listed = owned_by_jane(at=2, email="jane@public.example")
    tell(store, *[jane("user_create", at=1), listed, member][::order])

    tell(store, jane("user_destroy", at=9))

    assert db["projects"].find_one({"_id": "gitlab:51"})["owners"] == []


def test_an_owner_who_came_back_is_an_owner(db, store):
    tell(store, jane("user_create", at=1), jane("user_destroy", at=5))
    tell(store, jane("user_create", at=10, id_=2))

    tell(store, owned_by_jane(at=11, email="jane@corp.example"))

    (owner,) = db["projects"].find_one({"_id": "gitlab:51"})["owners"]
    assert owner["name"] == "Jane Doe"


def test_a_deploy_key_outlives_whoever_added_it(db, store):
    key = payload("deploykey_create", at=2, id=9, username="jane", key="ssh-rsa AAAA")

    tell(store, jane("user_create", at=1), key, jane("user_destroy", at=5))

    kept = db["keys"].find_one({"_id": "gitlab:9"})
    assert kept["state"] == "active"
    assert "username" not in kept


@pytest.mark.parametrize("order", [1, -1])
def test_a_path_that_another_took_over_still_moves(db, store, order):
    gone = jane("user_destroy", at=3)
    renamed = payload(
        "group_rename",
        at=20,
        group_id=50,
        path="foo",
        full_path="foo",
        old_path="jane",
        old_full_path="jane",
    )
    project = owned_by_jane(at=2, email="") | {"path_with_namespace": "jane/p"}

    tell(store, project, *[gone, renamed][::order])

    found = db["projects"].find_one({"_id": "gitlab:51"})
    assert found["path_with_namespace"] == "foo/p"


def test_where_a_move_leads_is_erased_though_its_user_was_deleted_in_between(db, store):
    rename = jane("user_rename", at=2, username="joe", old_username="jane")
    tell(store, jane("user_create", at=1))
    user_only = [change for change in decided(rename).changes if type(change) is Put]
    store.apply([replace(decided(rename), changes=tuple(user_only))])
    tell(store, jane("user_destroy", at=3, username="joe"))

    store.apply([decided(rename)])

    assert db["moves"].distinct("new") == [None]


def test_an_invitation_accepted_after_a_removal_makes_a_member(db, store):
    place = {"project_id": 51, "user_id": 1, "access_level": "Guest"}
    removed = payload("user_remove_from_team", at=3, **place)
    accepted = payload("user_add_to_team", at=1, **place)
    accepted["updated_at"] = "2026-01-05T08:00:06Z"

    tell(store, removed, accepted)

    member = db["memberships"].find_one({"_id": "gitlab:project:51:1"})
    assert member["state"] == "active"


def test_what_lies_below_an_orphan_follows_though_a_crash_came_between(db, store):
    below = {"project_namespace_id": 50}
    tell(
        store,
        payload("group_create", at=1, group_id=50, path="g"),
        owned_by_jane(at=2, email="") | below,
        payload(
            "user_add_to_team", at=3, project_id=51, user_id=1, access_level="Guest"
        ),
    )
    tell(store, payload("group_destroy", at=1, group_id=50, path="g"))
    db["memberships"].update_one(
        {},
        {"$set": {"state": "active", "access_level": "Guest"}, "$unset": {"orphan": 1}},
    )

    tell(store, payload("group_destroy", at=1, group_id=50, path="g"))

    assert db["memberships"].find_one({})["state"] == "deleted"


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
