"""Show the state in the console: lists, search, order, pages, and one document."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from handlers.changes import Delete, Put
from state.ledger import Ledger
from state.store import Decided, Store
from state.version import Stamp
from tests.consoles import Visits, words
from tests.operating import a_row

KINDS = (
    "users",
    "projects",
    "groups",
    "memberships",
    "access-requests",
    "keys",
    "activity",
    "approvals",
    "teams",
)
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
#: A name that would be markup if it were not written as text.
SCRIPT = "<script>alert(1)</script>"
USERS = "/console/state/users"


@pytest.fixture(scope="module")
def console(mongodb, tmp_path_factory):
    """User 41 in project 5 of group 3, and some more users; user 99 is gone."""
    visits = Visits(tmp_path_factory.mktemp("console"), mongodb.url)
    fill(visits.db)
    yield visits
    visits.close()


def fill(db):
    told = {"updated_at": AT, "created_at": AT}
    names = {41: ("ada", "Ada Sample"), 42: ("Bob", SCRIPT)}
    users = names | {it: (f"user{it:03}", "Somebody") for it in range(100, 160)}
    path = {"path_with_namespace": "tools/forge", "name": "Forge"}
    changes = [
        *(
            Put("users", it, {"username": u, "name": n, **told})
            for it, (u, n) in users.items()
        ),
        Put("groups", 3, {"full_path": "tools", "name": "Tools", **told}),
        Put(
            "projects", 5, {**path, "namespace_id": 3, "visibility": "private", **told}
        ),
        *(
            Put(
                "memberships", f"{place}:{user}", {"access_level": "Maintainer", **told}
            )
            for place in ("project:5", "group:3")
            for user in (41, 42, *range(100, 112))
        ),
        Put("keys", 7, {"username": "ada", "kind": "user", "fingerprint": "SHA256:ab"}),
        Put("users", 99, {"username": "gone", "name": "Gone"}),
        Delete("users", 99),
    ]
    stamps = (
        Stamp("gitlab", "user_create", f"d-{number}", number + 1, AT, AT)
        for number in range(len(changes))
    )
    Store(db, "gitlab").apply(
        [Decided(*it) for it in zip(stamps, ([one] for one in changes), strict=True)]
    )
    Ledger(db).write(
        [
            a_row(1, entity="users/41"),
            a_row(2, entity="users/41", event="user_rename", outcome="stale"),
            a_row(3, entity="users/42", event="push"),
            a_row(4, entity="users/41", source="other", event="key_create"),
        ]
    )


def names_of(answer):
    """What the heads of the rows of a page say."""
    found = re.findall(r'<th scope="row">(.*?)</th>', answer.text, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", it)).strip() for it in found]


def next_of(answer):
    found = re.findall(r'<a class="button" href="([^"]+)" rel="next">', answer.text)
    return unescape(found[0]) if found else None


def section(answer, heading):
    """What the part of a page under a heading says."""
    found = re.search(
        rf"<h2[^>]*>{heading}</h2>(.*?)</section>", answer.text, re.DOTALL
    )
    return found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_list_and_all_others_beside_it(console, kind):
    answer = console.get(f"/console/state/{kind}")

    assert answer.status_code == 200
    assert f'href="/console/state/{kind}" aria-current="page"' in answer.text
    assert [it for it in KINDS if f'href="/console/state/{it}"' in answer.text] == [
        *KINDS
    ]


def test_the_state_begins_with_its_users(console):
    answer = console.get("/console/state")

    assert (answer.status_code, answer.headers["Location"]) == (303, USERS)


def test_users_are_found_by_how_they_begin_in_any_case(console):
    found = console.get(f"{USERS}?q=AD&sort=username")

    assert names_of(found) == ["ada"]
    assert 'value="AD"' in found.text
    assert 'href="/console/state/users/gitlab%3A41"' in found.text


def test_users_are_found_by_their_names_if_ordered_by_them(console):
    assert names_of(console.get(f"{USERS}?q=ada&sort=name")) == ["ada"]
    assert names_of(console.get(f"{USERS}?q=<script&sort=-name")) == ["Bob"]


def test_what_the_host_tells_is_text_and_never_markup(console):
    for path in (f"{USERS}?q=bob", f"{USERS}/gitlab:42", f"{USERS}?q={SCRIPT}"):
        answer = console.get(path)

        assert answer.status_code == 200
        assert SCRIPT not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_pages_follow_one_another_and_lead_back(console):
    first = console.get(f"{USERS}?sort=username&limit=40&q=")
    second = console.get(next_of(first))

    assert len(names_of(first)) == 40
    assert len(names_of(second)) == 22
    assert names_of(first) + names_of(second) == sorted(
        names_of(first) + names_of(second), key=str.lower
    )
    assert next_of(second) is None
    assert "First page" not in first.text
    assert f'href="{USERS}?sort=username&amp;limit=40">First page' in second.text


def test_the_head_of_a_column_orders_by_it_and_then_backwards(console):
    usual = console.get(USERS)
    forward = console.get(f"{USERS}?sort=username")
    backward = console.get(f"{USERS}?sort=-username")

    assert f'href="{USERS}?sort=username"' in usual.text
    assert re.search(
        r'aria-sort="ascending"><a href="[^"]*sort=-username"', forward.text
    )
    assert re.search(
        r'aria-sort="descending"><a href="[^"]*sort=username"', backward.text
    )
    assert names_of(forward)[0] == "ada"
    assert names_of(backward)[0] == "user159"


def test_who_is_deleted_is_shown_if_asked_for_by_ids_only(console):
    assert "gitlab:99" not in console.get(f"{USERS}?limit=100").text

    listed = console.get(f"{USERS}?state=deleted")
    one = console.get(f"{USERS}/gitlab:99")

    assert names_of(listed) == ["gitlab:99 ○deleted"]
    assert "The host deleted it" in words(one)
    assert "gone" not in words(one).lower().replace("gone user", "")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/console/state/memberships?user_id=abc", "Not a number."),
        ("/console/state/users?sort=shoe-size", "Must be one of"),
        ("/console/state/users?state=asleep", "Must be one of"),
    ],
)
def test_what_does_not_fit_is_told_beside_the_form(console, path, said):
    answer = console.get(path)

    assert answer.status_code == 422
    assert said in words(answer)
    assert 'role="alert"' in answer.text
    assert "<form" in answer.text


def test_a_cursor_that_is_none_of_ours_is_told(console):
    answer = console.get(f"{USERS}?cursor=made-up")

    assert answer.status_code == 400
    assert "The cursor is not good" in words(answer)


def test_a_search_without_result_says_so_and_how_to_search(console):
    said = words(console.get(f"{USERS}?q=nobody"))

    assert "Nothing here is like that" in said
    assert "Clear" in said


def test_where_no_hook_told_of_anything_it_says_what_would_be_there(console):
    said = words(console.get("/console/state/approvals"))

    assert "No hook has told of any approvals yet" in said


def test_members_are_shown_by_name_and_lead_to_who_and_where(console):
    answer = console.get("/console/state/memberships?user_id=41")

    assert sorted(names_of(answer)) == ["gitlab:group:3:41", "gitlab:project:5:41"]
    assert '<a href="/console/state/users/gitlab%3A41">ada</a>' in answer.text
    assert '<a href="/console/state/projects/gitlab%3A5">tools/forge</a>' in answer.text
    assert '<a href="/console/state/groups/gitlab%3A3">tools</a>' in answer.text


def test_a_document_shows_what_is_known_and_what_belongs_to_it(console):
    answer = console.get("/console/state/projects/gitlab:5")

    assert "<h1>tools/forge</h1>" in answer.text
    known = section(answer, "What is known")
    assert "private" in known
    assert '<a href="/console/state/groups/gitlab%3A3">tools</a>' in known
    assert "2026-11-01 12:00:00 UTC" in known
    members = section(answer, "Memberships")
    assert ">user100</a>" in members
    assert members.count("<tr>") == 1 + 10
    assert (
        'href="/console/state/memberships?project_id=5&amp;source=gitlab">'
        "All memberships" in members
    )


def test_a_user_shows_their_keys(console):
    keys = section(console.get(f"{USERS}/gitlab:41"), "Keys")

    assert '<a href="/console/state/keys/gitlab%3A7">7</a>' in keys
    assert "SHA256:ab" in keys


def test_a_group_shows_its_projects(console):
    projects = section(console.get("/console/state/groups/gitlab:3"), "Projects")

    assert ">tools/forge</a>" in projects


def test_a_document_shows_the_deliveries_about_it_the_newest_first(console):
    history = section(console.get(f"{USERS}/gitlab:41"), "Deliveries")

    events = re.findall(r'<th scope="row"><a href="([^"]+)">(\w+)</a>', history)
    assert events == [
        ("/console/deliveries/gitlab/d-2", "user_rename"),
        ("/console/deliveries/gitlab/d-1", "user_create"),
    ]
    assert "stale" in history
    assert 'href="/console/deliveries?entity=users%2F41&amp;source=gitlab"' in history


def test_bookkeeping_is_not_shown(console):
    for path in (USERS, f"{USERS}/gitlab:41", "/console/state/projects/gitlab:5"):
        said = words(console.get(path)).lower()

        assert not re.search(r"\b(rev|version|marks|trail|people)\b", said)


def test_a_bug_of_ours_is_owned_up_to_and_quotes_nothing(console):
    console.db["groups"].insert_one(
        {"_id": "gitlab:8", "source": "gitlab", "state": "active", "updated_at": "hush"}
    )

    answer = console.get("/console/state/groups/gitlab:8")

    assert answer.status_code == 500
    assert "This is a bug" in words(answer)
    assert "hush" not in answer.text
    assert "Traceback" not in answer.text
