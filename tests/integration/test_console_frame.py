"""Show what all pages of the console share: the frame, errors, files, and coming in."""

import hashlib
import re
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from api import once
from api.console.assets import STATIC
from state.client import has_primary
from tests.consoles import Visits, words
from tests.proxy import Proxy
from tests.receiver import until

PAGE = "/console/state/users"


@pytest.fixture(scope="module")
def console(mongodb, tmp_path_factory):
    visits = Visits(tmp_path_factory.mktemp("console"), mongodb.url)
    yield visits
    visits.close()


@pytest.fixture
def enter(console):
    """Follow a fresh link, as from an address; return the answer and the client."""

    def follow(address="127.0.0.1", method="GET", code=None, **headers):
        code = code or once.make(console.folder, datetime.now(UTC).timestamp())
        client = console.app.test_client()
        answer = client.open(
            f"/console/enter/{code}",
            method=method,
            headers=headers,
            environ_base={"REMOTE_ADDR": address},
        )
        return answer, client

    return follow


def test_the_first_page_of_the_api_is_the_console(console):
    answer = console.get("/", role=None)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")


def test_a_page_has_a_frame_for_people_and_for_screen_readers(console):
    page = console.get(PAGE).text

    assert '<html lang="en">' in page
    assert "<title>Users · Forgewire</title>" in page
    assert 'href="#content">Skip to the content' in page
    assert re.search(r'<a href="/console/state" aria-current="page">State</a>', page)
    assert len(re.findall(r"<h1\b", page)) == 1
    assert "service:viewer" in page


def test_no_script_and_no_style_is_in_a_page_itself(console):
    for path in (PAGE, "/console/nowhere", "/console/sign-in"):
        answer = console.get(path)
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL)

        assert not any(scripts), path
        assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", answer.text)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


def test_all_that_a_page_loads_is_ours_and_may_be_kept_until_it_changes(console):
    page = console.get(PAGE).text
    loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', page)

    assert len(loaded) >= 4
    for path in loaded:
        assert path.startswith("/console/static/")
        answer = console.get(path, role=None)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["Cache-Control"]
        assert "max-age=31536000" in answer.headers["Cache-Control"]
    unversioned = console.get("/console/static/console.css", role=None)
    assert "no-cache" in unversioned.headers["Cache-Control"]


def test_what_others_wrote_is_here_as_they_published_it():
    sums = (STATIC / "vendor" / "SHA256SUMS").read_text().splitlines()
    told = dict(reversed(line.split(maxsplit=1)) for line in sums if line[0] != "#")
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").iterdir()
        if path.name != "SHA256SUMS"
    }

    assert found == told
    scripts = {name.partition(".")[0] for name in found if name.endswith(".js")}
    assert {f"{name}.LICENSE" for name in scripts} <= found.keys()


@pytest.mark.parametrize(
    "path",
    ["/console/nowhere", "/console/state/nothing", "/console/state/users/gitlab:9"],
)
def test_what_there_is_not_is_told_in_words(console, path):
    answer = console.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in answer.text


def test_who_is_not_signed_in_comes_back_to_the_page_after_it(console):
    answer = console.get(f"{PAGE}?q=ad%26a&sort=-name", role=None)

    assert answer.status_code == 303
    url = urlsplit(answer.headers["Location"])
    assert url.path == "/console/sign-in"
    assert parse_qs(url.query)["next"] == [f"{PAGE}?q=ad%26a&sort=-name"]


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(console):
    here = "http://localhost/console/state/groups?q=a"

    answer = console.part(PAGE, role=None, HX_Current_URL=here)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == (
        "/console/sign-in?next=%2Fconsole%2Fstate%2Fgroups%3Fq%3Da"
    )
    assert answer.text == ""


@pytest.fixture(scope="module")
def with_provider(mongodb, tmp_path_factory):
    """A console where people sign in at a Git host."""
    visits = Visits(
        tmp_path_factory.mktemp("provider"),
        mongodb.url,
        GITLAB_URL="https://git.example.com",
        GITLAB_CLIENT_ID="forgewire",
        GITLAB_CLIENT_SECRET="hush",
        LOGIN_RATE="3/hour",
    )
    yield visits
    visits.close()


def test_the_sign_in_names_the_places_that_are_set_up(with_provider):
    answer = with_provider.get("/console/sign-in?next=/console/state", role=None)

    assert "Sign in at git.example.com" in words(answer)
    assert 'href="/-/oauth/gitlab?next=%2Fconsole%2Fstate"' in answer.text
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil", "evil", "/evil page", ""],
)
def test_the_sign_in_leads_back_to_paths_of_ours_only(with_provider, path):
    page = with_provider.get(f"/console/sign-in?next={path}", role=None).text

    assert 'href="/-/oauth/gitlab?next=%2Fconsole%2F"' in page
    assert "evil" not in page


def test_without_a_place_to_sign_in_the_page_says_what_to_set(console):
    said = words(console.get("/console/sign-in", role=None))

    assert "No place to sign in is set up" in said
    assert "FORGEWIRE_GITLAB_URL" in said
    assert "forgewire console" in said


def test_a_link_signs_in_once_as_an_admin_of_this_machine(console, enter):
    answer, client = enter()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
    cookie = next(
        it for it in answer.headers.getlist("Set-Cookie") if "forgewire=" in it
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "service:local" in page.text
    assert ">admin<" in page.text
    code = answer.request.path.rpartition("/")[2]
    again, _ = enter(code=code)
    assert again.status_code == 403
    assert "Set-Cookie" not in again.headers
    assert "This link does not work" in again.text


def test_the_trail_notes_who_came_in_and_not_by_which_link(console, enter):
    answer, _ = enter()

    code = answer.request.path.rpartition("/")[2]
    row = console.db["changes"].find_one(sort=[("at", -1)])
    assert row["subject"] == "service:local"
    assert row["route"] == "/console/enter/<code>"
    assert code not in str(list(console.db["changes"].find()))
    assert code not in str(list(console.db["tokens"].find()))


def test_who_is_refused_next_is_not_taken_for_who_came_in(console, enter):
    enter()
    noted = console.db["changes"].count_documents({})

    assert console.app.test_client().get(PAGE).status_code == 303

    assert console.db["changes"].count_documents({}) == noted


@pytest.mark.parametrize(
    ("address", "headers"),
    [("192.0.2.7", {}), ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}), ("", {})],
    ids=["another machine", "through a proxy", "nobody knows"],
)
def test_a_link_is_good_on_this_machine_only_and_stays_good(enter, address, headers):
    refused, _ = enter(address, **headers)
    code = refused.request.path.rpartition("/")[2]

    assert refused.status_code == 403
    assert enter(code=code)[0].status_code == 303


def test_looking_ahead_at_a_link_does_not_use_it_up(enter):
    ahead, _ = enter(method="HEAD")
    code = ahead.request.path.rpartition("/")[2]

    assert ahead.status_code == 403
    assert enter(code=code)[0].status_code == 303


def test_who_was_switched_off_does_not_come_in_by_a_link_either(console, enter):
    accounts = console.services.accounts
    enter()
    accounts.deactivate("service:local", by="tests", at=datetime.now(UTC))
    try:
        answer, _ = enter()
    finally:
        accounts.set_role("service:local", "admin", by="tests", at=datetime.now(UTC))

    assert answer.status_code == 403
    assert "You may not sign in here" in words(answer)


def test_signing_out_ends_the_session_here_and_at_once(console, enter):
    _, client = enter()
    token = client.get_cookie("forgewire").value
    page = client.get(PAGE).text
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    answer = client.post("/console/sign-out", data={"csrf_token": csrf})

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/console/sign-in?signed-out"
    assert "You are signed out here" in client.get(answer.headers["Location"]).text
    assert client.get(PAGE).status_code == 303
    other = console.app.test_client()
    other.set_cookie("forgewire", token)
    assert other.get(PAGE).status_code == 303


def test_a_form_without_its_csrf_token_changes_nothing(console):
    client = console.client("operator")

    for sent in (
        {},
        {"csrf_token": "made-up"},
        {"csrf_token": console.csrf_token("viewer")},
    ):
        answer = client.post("/console/sign-out", data=sent)

        assert answer.status_code == 403
        assert "This page is too old to send from" in words(answer)
    assert client.get(PAGE).status_code == 200


def test_another_sites_form_is_refused_whatever_it_sends(console):
    headers = {"Sec-Fetch-Site": "cross-site"}

    answer = console.post("/console/sign-out", "operator", headers)

    assert answer.status_code == 403


def test_a_part_that_fails_says_why_in_a_few_words(console):
    answer = console.part("/console/state/nothing")

    assert answer.status_code == 404
    assert answer.text.startswith('<p class="notice bad" role="alert">')


BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def test_a_browser_is_told_in_words_why_nobody_is_signed_in(with_provider):
    path = "/-/oauth/gitlab/callback?code=a&state=b"

    shown = with_provider.get(path, role=None, Accept=BROWSER)
    told = with_provider.get(path, role=None, Accept="*/*")

    assert (shown.status_code, told.status_code) == (400, 400)
    assert "This browser has no such sign-in under way" in words(shown)
    assert 'href="/console/sign-in"' in shown.text
    assert "style-src 'self'" in shown.headers["Content-Security-Policy"]
    assert told.headers["Content-Type"] == "application/problem+json"


def test_too_many_tries_are_told_in_words(with_provider):
    answers = [with_provider.get("/console/enter/x", role=None) for _ in range(2)]

    assert [it.status_code for it in answers] == [403, 429]
    assert "Too many tries" in words(answers[1])
    assert int(answers[1].headers["Retry-After"]) > 3_000


@pytest.fixture
def stranded(mongodb, tmp_path):
    """A console whose MongoDB can go away: `proxy.refuse()`."""
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/test_stranded?directConnection=true"
    visits = Visits(tmp_path, mongodb.url, MONGODB_URL=url)
    visits.proxy = proxy
    yield visits
    proxy.admit()
    until(lambda: has_primary(visits.db, seconds=1), "MongoDB is back")
    visits.close()
    proxy.close()


def test_without_mongodb_who_was_there_lately_is_told_so_and_may_only_look(stranded):
    assert stranded.get(PAGE, "admin").status_code == 200
    stranded.proxy.refuse()
    begun = time.monotonic()

    answer = stranded.get(PAGE, "admin")

    assert time.monotonic() - begun < 3
    assert answer.status_code == 503
    assert "MongoDB is away" in words(answer)
    assert re.search(r'class="badge neutral">viewer<', answer.text)
    assert '<nav aria-label="Pages">' in answer.text
    assert stranded.client("admin").post("/console/sign-out").status_code == 503
    stranded.proxy.admit()
    until(lambda: stranded.get(PAGE, "admin").status_code == 200, "all is well again")


def test_without_mongodb_nobody_else_comes_in(stranded):
    token = stranded.token("viewer")
    stranded.proxy.refuse()
    client = stranded.app.test_client()
    client.set_cookie("forgewire", token)

    assert client.get(PAGE).status_code == 503
    client.set_cookie("forgewire", "made-up")
    assert client.get(PAGE).status_code == 303
    assert client.get("/console/sign-in").status_code == 200
