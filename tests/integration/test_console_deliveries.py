"""The pages of deliveries: how each is found, and told as far as one may see."""

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from state import bodies
from state.client import has_primary
from state.ledger import Ledger
from state.packing import Body
from state.store import Store
from tests.consoles import Visits, words
from tests.operating import NOON, a_row
from tests.proxy import Proxy
from tests.receiver import until
from tests.samples.load import payload
from tests.spooling import a_message, a_store, keep
from tests.world import HANDLERS
from workers.decide import decide

LIST = "/console/deliveries"
CHANGED = [
    {
        "collection": "users",
        "id": 41,
        "verb": "put",
        "fields": ["username", "email"],
        "effect": True,
    },
    {"collection": "projects", "id": 74, "verb": "delete", "effect": False},
    {"collection": "users", "id": 41, "verb": "move"},
]


@pytest.fixture(scope="module")
def visits(mongodb, tmp_path_factory):
    found = Visits(tmp_path_factory.mktemp("deliveries"), mongodb.url)
    yield found
    found.close()


@pytest.fixture
def console(visits):
    """The console, with an empty ledger."""
    for name in ("deliveries", "bodies", "receivers"):
        visits.db[name].delete_many({})
    return visits


def keep_rows(console, *rows):
    Ledger(console.db).write(rows)


def keep_body(console, row, body):
    text = json.dumps(body).encode() if isinstance(body, dict) else body
    kept = Body(row.key, row.source, 1, row.processed_at, text)
    bodies.write(console.db, [kept])


def listed(answer):
    """The ids that a list shows, in its order."""
    assert answer.status_code == 200, answer.text
    rows = (
        answer.text.split("<tbody>")[1].split("</tbody>")[0]
        if "<tbody>" in answer.text
        else ""
    )
    return [
        it.split("</a>")[0].rpartition(">")[2]
        for it in rows.split('<th scope="row"')[1:]
    ]


def test_who_is_not_signed_in_is_sent_to_sign_in(console):
    for path in (LIST, f"{LIST}/gitlab/d-1"):
        answer = console.get(path, role=None)

        assert answer.status_code == 303
        assert "/console/sign-in?next=" in answer.headers["Location"]


def test_an_empty_ledger_says_what_would_be_there(console):
    assert "forgewire send tests/samples" in words(console.get(LIST))


def test_the_newest_are_listed_first_page_by_page(console):
    keep_rows(console, *(a_row(number) for number in range(120)))
    seen, path = [], LIST
    while path:
        answer = console.get(path)
        seen += listed(answer)
        rest = answer.text.partition('rel="next"')[0].rpartition('href="')[2]
        path = (
            rest.split('"')[0].replace("&amp;", "&")
            if 'rel="next"' in answer.text
            else None
        )

    assert seen == [f"d-{number}" for number in reversed(range(120))]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("id=d-7", ["d-7"]),
        ("id=d-", ["d-9", "d-8", "d-7"]),
        ("id=nothing", []),
        ("id=d-&source=other", ["d-9"]),
        ("event=push", ["d-8"]),
        ("outcome=dead", ["d-8"]),
        ("outcome=applied", ["d-9", "d-7"]),
        ("entity=user+42", ["d-9"]),
        ("entity=users/42&source=gitlab", []),
        ("source=other", ["d-9"]),
        ("since=2026-11-01T12:00:08", ["d-9", "d-8"]),
        ("since=2026-11-01T12:00&until=2026-11-01T12:00:08", ["d-7"]),
        ("within=7d", None),
    ],
)
def test_deliveries_are_found_by_what_is_known_of_them(console, search, found):
    keep_rows(
        console,
        a_row(7),
        a_row(8, event="push", outcome="dead", entity="activity/push:1:2"),
        a_row(9, source="other", entity="users/42"),
    )
    recent = datetime.now(UTC) - NOON < timedelta(days=7)
    if found is None:
        found = ["d-9", "d-8", "d-7"] if recent else []

    assert listed(console.get(f"{LIST}?{search}")) == found
    assert listed(console.part(f"{LIST}/rows?{search}")) == found


def test_what_cannot_be_understood_is_said_beside_its_field(console):
    keep_rows(console, a_row(1))

    answer = console.get(f"{LIST}?entity=41&outcome=lost&since=yesterday")

    assert answer.status_code == 422
    # All there is would look as if it fitted.
    assert "d-1" not in answer.text
    told = words(answer)
    assert "A kind and an id, such as users/41." in told
    assert "One of applied, duplicate" in told
    assert "A time in UTC" in told
    assert answer.text.count('aria-invalid="true"') == 3


@pytest.mark.parametrize("word", ["x", "WzEsImEiLDEsImIiXQ", "%00"])
def test_a_bad_cursor_leads_to_no_page(console, word):
    answer = console.get(f"{LIST}?cursor={word}")

    assert answer.status_code == 400
    assert "Search again from the beginning" in words(answer)


@pytest.mark.parametrize("odd", ["<script>", '"><b>', "a b/c?d#e", "ü%00", "$where"])
def test_whatever_is_typed_is_shown_as_text(console, odd):
    keep_rows(console, a_row(1, delivery_id=odd, event=odd, entity=f"users/{odd}"))

    page = console.get(f"{LIST}?id={quote(odd)}&event={quote(odd)}")
    one = console.get(f"{LIST}/gitlab/{quote(odd)}")

    assert one.status_code == 200
    for text in (page.text, one.text):
        assert "<script>" not in text.replace("<script src=", "")
        assert '"><b>' not in text


def test_the_list_follows_what_happens_while_it_may_change(console):
    keep_rows(console, *(a_row(number) for number in range(60)))

    first = console.get(f"{LIST}?event=user_create")
    older = first.text.partition('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    second = console.get(older.replace("&amp;", "&"))

    assert 'hx-get="/console/deliveries/rows?event=user_create"' in first.text
    assert "hx-get" not in second.text
    assert "hx-get" not in console.get(f"{LIST}?until=2026-11-01T12:00").text


def test_one_delivery_tells_its_way_and_what_it_changed(console):
    row = a_row(5, changed=CHANGED, attempts=2, trace_id="0af7651916cd43dd")
    again = a_row(9, delivery_id="d-5", outcome="duplicate", receipt="3f9c2a71.10")
    keep_rows(console, row, again)

    told = words(console.get(f"{LIST}/gitlab/d-5"))

    assert "applied What it tells was written to the state." in told
    assert "By the receiver 3f9c2a71, as number 6 since it started." in told
    assert "Trace 0af7651916cd43dd" in told
    assert "Taken by a worker 2 times" in told
    assert "2 of 3 changes had an effect: users/41, projects/74." in told
    assert "users/41 told username, email" in told
    assert "○ none: older news" in told
    assert "Delivered once more by the host" in told
    assert "The host delivered it 1 more time, without effect" in told


def test_a_viewer_sees_the_body_without_people_and_an_operator_with_them(console):
    body = payload("user_create") | {"runners_token": "open-sesame"}
    keep_rows(console, a_row(5))
    keep_body(console, a_row(5), body)

    viewer = console.get(f"{LIST}/gitlab/d-5").text
    operator = console.get(f"{LIST}/gitlab/d-5", role="operator").text

    for name in ("username", "name", "email"):
        assert body[name] not in viewer
        assert body[name] in operator
    assert str(body["user_id"]) in viewer
    assert "Personal data is masked for viewers" in viewer
    assert "masked for viewers" not in operator
    assert "sesame" not in viewer + operator


def test_of_somebody_who_is_gone_nobody_sees_anything(console):
    told = {"user_id": 88, "username": "gone", "name": "Gone", "email": "gone@x.y"}
    here = payload("user_create") | {"user_id": 89, "email": "here@x.y"}
    stories = [
        payload("user_create") | told,
        payload("user_rename", username="newer", old_username="gone") | {"user_id": 88},
        payload("user_destroy") | told,
    ]
    samples = ["user_create", "user_rename", "user_destroy"]
    Store(console.db, "gitlab").apply(
        [
            decide(
                a_message(n, json.dumps(body).encode(), event=event), HANDLERS
            ).decided
            for n, (event, body) in enumerate(zip(samples, stories, strict=True))
        ]
    )
    about = [
        *stories,
        payload("key_create", username="gone"),
        payload("push")
        | {
            "commits": [{"author": {"name": "Gone", "email": "gone@x.y"}}],
            "user_id": 1,
        },
    ]
    for number, body in enumerate([*about, here]):
        keep_rows(console, a_row(number))
        keep_body(console, a_row(number), body)

    pages = [
        console.get(f"{LIST}/gitlab/d-{n}", role="operator").text
        for n in range(len(about) + 1)
    ]

    for page in pages[:-1]:
        assert "It names somebody who is gone" in page
        assert not any(it in page for it in ("gone@x.y", '"Gone"', "&#34;gone&#34;"))
    assert "somebody who is gone" not in pages[-1]
    assert "here@x.y" in pages[-1]


def test_without_a_body_it_says_for_how_long_they_are_kept(console):
    keep_rows(console, a_row(5))

    assert "kept for 72 hours" in words(console.get(f"{LIST}/gitlab/d-5"))


def test_what_is_dead_leads_to_the_dead_letters_until_it_is_dropped(console):
    keep_rows(console, a_row(5, outcome="dead", reason="handler-failed", changed=None))

    page = console.get(f"{LIST}/gitlab/d-5")
    console.db["deliveries"].update_one(
        {}, {"$set": {"dropped_at": NOON, "note": "no"}}
    )
    dropped = words(console.get(f"{LIST}/gitlab/d-5"))

    assert "Rejected: handler-failed." in words(page)
    letter = 'href="/console/dead-letters/delivery/gitlab/d-5"'
    assert letter in page.text
    assert "Its dead letter was dropped" in dropped
    assert "somebody dropped its dead letter" in dropped
    assert "waits in the dead letters" not in dropped
    assert "Note: no" in dropped


def test_what_is_not_in_the_ledger_is_looked_for_in_the_spool(console):
    folder = console.settings.spool_dir
    folder.mkdir(parents=True, exist_ok=True)
    store = a_store(folder)
    keep(store, a_message(1))

    waits = console.get(f"{LIST}/gitlab/delivery-1")
    other = console.get(f"{LIST}/other/delivery-1")
    part = console.part(f"{LIST}/gitlab/delivery-1")
    store.close()

    assert (waits.status_code, part.status_code) == (404, 200)
    assert "It waits in the spool of this machine" in words(waits)
    assert "spool of another machine, or was never accepted" in words(other)
    assert 'hx-get="/console/deliveries/gitlab/delivery-1"' in waits.text
    assert "<html" not in part.text


def test_what_was_looked_for_is_shown_once_it_is_there_and_not_asked_for_again(console):
    keep_rows(console, a_row(5))

    part = console.part(f"{LIST}/gitlab/d-5")

    assert part.status_code == 286
    assert "Its way" in words(part)
    assert "hx-get" not in part.text


def test_while_mongodb_is_away_the_pages_say_so(stranded):
    assert stranded.get(LIST).status_code == 200
    stranded.proxy.refuse()
    begun = time.monotonic()

    page, part, one = (
        stranded.get(LIST),
        stranded.part(f"{LIST}/rows"),
        stranded.get(f"{LIST}/gitlab/d-1"),
    )

    assert time.monotonic() - begun < 9
    assert {page.status_code, part.status_code, one.status_code} == {503}
    assert "The ledger is in MongoDB, which is away." in words(page)
    assert 'role="search"' in page.text
    assert 'role="alert"' in part.text
    stranded.proxy.admit()
    until(lambda: stranded.get(LIST).status_code == 200, "all is well again")


@pytest.fixture
def stranded(mongodb, tmp_path):
    """A console whose MongoDB can go away: `proxy.refuse()`."""
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/test_stranded_rows?directConnection=true"
    visits = Visits(tmp_path, mongodb.url, MONGODB_URL=url)
    visits.proxy = proxy
    yield visits
    proxy.admit()
    until(lambda: has_primary(visits.db, seconds=1), "MongoDB is back")
    visits.close()
    proxy.close()
