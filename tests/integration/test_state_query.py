"""Each order is an index scan, and its pages hold every row once; on a real MongoDB."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from schemas.errors import TookTooLong
from state.client import connect
from state.migrations import migrate
from state.orders import ANY_CASE, LISTED
from state.query import chunks, options, page
from state.question import Question, matching, place
from state.store import Store
from tests.gitlab import GitLab
from tests.working import at_database
from tests.world import apply

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STATES = (("active",), ("deleted",), ("active", "deleted"))
#: Each order of each collection, both ways, with each choice of states.
CASES = [
    pytest.param(name, sort, way, states, id=f"{name}-{sort}-{way}-{len(states)}")
    for name, listed in LISTED.items()
    for sort, way, states in product(listed.orders, (False, True), STATES)
    if listed.has_states or states == ("active",)
]


def row(listed, number, chance):
    """A document with few different values, and with some that nobody told."""
    host = chance.choice(["gitlab", "gitlab-eu"])
    state = chance.choice(["active", "active", "deleted"])
    told = [
        (order, value(order, chance))
        for order in listed.orders.values()
        if order.field not in {"_id", "version.1"} and chance.random() < 0.8
    ]
    return {
        "_id": f"{host}:{number}",
        "source": host,
        "version": [1, BEGIN + timedelta(days=chance.randrange(4))],
        **({"state": state} if listed.has_states else {}),
        **{order.field: it for order, it in told if state == "active"},
        **{relation: chance.randrange(1, 9) for relation in listed.relations},
    }


def value(order, chance):
    if order.holds == "time":
        return BEGIN + timedelta(days=chance.randrange(4))
    return chance.choice("aAbBéEzß_") + chance.choice("xX-.1")


@pytest.fixture(scope="module")
def db(mongodb):
    db = connect(at_database(mongodb.url, "test_state_query"), name="tests")
    migrate(db)
    chance = random.Random(1)
    for name, listed in LISTED.items():
        rows = [row(listed, number, chance) for number in range(1, 301)]
        db[name].insert_many(rows)
    yield db
    db.client.drop_database(db.name)
    db.client.close()


def explained(db, asked):
    """The stages of a query's plan, and how many keys of indexes it looked at."""
    told = db[asked.collection].find(matching(asked), **options(asked)).explain()
    return stages(told["queryPlanner"]["winningPlan"]), told["executionStats"]


def stages(plan):
    below = (
        [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", ())
    )
    return [plan["stage"], *(stage for it in below for stage in stages(it))]


def everything(db, asked, between=lambda: None):
    """All rows, page by page."""
    found = []
    while True:
        rows = page(db, asked, 5)
        found += rows
        if len(rows) < asked.limit:
            return found
        asked = asked.behind(place(asked, rows[-1]))
        between()


@pytest.mark.parametrize(("name", "sort", "way", "states"), CASES)
def test_pages_hold_every_row_once_and_in_order(db, name, sort, way, states):
    asked = Question(
        collection=name, sort=sort, is_descending=way, states=states, limit=17
    )

    found = [it["_id"] for it in everything(db, asked)]

    held = {"state": {"$in": states}} if LISTED[name].has_states else {}
    assert sorted(found) == sorted(it["_id"] for it in db[name].find(held))
    keys = [(field, -1 if way else 1) for field, _ in asked.order.keys]
    how = ANY_CASE if asked.is_by_text else None
    ordered = db[name].find(held, sort=keys, collation=how)
    assert found == [it["_id"] for it in ordered]


@pytest.mark.parametrize(("name", "sort", "way", "states"), CASES)
def test_a_page_reads_its_index_from_where_the_last_one_ended(
    db, name, sort, way, states
):
    asked = Question(
        collection=name, sort=sort, is_descending=way, states=states, limit=20
    )

    for _ in range(3):
        plan, did = explained(db, asked)
        assert "SORT" not in plan
        assert "COLLSCAN" not in plan
        assert did["totalKeysExamined"] <= asked.limit + 6
        rows = page(db, asked, 5)
        asked = asked.behind(place(asked, rows[-1]))


RELATIONS = [
    (name, relation, sort)
    for name, listed in LISTED.items()
    for relation, sort in listed.relations.items()
]


@pytest.mark.parametrize(("name", "relation", "sort"), RELATIONS)
def test_what_belongs_to_one_thing_is_read_in_order(db, name, relation, sort):
    asked = Question(collection=name, sort=sort, same={relation: 2}, limit=4)

    first = page(db, asked, 5)
    asked = asked.behind(place(asked, first[-1]))
    plan, did = explained(db, asked)

    assert "SORT" not in plan
    assert did["totalKeysExamined"] <= asked.limit + 6
    held = db[name].find({relation: 2, "state": "active"})
    found = [*first, *everything(db, asked)]
    assert {it["_id"] for it in found} == {it["_id"] for it in held}


@pytest.mark.parametrize(("name", "relation", "sort"), RELATIONS)
def test_settling_finds_what_belongs_to_it_by_the_same_index(db, name, relation, sort):
    query = {"source": "gitlab", relation: {"$in": [2]}, "state": "active"}

    plan = db[name].find(query).explain()["queryPlanner"]["winningPlan"]

    assert f"of_{relation}" in str(plan)
    assert f"{relation}_state" not in db[name].index_information()


TEXTS = [
    (name, sort)
    for name, listed in LISTED.items()
    for sort, order in listed.orders.items()
    if order.holds == "text"
]


@pytest.mark.parametrize(("name", "sort"), TEXTS)
@pytest.mark.parametrize("beginning", ["a", "A", "AX", "é", "ß", "_", "zzz", "\0", "."])
def test_a_search_finds_beginnings_in_any_case_by_the_index(db, name, sort, beginning):
    asked = Question(collection=name, sort=sort, beginnings={sort: beginning}, limit=7)
    field = asked.order.field

    found = sorted(it[field] for it in everything(db, asked))

    told = [it.get(field) for it in db[name].find({"state": "active"})]
    fits = [it for it in told if it and it.lower().startswith(beginning.lower())]
    assert found == sorted(fits)
    plan, _ = explained(db, asked)
    assert "SORT" not in plan
    assert "COLLSCAN" not in plan


@pytest.mark.parametrize(("name", "sort"), TEXTS)
def test_a_text_is_found_in_any_case(db, name, sort):
    asked = Question(collection=name, sort=sort, texts={sort: "AX"})

    found = {it[asked.order.field] for it in everything(db, asked)}

    assert found <= {"ax", "aX", "Ax", "AX"}
    assert len(found) > 1


@pytest.mark.parametrize("sort", ["id", "name", "updated_at"])
@pytest.mark.parametrize("way", [False, True])
def test_every_filter_goes_with_every_order(db, sort, way):
    asked = Question(
        collection="projects",
        sort=sort,
        is_descending=way,
        states=("active", "deleted"),
        source="gitlab",
        same={"namespace_id": 2},
        beginnings={"name": "a"},
        limit=1,
    )

    found = [it["_id"] for it in everything(db, asked)]

    fits = [
        it["_id"]
        for it in db["projects"].find({"source": "gitlab", "namespace_id": 2})
        if it.get("name", "").lower().startswith("a")
    ]
    assert sorted(found) == sorted(fits)
    assert len(fits) > 1


def test_one_source_is_a_range_of_the_ids(db):
    asked = Question(collection="users", sort="id", source="gitlab", limit=400)

    found = everything(db, asked)

    assert {it["_id"].partition(":")[0] for it in found} == {"gitlab"}
    _, did = explained(db, asked)
    assert did["totalKeysExamined"] <= len(found) + 1


def test_a_search_stays_within_one_source(db):
    asked = Question(
        collection="users", sort="name", source="gitlab", beginnings={"name": "a"}
    )

    found = {it["_id"].partition(":")[0] for it in page(db, asked, 5)}

    assert found == {"gitlab"}


def test_an_export_reads_all_in_chunks(db):
    asked = Question(collection="users", sort="id", limit=40, fields=["_id"])

    found = list(chunks(db, asked, 5))

    assert len(found) > 3
    ids = [it["_id"] for chunk in found for it in chunk]
    held = db["users"].find({"state": "active"}, sort=[("_id", 1)])
    assert ids == [it["_id"] for it in held]


@pytest.mark.parametrize("sort", ["id", "username", "updated_at"])
@pytest.mark.parametrize("way", [False, True])
def test_rows_that_stay_are_seen_once_while_others_come_and_go(database, sort, way):
    migrate(database)
    store, host = Store(database, "gitlab"), GitLab()
    for number in range(60):
        host.create_user(number, 0)
    apply(store, host.hooks)
    staying = {it["_id"] for it in database["users"].find()}
    chance = random.Random(2)

    def others_come_and_go():
        sent = len(host.hooks)
        for _ in range(5):
            host.create_user(chance.randrange(1_000), 0)
        for one in [it for it in list(host.users) if f"gitlab:{it}" not in staying][:3]:
            host.destroy_user(sorted(host.users).index(one), 0)
        apply(store, host.hooks[sent:])

    asked = Question(collection="users", sort=sort, is_descending=way, limit=7)
    found = [it["_id"] for it in everything(database, asked, others_come_and_go)]

    assert len(found) == len(set(found))
    assert staying <= set(found)
    assert database["users"].count_documents({"state": "deleted"}) > 3


def test_a_query_that_takes_too_long_is_ended(db):
    where = {"$where": "sleep(50) || true"}
    asked = Question(collection="users", sort="id", same=where)

    with pytest.raises(TookTooLong):
        page(db, asked, 0.1)
