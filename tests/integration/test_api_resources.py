"""Reading the state over HTTP, from a real API process on a real MongoDB."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.resources.declared import RESOURCES
from handlers.changes import RESERVED
from state.client import has_primary
from state.store import Store
from tests.api import Api
from tests.gitlab import GitLab
from tests.proxy import Proxy
from tests.receiver import until
from tests.world import apply

NAMES = [it.name for it in RESOURCES]
#: Keys of 1 kB that are exported.
MANY = 30_000
MIB = 1 << 20


@pytest.fixture(scope="module")
def api(mongodb, tmp_path_factory):
    it = Api(tmp_path_factory.mktemp("api"), mongodb.url).wait()
    _fill(it.db)
    yield it
    it.close()


def _fill(db):
    """A host with some of everything, and some of it gone."""
    store, host = Store(db, "gitlab"), GitLab()
    for number in range(12):
        host.create_user(number, 0)
    for number in range(4):
        host.create_group(number, number)
        host.create_project(number, number)
    for number in range(8):
        host.add_member(number, number * 3)
        host.request_access(number, number * 5 + 1)
        host.create_key(number, 0)
    host.rename_user(3, 1)
    host.destroy_user(0, 0)
    host.destroy_project(0, 0)
    apply(store, host.hooks)
    approval = {"source": "gitlab", "state": "active", "status": "pending", "rev": 1}
    db["approvals"].insert_one(approval | {"_id": "gitlab:2", "user_id": 2})
    at = datetime(2026, 1, 1, tzinfo=UTC)
    activity = {"source": "gitlab", "state": "active", "kind": "push", "rev": 1}
    db["activity"].insert_many(
        activity
        | {
            "_id": f"gitlab:push:{number % 3}:{number:04x}",
            "activity_id": f"push:{number % 3}:{number:04x}",
            "project_id": number % 3,
            "version": [1, at + timedelta(hours=number), at, 1, 2, "d"],
        }
        for number in range(30)
    )


def get(api, path, **how):
    return api.call("GET", f"/api/v1{path}", role="viewer", **how)


def pages(api, path):
    """All pages of a listing, by their links."""
    found, url = [], f"{api.url}/api/v1{path}"
    bearer = {"Authorization": f"Bearer {api.token('viewer')}"}
    while url:
        answer = requests.get(url, headers=bearer, timeout=10)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        url = answer.links.get("next", {}).get("url")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_resource_is_listed_exported_and_shown(api, name):
    rows = [row for page in pages(api, f"/{name}?limit=3") for row in page]
    exported = get(api, f"/{name}/export")
    lines = [json.loads(line) for line in exported.text.splitlines()]

    held = {} if name == "teams" else {"state": "active"}
    collection = api.db[name.replace("-", "_")]
    ids = {it["_id"] for it in collection.find(held)}
    assert {row["id"] for row in rows} == ids
    assert len(rows) == len(ids)
    assert sorted(lines, key=str) == sorted(rows, key=str)
    assert exported.headers["Content-Type"] == "application/x-ndjson"
    for row in rows[:2]:
        assert get(api, f"/{name}/{row['id']}").json() == row


@pytest.mark.parametrize("name", NAMES)
def test_nothing_needs_less_than_a_token(api, name):
    for path in (f"/{name}", f"/{name}/export", f"/{name}/gitlab:1"):
        answer = api.call("GET", f"/api/v1{path}")
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", [it for it in NAMES if it != "teams"])
def test_bookkeeping_is_never_shown(api, name):
    ours = RESERVED - {"source", "state", "teams"}
    lines = get(api, f"/{name}/export?state=all").text.splitlines()

    shown = {field for line in lines for field in json.loads(line)}

    assert shown
    assert shown & ours == set()


def test_what_is_deleted_is_hidden_unless_it_is_asked_for(api):
    gone = api.db["users"].find_one({"state": "deleted"})["_id"]

    assert gone not in {it["id"] for it in get(api, "/users").json()}
    assert get(api, f"/users/{gone}").status_code == 404
    assert get(api, f"/users/{gone}?state=active").status_code == 404
    for state in ("deleted", "all"):
        rows = {it["id"]: it for it in get(api, f"/users?state={state}").json()}
        left = {"id": gone, "source": "gitlab", "state": "deleted", "user_id": 1}
        assert rows[gone] == left
        assert get(api, f"/users/{gone}?state={state}").json() == left
        assert gone in get(api, f"/users/export?state={state}").text
    alive = {it["state"] for it in get(api, "/users?state=deleted").json()}
    assert alive == {"deleted"}


def test_nothing_of_a_person_is_left_to_be_shown(api):
    """Not even of an orphan, which keeps its fields to come back with."""
    fields = {"_id": "gitlab:9001", "source": "gitlab", "project_id": 9001, "rev": 1}
    kept = {"name": "Secret", "owners": [{"name": "Ann", "email": "ann@example.org"}]}
    orphan = {**fields, "state": "deleted", "orphan": True, "kept": kept, **kept}
    api.db["projects"].insert_one(orphan | {"version": [1]})

    told = [
        get(api, "/projects?state=all").text,
        get(api, "/projects/export?state=deleted&fields=name,owners,id").text,
        get(api, "/projects/gitlab:9001?state=all").text,
    ]

    api.db["projects"].delete_one({"_id": "gitlab:9001"})
    assert all("gitlab:9001" in it for it in told)
    assert not any(word in it for it in told for word in ("Secret", "Ann", "ann@"))


def test_an_unknown_document_is_a_problem(api):
    answer = get(api, "/users/gitlab:999999")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


def test_an_id_may_have_colons(api):
    row = get(api, "/memberships?limit=1").json()[0]

    assert row["id"].count(":") == 3
    assert get(api, f"/memberships/{row['id']}").json() == row


def test_fields_are_chosen(api):
    rows = get(api, "/users?fields=username,email").json()

    assert {frozenset(row) for row in rows} == {frozenset({"id", "username", "email"})}
    one = get(api, f"/users/{rows[0]['id']}?fields=state").json()
    assert one == {"id": rows[0]["id"], "state": "active"}


def test_rows_are_filtered(api):
    row = get(api, "/memberships?limit=1").json()[0]

    found = get(api, f"/memberships?user_id={row['user_id']}").json()

    assert row in found
    assert {it["user_id"] for it in found} == {row["user_id"]}
    assert get(api, "/memberships?source=elsewhere").json() == []
    kinds = get(api, "/activity?kind=push&project_id=2").json()
    assert {it["project_id"] for it in kinds} == {2}
    assert len(kinds) == 10


def test_names_are_searched_and_found_in_any_case(api):
    names = [it["username"] for it in get(api, "/users").json()]

    found = get(api, "/users?q=USER").json()

    assert [it["username"] for it in found] == sorted(
        it for it in names if it.startswith("user")
    )
    one = get(api, f"/users?username={names[0].upper()}").json()
    assert [it["username"] for it in one] == [names[0]]
    by_name = get(api, "/users?q=name 1&sort=-name").json()
    assert [it["name"] for it in by_name] == ["Name 12", "Name 11", "Name 10"]
    by_time = get(api, "/users?q=user&sort=-updated_at&limit=2").json()
    assert len(by_time) == 2


def test_activity_comes_newest_first(api):
    times = [it["at"] for it in get(api, "/activity?limit=100").json()]

    assert times == sorted(times, reverse=True)
    assert times[-1] == "2026-01-01T00:00:00+00:00"


def test_links_keep_what_was_asked_for(api):
    answer = get(api, "/users?limit=2&sort=-username&fields=username&q=user")

    first, after = answer.links["first"]["url"], answer.links["next"]["url"]

    assert first.startswith(f"{api.url}/api/v1/users?")
    assert after.startswith(f"{first}&cursor=")
    found = [
        row for page in pages(api, "/users?limit=2&sort=-username") for row in page
    ]
    names = [row["username"] for row in found]
    assert names == sorted(names, reverse=True)


def forged(*told):
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


BAD = [
    "",
    "x",
    "é",
    "!!!!",
    "a" * 40_000,
    forged(),
    forged({}),
    forged(1, "users username", "a"),
    forged(2, "users username", "a", "gitlab:1"),
    forged(1, "users -username", "a", "gitlab:1"),
    forged(1, "projects username", "a", "gitlab:1"),
    forged(1, "users username", 7, "gitlab:1"),
    forged(1, "users username", {"$gt": ""}, "gitlab:1"),
    forged(1, "users username", ["a"], "gitlab:1"),
    forged(1, "users username", "a", {"$gt": ""}),
    forged(1, "users username", "a", None),
]


@pytest.mark.parametrize("word", BAD, ids=lambda it: it[:40])
def test_a_bad_cursor_is_told(api, word):
    answer = get(api, "/users", params={"sort": "username", "cursor": word})

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "bad-cursor"
    assert "leave the cursor out" in answer.json()["detail"]


@pytest.mark.parametrize("moment", [10**30, -(10**18), 2.5, "2026"])
def test_a_cursor_with_no_time_is_told(api, moment):
    word = forged(1, "users updated_at", moment, "gitlab:1")

    answer = get(api, "/users", params={"sort": "updated_at", "cursor": word})

    assert answer.status_code == 400, answer.text


WRONG = [
    "limit=0",
    "limit=101",
    "limit=٣",
    "limit=1_0",
    "limit=",
    "sort=email",
    "sort=",
    "state=blocked",
    "fields=marks",
    "fields=",
    "fields=id,",
    "user=41",
    "source=../x",
    "q=",
    "q=" + "x" * 1_025,
    "sort=id&sort=name",
    "$where=1",
    "username[$ne]=x",
]


@pytest.mark.parametrize("asked", WRONG, ids=lambda it: it[:20])
def test_a_parameter_that_does_not_fit_is_told(api, asked):
    answer = get(api, f"/users?{asked}")

    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert asked.partition("=")[0] in json.dumps(answer.json()["errors"])


@pytest.mark.parametrize("path", ["/users", "/users/gitlab:2", "/users/export"])
def test_unknown_parameters_are_refused_everywhere(api, path):
    assert get(api, f"{path}?cursour=x").status_code == 422


def test_ids_are_numbers_of_64_bit(api):
    assert get(api, f"/memberships?user_id={2**63 - 1}").json() == []
    assert get(api, f"/memberships?user_id={2**63}").status_code == 422


@pytest.mark.parametrize("path", ["/users?limit=3", "/users/gitlab:2"])
def test_what_did_not_change_is_not_sent_again(api, path):
    first = get(api, path)
    tag = first.headers["ETag"]

    again = get(api, path, headers={"If-None-Match": tag})
    other = get(api, path, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert (other.status_code, other.content) == (200, first.content)


def test_what_changed_has_another_tag(api):
    path = "/users/gitlab:2?fields=email"
    tag = get(api, path).headers["ETag"]
    email = {"_id": "gitlab:2"}, {"$set": {"email": "new@corp.example"}}
    api.db["users"].update_one(*email)

    answer = get(api, path, headers={"If-None-Match": tag})

    assert answer.json()["email"] == "new@corp.example"
    assert answer.headers["ETag"] != tag


def test_a_page_that_is_no_longer_the_last_has_another_tag(api):
    path = "/activity?source=gitlab-eu&limit=1"
    row = {"source": "gitlab-eu", "state": "active", "project_id": 1}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    api.db["activity"].insert_one({**row, "_id": "gitlab-eu:b", "version": [1, at]})
    tag = get(api, path).headers["ETag"]
    api.db["activity"].insert_one({**row, "_id": "gitlab-eu:a", "version": [1, at]})

    answer = get(api, path, headers={"If-None-Match": tag})

    api.db["activity"].delete_many({"source": "gitlab-eu"})
    assert answer.status_code == 200
    assert "next" in answer.links


def test_members_of_a_team_are_its_users(api):
    users = get(api, "/users").json()

    for name in ("gitlab", "gitlab:gitlab"):
        assert get(api, f"/teams/{name}/members").json() == users
    for name in ("nobody", "elsewhere:gitlab", "gitlab:"):
        assert get(api, f"/teams/{name}/members").status_code == 404
    found = pages(api, "/teams/gitlab/members?limit=2&sort=username")
    assert len(found) > 2
    assert {row["id"] for page in found for row in page} == {it["id"] for it in users}


def test_a_query_that_takes_too_long_is_told(api):
    access = replace(api.settings.access, seconds=1e-9)
    hasty = replace(api.services, settings=replace(api.settings, access=access))
    client = create_app(hasty, (), CollectorRegistry()).test_client()
    bearer = {"Authorization": f"Bearer {api.token('viewer')}"}

    for path in ("/users", "/users/export", "/users/gitlab:2", "/teams/gitlab/members"):
        answer = client.get(f"/api/v1{path}", headers=bearer)

        assert answer.status_code == 503, path
        assert answer.json["code"] == "too-slow"
        assert "filters" in answer.json["detail"]


@pytest.fixture(scope="module")
def many(mongodb, tmp_path_factory):
    """An API with more keys than sockets hold, behind a proxy that can be cut."""
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/test_export?directConnection=true"
    folder = tmp_path_factory.mktemp("many")
    it = Api(folder, mongodb.url, MONGODB_URL=url, API_SECONDS="2").wait()
    key = {"source": "gitlab", "state": "active", "key": "A" * 1_000, "rev": 1}
    it.db["keys"].insert_many(
        {**key, "_id": f"gitlab:{number:06}", "key_id": number}
        for number in range(MANY)
    )
    yield it, proxy
    proxy.admit()
    until(lambda: has_primary(it.db, seconds=5), "MongoDB is back")
    it.close()
    proxy.close()


def peak(api):
    """The most memory that its processes had, in bytes."""
    pid = api.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    told = [Path(f"/proc/{it}/status").read_text() for it in (pid, *children)]
    return sum(int(re.search(r"VmHWM:\s+(\d+)", it)[1]) << 10 for it in told)


def stream(api):
    token = {"Authorization": f"Bearer {api.token('viewer')}"}
    url = f"{api.url}/api/v1/keys/export"
    return requests.get(url, headers=token, stream=True, timeout=30)


def test_an_export_that_nobody_reads_takes_no_memory(many):
    api, _ = many
    before = peak(api)

    with stream(api) as answer:
        # Time for it to read ahead, if it did.
        for _ in range(20):
            assert get(api, "/keys?limit=1").status_code == 200
        lines = sum(1 for _ in answer.iter_lines())

    assert lines == MANY
    assert peak(api) - before < 15 * MIB


def test_an_export_that_cannot_be_finished_says_so(many):
    api, proxy = many

    with stream(api) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        proxy.refuse()
        last = [first, *lines][-1]

    assert json.loads(first)["id"] == "gitlab:000000"
    told = json.loads(last)
    assert (told["status"], told["code"]) == (503, "incomplete")
    assert "id" not in told
