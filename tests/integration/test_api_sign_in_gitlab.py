"""Sign in at a Git host: by browser, and by a front end of somebody's own."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.githost import SETUP
from tests.signing import Browser, changed, githost, query

FRONT_END = "https://ui.example.com/callback"
SECRET = SETUP["client_secret"]
PEOPLE = {
    "41": "in the team",
    "42": "deleted",
    "43": "not in the team",
    "44": "deactivated",
    "45": "unknown",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    site = githost(tmp_path_factory.mktemp("githost"))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def api_settings(host):
    return {
        "GITLAB_URL": host.url,
        "GITLAB_CLIENT_ID": SETUP["client_id"],
        "GITLAB_CLIENT_SECRET": SECRET,
        "ALLOW_PRIVATE_ENDPOINTS": "true",
        "FRONTEND_URLS": f"https://other.example.com,{FRONT_END}",
        "CORS_ORIGINS": "https://ui.example.com",
        "LOGIN_RATE": "10000/minute",
    }


@pytest.fixture(scope="module")
def users(api):
    def user(id_, state="active", teams=("gitlab",)):
        return {
            "_id": f"gitlab:{id_}",
            "source": "gitlab",
            "user_id": id_,
            "username": f"user-{id_}",
            "state": state,
            "teams": list(teams),
        }

    users = [user(41), user(42, "deleted"), user(43, teams=()), user(44)]
    api.db["users"].insert_many(users)
    api.services.accounts.deactivate("gitlab:44", by="tests", at=datetime.now(UTC))


@pytest.fixture(autouse=True)
def ready(api, host, users):
    host.setup(
        mode="ok",
        redirect_uris=[f"{api.url}/-/oauth/gitlab/callback", FRONT_END],
        people={id_: {"id": int(id_), "state": "active"} for id_ in PEOPLE},
    )


@pytest.fixture
def browser(api):
    with Browser(api.url) as it:
        yield it


def back(browser, user="41", path="/-/oauth/gitlab"):
    """Where the Git host sends the browser after it began here and agreed there."""
    return browser.agreed(browser.sent_from(path), user)


def begun(browser, **params):
    answer = browser.get("/api/v1/login/gitlab", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["authorization_url"]


def ended(browser, url, path="/api/v1/login/gitlab"):
    """What a front end is told that passes on what it was sent back with."""
    return browser.post(path, params=query(url))


def refusal(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "forgewire" not in answer.cookies
    return answer.status_code, answer.json()["code"]


class TestTheWayThere:
    def test_leads_to_the_host_with_pkce_and_a_state_of_its_own(self, api, host):
        with Browser(api.url) as one, Browser(api.url) as other:
            urls = [it.sent_from("/-/oauth/gitlab") for it in (one, other)]

        told, others = map(query, urls)

        assert urls[0].startswith(f"{host.url}/oauth/authorize?")
        assert told["redirect_uri"] == f"{api.url}/-/oauth/gitlab/callback"
        assert told["client_id"] == SETUP["client_id"]
        assert told["code_challenge_method"] == "S256"
        assert told["scope"] == "read_user"
        assert len(told["state"]) >= 43
        assert told["state"] != others["state"]
        assert told["code_challenge"] != others["code_challenge"]
        assert SECRET not in urls[0]

    def test_is_known_by_what_nobody_can_read_in_the_database(self, api, browser):
        url = browser.sent_from("/-/oauth/gitlab")

        rows = json.dumps(list(api.db["sign_ins"].find()), default=str)

        assert query(url)["state"] not in rows
        assert browser.cookies["forgewire-sign-in"] not in rows

    @pytest.mark.parametrize("provider", ["github", "oidc", "GITLAB", "..."])
    def test_ends_where_no_provider_is(self, browser, provider):
        for path in (f"/-/oauth/{provider}", f"/api/v1/login/{provider}"):
            assert refusal(browser.get(path)) == (404, "no-provider")
        told = {"code": "a", "state": "b"}
        for method, path in (
            ("GET", f"/-/oauth/{provider}/callback"),
            ("POST", f"/api/v1/login/{provider}"),
        ):
            answer = browser.request(method, path, params=told)
            assert refusal(answer) == (404, "no-provider")

    def test_is_listed(self, browser):
        assert browser.get("/api/v1/login").json() == {
            "providers": [{"name": "gitlab", "start": "/-/oauth/gitlab"}]
        }


class TestABrowser:
    def test_gets_a_session(self, api, browser):
        assert browser.sent_from(back(browser)) == "/"

        told = browser.get("/-/session").json()

        assert told["user_id"] == "gitlab:41"
        assert told["username"] == "user-41"
        assert told["role"] == "viewer"

    def test_gets_a_cookie_that_scripts_and_other_sites_do_not_have(self, browser):
        answer = browser.get(back(browser))

        cookies = answer.raw.headers.getlist("Set-Cookie")

        (ours,) = [it for it in cookies if it.startswith("forgewire=")]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(ours.split("; "))
        assert "Max-Age=3600" in ours
        assert answer.headers["Cache-Control"] == "no-store"

    def test_goes_where_it_wanted_to(self, browser):
        path = "/-/oauth/gitlab?next=/apidocs%3Fa=b%23c"

        assert browser.sent_from(back(browser, path=path)) == "/apidocs?a=b#c"

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n",
            "javascript:alert(1)",
            "evil.example",
            "",
            "/" + "a" * 2_000,
        ],
    )
    def test_is_sent_nowhere_else(self, browser, elsewhere):
        answer = browser.get("/-/oauth/gitlab", params={"next": elsewhere})

        assert refusal(answer) == (422, "unprocessable-entity")

    def test_keeps_two_sign_ins_apart_that_are_under_way(self, browser):
        first, second = back(browser, path="/-/oauth/gitlab?next=/one"), back(browser)

        assert browser.sent_from(second) == "/"
        assert browser.sent_from(first) == "/one"

    def test_that_the_user_did_not_want_is_not_signed_in(self, browser):
        assert refusal(browser.get(back(browser, "nobody"))) == (401, "sign-in-refused")

    @pytest.mark.parametrize("user", ["42", "43", "44", "45"])
    def test_of_who_is_not_allowed_is_told_the_same(self, browser, user):
        answer = browser.get(back(browser, user))

        assert refusal(answer) == (403, "sign-in-forbidden")
        assert answer.json()["title"] == "You may not sign in here"

    @pytest.mark.parametrize("missing", ["state", "code"])
    def test_that_comes_back_with_half_is_refused(self, browser, missing):
        url = changed(back(browser), **{missing: ""})

        assert refusal(browser.get(url)) == (400, "no-code")


class TestFault10AStateServesOneBrowserOnce:
    """A state that is replayed, or of a foreign session, signs nobody in."""

    def test_a_replay_is_refused(self, api, browser):
        url = back(browser)
        browser.sent_from(url)

        assert refusal(browser.get(url)) == (400, "sign-in-not-begun")

    def test_of_many_at_once_one_is_let_in(self, api, browser):
        url = back(browser)
        cookies = browser.cookies.get_dict()

        def come_back(_):
            return api.call("GET", url.removeprefix(api.url), cookies=cookies)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(come_back, range(8)))

        assert sorted(it.status_code for it in answers) == [302] + [400] * 7

    def test_a_foreign_browser_is_refused_and_uses_nothing_up(self, api, browser):
        url = back(browser)

        with Browser(api.url) as victim:
            assert refusal(victim.get(url)) == (400, "sign-in-not-begun")
            back(victim)
            assert refusal(victim.get(url)) == (400, "sign-in-not-begun")

        assert browser.sent_from(url) == "/"

    def test_one_that_is_too_old_is_refused(self, api, browser):
        url = back(browser)
        past = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
        api.db["sign_ins"].update_many({}, past)

        assert refusal(browser.get(url)) == (400, "sign-in-not-begun")

    def test_one_of_a_front_end_is_none_of_the_browsers(self, browser):
        told = query(browser.agreed(begun(browser, redirect_uri=FRONT_END), "41"))

        answer = browser.get("/-/oauth/gitlab/callback", params=told)

        assert refusal(answer) == (400, "sign-in-not-begun")

    def test_one_of_the_browser_is_none_of_a_front_end(self, browser):
        assert refusal(ended(browser, back(browser))) == (400, "sign-in-not-begun")

    @pytest.mark.parametrize("state", ["x", "\x00", "é" * 600, "a" * 43])
    def test_one_that_nobody_made_is_refused(self, browser, state):
        url = changed(back(browser), state=state)

        assert refusal(browser.get(url)) == (400, "sign-in-not-begun")

    def test_it_ends_by_itself(self, api):
        indexes = api.db["sign_ins"].index_information()

        assert indexes["expiry"]["expireAfterSeconds"] == 0


class TestAFrontEnd:
    @pytest.mark.parametrize("path", ["/api/v1/login/gitlab", "/login/gitlab"])
    def test_gets_a_token(self, api, browser, path):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")
        assert url.startswith(f"{FRONT_END}?")

        answer = ended(browser, url, path)

        assert answer.status_code == 200
        told = answer.json()
        assert set(told) == {"jwt", "user_id"}
        assert told["user_id"] == "gitlab:41"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "forgewire" not in browser.cookies
        seen = api.call("GET", "/-/session", token=told["jwt"]).json()
        assert (seen["user_id"], seen["csrf_token"]) == ("gitlab:41", None)

    def test_that_names_no_url_gets_the_first(self, browser):
        assert query(begun(browser))["redirect_uri"] == "https://other.example.com"

    @pytest.mark.parametrize(
        "url",
        [
            f"{FRONT_END}/",
            f"{FRONT_END}?a=b",
            FRONT_END.upper(),
            "https://ui.example.com",
            "https://evil.example/callback",
        ],
    )
    def test_that_is_not_known_to_the_letter_is_refused(self, browser, url):
        answer = browser.get("/api/v1/login/gitlab", params={"redirect_uri": url})

        assert refusal(answer) == (400, "unknown-front-end")

    @pytest.mark.parametrize("missing", ["state", "code"])
    def test_that_brings_half_is_refused(self, browser, missing):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")

        assert refusal(ended(browser, changed(url, **{missing: ""}))) == (
            400,
            "no-code",
        )

    def test_that_brings_a_code_twice_is_refused(self, browser):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")
        ended(browser, url)

        assert refusal(ended(browser, url)) == (400, "sign-in-not-begun")

    def test_that_brings_a_foreign_state_is_refused(self, api, browser):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")

        with Browser(api.url) as other:
            assert refusal(ended(other, url)) == (400, "sign-in-not-begun")

    def test_is_told_of_a_code_that_the_host_refuses(self, browser):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")

        answer = ended(browser, changed(url, code="guessed"))

        assert refusal(answer) == (401, "sign-in-refused")

    def test_cannot_use_a_code_of_another_sign_in(self, browser):
        """PKCE: the host gives a code to who has the verifier of its start."""
        stolen = query(browser.agreed(begun(browser, redirect_uri=FRONT_END), "41"))
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")

        answer = ended(browser, changed(url, code=stolen["code"]))

        assert refusal(answer) == (401, "sign-in-refused")

    @pytest.mark.parametrize("user", ["42", "43", "44", "45"])
    def test_is_told_of_who_is_not_allowed(self, browser, user):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), user)

        assert refusal(ended(browser, url)) == (403, "sign-in-forbidden")

    def test_on_another_origin_may_bring_the_cookie_of_the_sign_in(self, browser):
        def allowed(answer):
            return answer.headers.get("Access-Control-Allow-Credentials")

        ours, others = "https://ui.example.com", "https://evil.example"
        params = {"redirect_uri": FRONT_END}
        begun, ended, foreign, elsewhere = (
            browser.request(method, path, params=params, headers={"Origin": origin})
            for method, path, origin in (
                ("GET", "/api/v1/login/gitlab", ours),
                ("POST", "/api/v1/login/gitlab", ours),
                ("GET", "/api/v1/login/gitlab", others),
                ("GET", "/-/session", ours),
            )
        )

        assert begun.headers["Access-Control-Allow-Origin"] == ours
        assert list(map(allowed, (begun, ended))) == ["true", "true"]
        assert list(map(allowed, (foreign, elsewhere))) == [None, None]

    @pytest.mark.parametrize("mode", ["broken", "away"])
    def test_is_told_that_the_host_is_away(self, host, browser, mode):
        url = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")
        host.setup(mode=mode)

        assert refusal(ended(browser, url)) == (502, "provider-away")


class TestASession:
    @pytest.fixture
    def signed_in(self, browser):
        browser.sent_from(back(browser))
        return browser

    def csrf(self, browser):
        return {"X-CSRFToken": browser.get("/-/session").json()["csrf_token"]}

    def test_ends_with_the_logout(self, api, signed_in):
        token = signed_in.cookies["forgewire"]

        answer = signed_in.post("/-/logout", headers=self.csrf(signed_in))

        assert answer.status_code == 200
        assert answer.json() == {"end_session_url": None}
        assert "forgewire" not in signed_in.cookies
        assert signed_in.get("/-/session").status_code == 401
        assert api.call("GET", "/-/session", token=token).status_code == 401

    def test_changes_nothing_without_its_csrf_token(self, signed_in):
        for headers in ({}, {"X-CSRFToken": "x"}, {"X-CSRFToken": ""}):
            answer = signed_in.post("/-/logout", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert signed_in.get("/-/session").ok

    def test_takes_no_csrf_token_of_another(self, api, signed_in):
        with Browser(api.url) as other:
            other.sent_from(back(other))
            answer = signed_in.post("/-/logout", headers=self.csrf(other))

        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")

    def test_takes_no_csrf_token_of_an_earlier_sign_in(self, signed_in):
        headers = self.csrf(signed_in)
        signed_in.sent_from(back(signed_in))

        answer = signed_in.post("/-/logout", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    def test_changes_nothing_for_another_site(self, signed_in, headers):
        answer = signed_in.post("/-/logout", headers=self.csrf(signed_in) | headers)

        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")

    def test_of_a_program_needs_no_csrf_token(self, api):
        token = api.token("viewer")

        assert api.call("POST", "/-/logout", token=token).status_code == 200
        assert api.call("GET", "/-/session", token=token).status_code == 401

    def test_is_over_when_the_user_is(self, api, signed_in):
        everyone = {"_id": "gitlab:41"}
        api.db["users"].update_one(everyone, {"$set": {"state": "deleted"}})

        assert signed_in.get("/-/session").status_code == 401

        api.db["users"].update_one(everyone, {"$set": {"state": "active"}})


def test_a_bearer_token_counts_before_the_cookie(api, browser):
    browser.sent_from(back(browser))

    for token, status in ((api.token("viewer"), 200), ("garbage", 401)):
        bearer = {"Authorization": f"Bearer {token}"}
        assert browser.get("/-/session", headers=bearer).status_code == status


def test_nothing_that_is_secret_is_logged_or_kept(api, host, browser):
    url = back(browser)
    browser.sent_from(url)
    front_end = browser.agreed(begun(browser, redirect_uri=FRONT_END), "41")
    jwt = ended(browser, front_end).json()["jwt"]
    secrets = {
        SECRET,
        jwt,
        browser.cookies["forgewire"],
        query(url)["code"],
        query(url)["state"],
        query(front_end)["code"],
        "oauth-",
        "user-41",
    }

    log = api.log.read_text()
    kept = "".join(
        json.dumps(list(api.db[name].find()), default=str)
        for name in api.db.list_collection_names()
        if name != "users"
    )

    assert "signed-in" in log
    assert [it for it in secrets if it in log] == []
    assert [it for it in secrets if it in kept] == []


def test_the_host_sees_the_access_token_in_a_header_only(host, browser):
    browser.sent_from(back(browser))

    asked = requests.get(f"{host.url}/_/asked", timeout=10).json()

    paths = [path for _, path, _ in asked if path.startswith("/api/")]
    assert set(paths) == {"/api/v4/user"}
