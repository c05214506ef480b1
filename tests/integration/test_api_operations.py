"""Look after what is under way over HTTP, with a real RabbitMQ, MongoDB and worker."""

import json
from datetime import timedelta

import pytest

from tests.commands import run_json
from tests.operating import NOON, Operated, a_row, problem
from tests.rabbit import consuming, take_all
from tests.receiver import until
from tests.samples.load import payload
from tests.working import Worker

DEAD = "/api/v1/dead-letters"
IN_A_TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@pytest.fixture(scope="module")
def stack(rabbitmq, mongodb, tmp_path_factory):
    """An API with queues and a database of its own."""
    folder = tmp_path_factory.mktemp("operations")
    api = Operated(folder, mongodb.url, rabbitmq.url).wait()
    yield api
    api.close()


@pytest.fixture
def api(stack):
    """The API, with nothing in its queues, its ledger and its trail."""
    stack.clear()
    return stack


@pytest.fixture
def several(api):
    """Four letters that differ in everything."""
    api.bury("d-1", hours=0)
    api.bury("d-2", "push", handler="handlers.activity.push", hours=1)
    api.bury("d-3", reason="unstorable", source="other", hours=2)
    api.bury("d-4", "key_create", handler=None, hours=3)


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [it["delivery_id"] for it in answer.json()]


def left(api):
    return ids(api.call("GET", DEAD, role="viewer"))


def test_the_catalogue_tells_who_decides_on_what(api):
    told = api.call("GET", "/api/v1/events", role="viewer").json()

    events = [it["event"] for it in told]
    assert events == sorted(events)
    assert {
        "event": "user_create",
        "handler": "handlers.users.save",
        "schema": "schemas.users.UserSchema",
        "does": "Keep what is told of an account.",
    } in told


def test_an_event_sent_by_hand_becomes_state_and_balances(api, rabbitmq, tmp_path):
    worker = Worker(
        tmp_path, rabbitmq.url, api.topology.prefix, api.settings.mongodb_url
    )
    sent = {"event": "user_create", "payload": payload("user_create", user_id=4711)}
    try:
        answer = api.call(
            "POST", "/api/v1/events", role="operator", json=sent, headers=IN_A_TRACE
        )

        assert answer.status_code == 202
        told = answer.json()
        assert told["status"] == "queued"
        shown = until(
            lambda: (
                it
                if (it := api.call("GET", answer.headers["Location"], role="viewer")).ok
                else None
            ),
            "it is in the ledger",
        ).json()
    finally:
        worker.end()
    assert shown["outcome"] == "applied"
    assert shown["entity"] == "users/4711"
    assert shown["sent_by"] == "service:operator"
    assert shown["trace_id"] in IN_A_TRACE["traceparent"]
    assert shown["duplicates"] == []
    user = api.call("GET", "/api/v1/users/gitlab:4711", role="viewer").json()
    assert user["username"] == payload("user_create")["username"]
    audit = run_json("audit", **api.servers)
    assert (audit["accepted"], audit["missing"], audit["balanced"]) == (1, 0, True)
    (change,) = api.trail()
    assert change["subject"] == "service:operator"
    assert change["outcome"] == "done"
    assert change["parameters"] == {
        "event": "user_create",
        "delivery_id": told["delivery_id"],
        "others": ["payload"],
    }


def test_a_delivery_tells_what_it_changed(api):
    put = {"collection": "users", "id": 41, "verb": "put", "fields": ["name"]}
    move = {"collection": "users", "id": 41, "verb": "move"}
    api.keep(a_row(1, changed=[put | {"effect": True}, move]), a_row(2))

    one = api.call("GET", "/api/v1/deliveries/gitlab:d-1", role="viewer").json()
    several = api.call("GET", "/api/v1/deliveries?fields=changed", role="viewer").json()

    assert one["changed"] == [put | {"id": "41", "effect": True}, move | {"id": "41"}]
    assert [it.get("changed") for it in several] == [None, one["changed"]]


def test_events_sent_by_hand_are_never_missing(api, rabbitmq):
    for _ in range(3):
        sent = {"event": "user_create", "payload": payload("user_create")}
        assert api.call("POST", "/api/v1/events", role="operator", json=sent).ok
    with consuming(rabbitmq.url, api.topology) as consumer:
        taken = [it.message() for it in take_all(consumer, 3)]
    # Only the last of the three gets its row: gaps would show now.
    last = taken[-1]
    api.keep(a_row(1, delivery_id=last.delivery_id, receipt=last.receipt))

    audit = run_json("audit", **api.servers)

    assert (audit["missing"], audit["balanced"]) == (0, True)
    assert len({it.receipt for it in taken}) == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event": "meteor"}, "unprocessable-entity"),
        ({"source": "elsewhere"}, "unprocessable-entity"),
        ({"payload": []}, "unprocessable-entity"),
        ({"payload": {"event_name": "user_create"}}, "invalid-payload"),
        ({"payload": {"event_name": "push"}}, "invalid-payload"),
        ({"more": 1}, "unprocessable-entity"),
    ],
)
def test_what_would_die_is_not_sent(api, changes, code):
    sent = {"event": "user_create", "payload": payload("user_create")} | changes

    answer = api.call("POST", "/api/v1/events", role="operator", json=sent)

    assert problem(answer) == (422, code)
    assert api.trail()[0]["outcome"] == "refused"
    assert (
        api.call("GET", "/api/v1/queues", role="viewer").json()["events"]["depth"] == 0
    )


def test_who_may_do_what(api, several):
    sent = {"event": "user_create", "payload": payload("user_create")}
    asked = [
        ("POST", "/api/v1/events", sent, "operator"),
        ("POST", f"{DEAD}/replay", {"all": True, "dry_run": True}, "operator"),
        ("POST", f"{DEAD}/drop", {"ids": ["d-1"], "dry_run": True}, "admin"),
        ("GET", "/api/v1/changes", None, "admin"),
        ("GET", f"{DEAD}/d-1?body=true", None, "admin"),
    ]
    below = {"operator": "viewer", "admin": "operator"}
    for method, path, body, role in asked:
        refused = api.call(method, path, role=below[role], json=body)
        assert problem(refused) == (403, "forbidden"), path
        assert api.call(method, path, role=role, json=body).ok, path


def test_the_ledger_is_listed_newest_first_and_narrowed(api):
    api.keep(
        a_row(1),
        a_row(2, event="push", entity="activity/1", outcome="stale"),
        a_row(3, source="other", entity="users/42"),
        a_row(4, outcome="dead", reason="poison", event="push", entity=None),
    )

    def listed(query=""):
        return ids(api.call("GET", f"/api/v1/deliveries{query}", role="viewer"))

    assert listed() == ["d-4", "d-3", "d-2", "d-1"]
    assert listed("?event=push") == ["d-4", "d-2"]
    assert listed("?event=push&outcome=dead") == ["d-4"]
    assert listed("?outcome=dead,stale") == ["d-4", "d-2"]
    assert listed("?source=other") == ["d-3"]
    assert listed("?entity=users/41") == ["d-1"]
    assert listed("?entity=users/41&event=push") == []
    assert listed("?since=2026-11-01T12:00:03Z") == ["d-4", "d-3"]
    assert listed("?until=2026-11-01T12:00:03Z") == ["d-2", "d-1"]
    assert listed("?since=2026-11-01T12:00:02&until=2026-11-01T12:00:04") == [
        "d-3",
        "d-2",
    ]
    shown = api.call("GET", "/api/v1/deliveries?limit=1&fields=event", role="viewer")
    assert shown.json() == [{"id": "gitlab:d-4", "event": "push"}]
    for query in (
        "?evnt=push",
        "?outcome=odd",
        "?fields=odd",
        "?since=now",
        "?limit=0",
    ):
        answer = api.call("GET", f"/api/v1/deliveries{query}", role="viewer")
        assert answer.status_code == 422, query
    bad = api.call("GET", "/api/v1/deliveries?cursor=zzz", role="viewer")
    assert problem(bad) == (400, "bad-cursor")


def test_pages_of_the_ledger_stay_right_while_rows_are_added(api):
    same = NOON + timedelta(minutes=1)
    # Several of one millisecond: only the ids tell them apart.
    api.keep(*(a_row(number, received_at=same) for number in range(5)))
    api.keep(*(a_row(number) for number in range(5, 10)))

    seen, url = [], "/api/v1/deliveries?limit=3"
    while url:
        answer = api.call("GET", url, role="viewer")
        seen += ids(answer)
        api.keep(a_row(100 + len(seen)))
        url = answer.links.get("next", {}).get("url", "").removeprefix(api.url)

    assert seen == [f"d-{it}" for it in (4, 3, 2, 1, 0, 9, 8, 7, 6, 5)]


def test_the_ledger_is_exported_whole_or_as_it_is_narrowed(api):
    api.keep(*(a_row(number) for number in range(1_500)), a_row(9_999, event="push"))

    whole = api.call("GET", "/api/v1/deliveries/export", role="viewer")
    some = api.call(
        "GET", "/api/v1/deliveries/export?event=push&fields=outcome", role="viewer"
    )

    assert whole.headers["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in whole.text.splitlines()]
    assert [it["delivery_id"] for it in rows[:2]] == ["d-9999", "d-1499"]
    assert len({it["id"] for it in rows}) == len(rows) == 1_501
    assert some.json() == {"id": "gitlab:d-9999", "outcome": "applied"}


def test_a_delivery_is_shown_with_its_repetitions(api):
    api.keep(a_row(1), a_row(2, delivery_id="d-1#2"))
    api.keep(a_row(3, delivery_id="d-1"), a_row(4, delivery_id="d/5?#"))

    told = api.call("GET", "/api/v1/deliveries/gitlab:d-1", role="viewer").json()
    odd = api.call("GET", "/api/v1/deliveries/gitlab:d%2F5%3F%23", role="viewer")

    assert (told["outcome"], told["receipt"]) == ("applied", "3f9c2a71.2")
    assert [it["receipt"] for it in told["duplicates"]] == ["3f9c2a71.4"]
    assert odd.json()["delivery_id"] == "d/5?#"
    for path in ("gitlab:d-9", "other:d-1", "d-1", "gitlab:d-1#3f9c2a71.4"):
        answer = api.call(
            "GET", f"/api/v1/deliveries/{path.replace('#', '%23')}", role="viewer"
        )
        assert problem(answer) == (404, "not-found"), path


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["d-1", "d-2", "d-3", "d-4"]),
        ("?event=push,key_create", ["d-2", "d-4"]),
        ("?reason=unstorable", ["d-3"]),
        ("?handler=handlers.activity.push", ["d-2"]),
        ("?source=other", ["d-3"]),
        ("?since=2026-09-21T15:13:20", ["d-2", "d-3", "d-4"]),
        ("?until=2026-09-21T16:13:20%2B00:00", ["d-1", "d-2"]),
        ("?limit=2", ["d-1", "d-2"]),
        ("?event=meteor", []),
    ],
)
def test_dead_letters_are_listed_as_the_command_does(api, several, query, expected):
    assert ids(api.call("GET", DEAD + query, role="viewer")) == expected
    assert left(api) == ["d-1", "d-2", "d-3", "d-4"]


def test_a_dead_letter_tells_why_and_its_payload_only_to_an_admin(api, several):
    told = api.call("GET", f"{DEAD}/d-2", role="viewer").json()
    whole = api.call("GET", f"{DEAD}/d-2?body=true", role="admin").json()

    assert told["reason"] == "handler-failed"
    assert told["detail"].endswith("KeyError: 'id'")
    assert "body" not in told
    assert json.loads(whole["body"]) == payload("push")
    gone = api.call("GET", f"{DEAD}/d-9", role="viewer")
    elsewhere = api.call("GET", f"{DEAD}/d-2?source=other", role="viewer")
    assert problem(gone) == problem(elsewhere) == (404, "not-found")


def replay(api, **sent):
    return api.call("POST", f"{DEAD}/replay", role="operator", json=sent)


def test_dead_letters_are_sent_again_and_what_would_die_again_stays(
    api, rabbitmq, several
):
    api.bury("d-5", body=b"{}", hours=4)

    dry = replay(api, all=True, dry_run=True).json()
    unchanged = left(api)
    told = replay(api, ids=["d-1", "d-2", "d-5", "d-9"]).json()

    assert [it["delivery_id"] for it in dry["replayed"]] == ["d-1", "d-2", "d-3", "d-4"]
    assert unchanged == ["d-1", "d-2", "d-3", "d-4", "d-5"]
    assert [it["delivery_id"] for it in told["replayed"]] == ["d-1", "d-2"]
    assert [it["refused_for"] for it in told["refused"]] == ["invalid-payload"]
    assert told["missing"] == ["d-9"]
    assert told["is_complete"] is True
    assert left(api) == ["d-3", "d-4", "d-5"]
    with consuming(rabbitmq.url, api.topology) as consumer:
        sent = [it.message() for it in take_all(consumer, 2)]
    assert [(it.delivery_id, it.attempt) for it in sent] == [("d-1", 2), ("d-2", 2)]
    assert api.trail()[0]["parameters"] == {
        "ids": ["d-1", "d-2", "d-5", "d-9"],
        "replayed": 2,
        "refused": 1,
    }


def test_a_replay_sends_no_more_than_wanted(api, several):
    told = replay(api, all=True, limit=3).json()

    assert len(told["replayed"]) == 3
    assert told["is_complete"] is False
    assert left(api) == ["d-4"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"all": True, "ids": ["d-1"]}, {"event": ["push"]}, {"ids": []}, {"limit": 1}],
)
def test_a_replay_is_told_which(api, several, sent):
    assert problem(replay(api, **sent)) == (422, "unprocessable-entity")
    assert left(api) == ["d-1", "d-2", "d-3", "d-4"]


def test_a_drop_is_noted_in_ledger_and_trail(api, several):
    sent = {"ids": ["d-1", "d-9"], "note": "obsolete"}
    dry = api.call("POST", f"{DEAD}/drop", role="admin", json=sent | {"dry_run": True})
    there = left(api)

    told = api.call("POST", f"{DEAD}/drop", role="admin", json=sent).json()

    assert there == ["d-1", "d-2", "d-3", "d-4"]
    assert [it["delivery_id"] for it in dry.json()["dropped"]] == ["d-1"]
    assert [it["delivery_id"] for it in told["dropped"]] == ["d-1"]
    assert told["missing"] == ["d-9"]
    assert left(api) == ["d-2", "d-3", "d-4"]
    row = api.call("GET", "/api/v1/deliveries/gitlab:d-1", role="viewer").json()
    assert (row["outcome"], row["note"]) == ("dead", "service:admin: obsolete")
    assert row["dropped_at"]
    last = api.trail()[0]
    assert last["parameters"]["ids"] == ["d-1", "d-9"]
    assert last["parameters"]["others"] == ["note"]
    assert last["parameters"]["dropped"] == 1
