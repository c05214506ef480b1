"""Each request that may change something is noted before it is done."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.guard import PUBLIC, SAFE
from tests.operating import Operated, problem
from tests.samples.load import payload

CHANGES = "/api/v1/changes"
EVENT = {"event": "user_create", "payload": payload("user_create")}


@pytest.fixture(scope="module")
def stack(rabbitmq, mongodb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trail")
    api = Operated(folder, mongodb.url, rabbitmq.url).wait()
    yield api
    api.close()


@pytest.fixture
def api(stack):
    stack.clear()
    yield stack
    allow(stack)


def refuse(api):
    """Have MongoDB take no further row of the trail."""
    api.db.command(
        "collMod", "changes", validator={"_id": "none"}, validationAction="error"
    )


def allow(api):
    api.db.command("collMod", "changes", validator={})


def unsafe(api):
    """Every route that may change something: method, path and endpoint."""
    app = create_app(api.services, (), CollectorRegistry())
    return sorted(
        (method, rule.rule, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - SAFE
    )


def test_every_unsafe_route_of_every_room_leaves_a_row(api):
    routes = [it for it in unsafe(api) if it[2] not in PUBLIC]
    assert ("POST", "/api/v1/events", "sending.send_an_event") in routes

    for number, (method, path, endpoint) in enumerate(routes, start=1):
        # A fresh one each: some of them end the token that they are asked with.
        token = api.token("admin", f"service:walker-{number}")
        answer = api.call(
            method,
            path.replace("<", "").replace(">", ""),
            token=token,
            json={"secret": "S3cret"},
        )
        (row,) = api.db["changes"].find({"subject": f"service:walker-{number}"})
        assert (row["method"], row["route"]) == (method, path), endpoint
        assert row["status"] == answer.status_code
        assert "S3cret" not in str(row)


def test_what_cannot_be_noted_is_not_done(api):
    refuse(api)

    answer = api.call("POST", "/api/v1/events", role="operator", json=EVENT)

    assert problem(answer) == (503, "unavailable")
    assert (
        api.call("GET", "/api/v1/queues", role="viewer").json()["events"]["depth"] == 0
    )
    allow(api)
    assert api.trail() == []
    assert api.call("POST", "/api/v1/events", role="operator", json=EVENT).ok


def test_who_is_not_let_in_leaves_no_row(api):
    assert api.call("POST", "/api/v1/events", json=EVENT).status_code == 401
    assert (
        api.call("POST", "/api/v1/events", role="viewer", json=EVENT).status_code == 403
    )
    assert api.call("POST", "/api/v1/login/nobody", json={}).status_code >= 400
    assert api.call("POST", "/api/v1/tokens").status_code >= 400
    assert api.call("POST", "/api/v1/none", role="admin").status_code == 404
    assert api.call("PUT", "/api/v1/events", role="admin").status_code == 405

    assert api.trail() == []


def test_the_trail_tells_who_what_and_when(api):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    api.call("POST", "/api/v1/events", role="operator", json=EVENT)
    api.call("POST", "/api/v1/events", role="admin", json={"event": "meteor"})

    refused, done = api.trail()

    assert (done["subject"], done["outcome"], done["status"]) == (
        "service:operator",
        "done",
        202,
    )
    assert (refused["subject"], refused["outcome"]) == ("service:admin", "refused")
    assert (done["method"], done["route"]) == ("POST", "/api/v1/events")
    assert before <= datetime.fromisoformat(done["at"]) <= datetime.now(UTC)
    assert api.db["tokens"].find_one({"_id": done["jti"]})["subject"] == done["subject"]
    assert payload("user_create")["email"] not in str(done)


def test_the_trail_is_read_in_pages_and_narrowed(api):
    for number in range(5):
        role = "operator" if number % 2 else "admin"
        api.call("POST", "/api/v1/events", role=role, json={"event": f"e-{number}"})

    def events(query):
        answer = api.call("GET", f"{CHANGES}{query}", role="admin")
        assert answer.ok, answer.text
        return [it["parameters"]["event"] for it in answer.json()], answer.links

    first, links = events("?limit=3")
    second, last = events(links["next"]["url"].partition(CHANGES)[2])
    by_admin, _ = events("?subject=service:admin")
    at = api.trail()[1]["at"].replace("+", "%2B")

    assert first + second == [f"e-{it}" for it in (4, 3, 2, 1, 0)]
    assert "next" not in last
    assert by_admin == ["e-4", "e-2", "e-0"]
    assert events(f"?since={at}")[0] == ["e-4", "e-3"]
    assert events(f"?until={at}")[0] == ["e-2", "e-1", "e-0"]
    for query in ("?who=me", "?limit=-1", "?since=yesterday"):
        assert api.call("GET", f"{CHANGES}{query}", role="admin").status_code == 422


def test_a_change_that_never_ended_shows_as_unknown(api):
    api.db["changes"].insert_one(
        {
            "_id": "x",
            "at": datetime.now(UTC),
            "subject": "service:admin",
            "method": "POST",
            "route": "/api/v1/events",
            "parameters": {},
        }
    )

    (row,) = api.trail()

    assert row["outcome"] == "unknown"
    assert "status" not in row


@pytest.mark.parametrize(
    "body",
    [
        b'{"event": "\\ud800", "source": "\\u0000"}',
        b'{"event": 1e999, "source": 123456789012345678901234567890}',
        b'{"event": {"$gt": ""}, "source": [[[1]], null]}',
        b'{"$where": 1, "a.b": 2, "": 3, "event": NaN}',
        b"[]",
        b"what?",
        b"",
    ],
)
def test_whatever_is_sent_is_noted_and_refused(api, body):
    answer = api.call(
        "POST",
        "/api/v1/events",
        role="operator",
        data=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in {400, 422}, answer.text
    (row,) = api.trail()
    assert row["outcome"] == "refused"


def test_a_body_that_nobody_can_read_is_refused_before_anything(api):
    nested = {"headers": {"Content-Type": "application/json"}, "data": b"[" * 100_000}

    answer = api.call("POST", "/api/v1/events", role="operator", **nested)

    assert problem(answer) == (400, "too-deep")
    assert api.trail() == []
