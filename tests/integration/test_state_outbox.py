"""A transition stands in the document that it is of, by the write that made it."""

import random

import pytest

from handlers import Delete, Put
from state import outbox
from state.migrations import migrate
from state.outbox import Watch
from state.store import Decided, Store
from state.version import Stamp
from tests.gitlab import ACTIONS, live
from tests.world import apply, documents

ALL = frozenset({"created", "changed", "deleted"})
WATCHED = {
    "badges": [Watch(ALL, frozenset({"label"}))],
    "memberships": [Watch(ALL)],
    "projects": [Watch(ALL, frozenset({"path_with_namespace"}))],
    "users": [Watch(ALL, frozenset({"username"}))],
}


@pytest.fixture
def db(database):
    migrate(database)
    outbox.index_outboxes(database, WATCHED)
    return database


@pytest.fixture
def store(db):
    return Store(db, "gitlab", watched=WATCHED)


def told(number, *changes):
    stamp = Stamp("gitlab", "badge_update", f"d{number}", 1_767_225_600_000_000)
    return Decided(
        Stamp("gitlab", "badge_update", f"d{number}", stamp.received_at + number),
        changes,
    )


def badge(number, label, **more):
    return told(number, Put("badges", 7, {"label": label, **more}))


def left(db, name="badges", ids=None):
    return outbox.left(db, name, 1_000, ids)


def kinds(found):
    return [(it.rev, it.kind) for it in found]


def test_each_real_change_leaves_one_transition_with_what_was_asked_for(db, store):
    store.apply([badge(1, "Gold", price=3)])
    store.apply([badge(2, "Silver", price=3)])
    store.apply([told(3, Delete("badges", 7))])

    created, changed, deleted = left(db)

    assert kinds([created, changed, deleted]) == [
        (1, "created"),
        (2, "changed"),
        (3, "deleted"),
    ]
    assert (created.before, created.after) == ({}, {"label": "Gold"})
    assert (changed.before, changed.after) == ({"label": "Gold"}, {"label": "Silver"})
    assert changed.changed == ("label",)
    assert (deleted.before, deleted.after) == ({"label": "Silver"}, {})
    assert store.documents.take_told() == {("badges", "gitlab:7")}
    assert store.documents.take_told() == set()


def test_what_is_told_again_or_too_late_or_is_not_asked_for_leaves_none(db, store):
    events = [badge(5, "Gold", price=3), badge(6, "Gold", price=4), badge(1, "Lead")]

    store.apply(events[:1])
    store.apply(events[:1])
    store.apply(events)

    assert kinds(left(db)) == [(1, "created")]
    assert db["badges"].find_one()["price"] == 4


def test_what_is_taken_out_stays_out_and_what_came_later_stays(db, store):
    store.apply([badge(1, "Gold")])
    first = left(db)
    store.apply([badge(2, "Silver")])

    outbox.remove(db, first)
    outbox.remove(db, first)

    assert kinds(left(db, ids=["gitlab:7"])) == [(2, "changed")]
    outbox.remove(db, left(db))
    document = db["badges"].find_one()
    assert "outbox" not in document
    assert document["rev"] == 4
    assert left(db) == []


def test_who_read_before_it_was_taken_out_does_not_write_it_back(db, store):
    store.apply([badge(1, "Gold")])
    documents_ = store.documents
    collection = documents_.collection("badges")

    def meanwhile(_, before):
        outbox.remove(db, left(db))
        return before | dict.fromkeys(before, silver(before))

    def silver(before):
        (record,) = before.values()
        version, _ = record.told["label"]
        return type(record)(
            identity=record.identity,
            told={"label": (version, "Silver")},
            put=record.put,
            rev=record.rev,
        )

    documents_.update(collection, ["gitlab:7"], meanwhile)

    assert kinds(left(db)) == [(3, "changed")]


def test_a_write_that_another_one_overtook_leaves_one_transition(db, store):
    racing = Store(db, "gitlab", watched=WATCHED)
    collection = store.documents.collection("badges")
    raced = []

    def fold(pending, before):
        # The other one comes between our reading and our writing.
        if not raced:
            raced.append(racing.apply([badge(1, "Gold")]))
        racer = racing.documents.find(collection, {"_id": "gitlab:7"})
        return before or racer

    store.documents.update(collection, ["gitlab:7"], fold)

    assert kinds(left(db)) == [(1, "created")]


def test_a_member_of_somebody_who_is_gone_was_never_created(db, store):
    gone = told(1, Delete("users", 41))
    late = told(2, Put("memberships", "project:74:41", {"access_value": 30}))
    store.apply([told(0, Put("users", 41, {"username": "ada"}))])
    store.apply([gone])

    store.apply([late])

    assert db["memberships"].find_one()["state"] == "deleted"
    assert left(db, "memberships") == []
    assert kinds(left(db, "users")) == [(1, "created"), (2, "deleted")]


def test_members_are_deleted_with_their_user_and_tell_so(db, store):
    member = Put("memberships", "project:74:41", {"access_value": 30})
    store.apply([told(0, Put("users", 41, {"username": "ada"})), told(1, member)])

    store.apply([told(2, Delete("users", 41))])
    store.apply([told(2, Delete("users", 41))])

    assert kinds(left(db, "memberships")) == [(1, "created"), (2, "deleted")]
    assert ("memberships", "gitlab:project:74:41") in store.documents.take_told()


def test_nothing_is_kept_where_nobody_watches(db):
    Store(db, "gitlab").apply([badge(1, "Gold")])

    assert "outbox" not in db["badges"].find_one()


@pytest.mark.parametrize("seed", range(3))
def test_transitions_lead_to_the_state_that_is_and_change_nothing_of_it(db, seed):
    """Whatever comes twice and in any order: who follows the transitions has it all."""
    random_ = random.Random(seed)
    growth = ("create_user", "create_group", "create_project", "add_member") * 4
    hooks = live(
        (random_.choice(ACTIONS + growth), *random_.choices(range(500), k=2), 1)
        for _ in range(150)
    ).hooks
    told_twice = random_.sample([*hooks, *hooks[::3]], k=len(hooks) + len(hooks[::3]))
    stores = [Store(db, "gitlab", watched=WATCHED) for _ in range(2)]
    plain = db.client[f"{db.name}-plain"]
    migrate(plain)

    try:
        for at in range(0, len(told_twice), 20):
            apply(random_.choice(stores), told_twice[at : at + 20])
        apply(Store(plain, "gitlab"), hooks)
        transitions = {name: left(db, name) for name in WATCHED}
        for found in transitions.values():
            outbox.remove(db, found)

        assert documents(db) == documents(plain)
        for name, found in transitions.items():
            assert followed(found) == shown(db, name)
    finally:
        db.client.drop_database(plain.name)


def followed(found):
    """The documents that there are if one follows transitions by their numbers."""
    there = {}
    for it in sorted(found, key=lambda it: (it.doc_id, it.rev)):
        known = there.pop(it.doc_id, None)
        assert (known is None) == (it.kind == "created"), it
        assert known in (None, it.before), it
        if it.kind != "deleted":
            there[it.doc_id] = it.after
    return there


def shown(db, name):
    fields = frozenset().union(*(watch.fields for watch in WATCHED[name]))
    return {
        one["_id"]: {field: one[field] for field in sorted(fields & one.keys())}
        for one in db[name].find({"state": "active"})
    }
