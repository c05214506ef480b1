"""Sign in at a real OpenID Connect issuer: the npm package `oidc-provider`."""

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.api import Api
from tests.signing import Browser, changed, issuer, query

SECRET = "the secret: of a+client%"
PEOPLE = {
    "51": {"preferred_username": "ada", "groups": ["readers"]},
    "52": {"preferred_username": "Grace", "groups": ["on-call", "git-admins"]},
    "ada@example.com": {},
    "99": {"preferred_username": "stranger", "groups": ["git-admins"]},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    site = issuer(tmp_path_factory.mktemp("issuer"))
    yield site
    site.stop()


def access(provider, **more):
    return {
        "OIDC_ISSUER": f"{provider.url}/",
        "OIDC_CLIENT_ID": "forgewire",
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_ROLES_CLAIM": "groups",
        "OIDC_ROLES": "git-admins=admin,on-call=operator",
        "ALLOW_PRIVATE_ENDPOINTS": "true",
        "LOGIN_RATE": "10000/minute",
    } | more


@pytest.fixture(scope="module")
def api_settings(provider):
    return access(provider)


def known(api):
    """Put the people that hooks told of into the database of an API."""
    api.db["users"].delete_many({})
    api.db["accounts"].delete_many({})
    api.db["users"].insert_many(
        {
            "_id": f"{source}:{id_}",
            "source": source,
            "user_id": id_,
            "username": username,
            "state": state,
            "teams": ["gitlab"],
        }
        for source, id_, username, state in (
            ("gitlab", 51, "ada", "active"),
            ("gitlab", 52, "grace", "active"),
            ("gitlab", 53, "Grace", "deleted"),
        )
    )


@pytest.fixture(autouse=True)
def ready(api, provider):
    known(api)
    provider.setup(
        people=PEOPLE,
        redirect_uris=[f"{api.url}/-/oauth/oidc/callback"],
        logout_uris=[f"{api.url}/"],
        overrides={},
        user_info={},
        away=False,
    )


@pytest.fixture
def browser(api):
    with Browser(api.url) as it:
        yield it


def back(browser, sub="51"):
    return browser.vouched(browser.sent_from("/-/oauth/oidc"), sub)


def role_of(api, sub):
    """The role that somebody has after signing in anew."""
    with Browser(api.url) as browser:
        browser.sent_from(back(browser, sub))
        return browser.get("/-/session").json()["role"]


def refusal(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "forgewire" not in answer.cookies
    return answer.status_code, answer.json()["code"]


def test_somebody_signs_in(api, provider, browser):
    url = browser.sent_from("/-/oauth/oidc")
    assert url.startswith(f"{provider.url}/auth?")
    told = query(url)
    assert told["scope"] == "openid profile"
    assert told["code_challenge_method"] == "S256"
    assert len(told["nonce"]) >= 32

    assert browser.sent_from(browser.vouched(url, "51")) == "/"

    session = browser.get("/-/session").json()
    assert session["user_id"] == "gitlab:51"
    assert session["username"] == "ada"
    assert session["role"] == "viewer"


def test_who_signs_out_is_told_where_the_issuer_does(api, provider, browser):
    browser.sent_from(back(browser))
    headers = {"X-CSRFToken": browser.get("/-/session").json()["csrf_token"]}

    url = browser.post("/-/logout", headers=headers).json()["end_session_url"]

    assert url.startswith(f"{provider.url}/session/end?")
    assert query(url) == {
        "client_id": "forgewire",
        "post_logout_redirect_uri": f"{api.url}/",
    }
    assert browser.get(url).status_code == 200


def test_the_console_leads_who_signs_out_to_where_the_issuer_does(
    api, provider, browser
):
    browser.sent_from(back(browser))
    csrf = browser.get("/-/session").json()["csrf_token"]

    answer = browser.post("/console/sign-out", data={"csrf_token": csrf})
    shown, again = (browser.get(answer.headers["Location"]).text for _ in "12")

    url = re.search(r'<a href="([^"]+)">sign out there, too', shown)[1]
    assert url.startswith(f"{provider.url}/session/end?")
    assert browser.get(unescape(url)).status_code == 200
    assert "sign out there" not in again
    assert browser.get("/console/").headers["Location"].startswith("/console/sign-in")


def test_an_issuer_that_changed_its_keys_is_asked_for_the_new_ones(provider, browser):
    browser.sent_from(back(browser))

    provider.setup(new_keys=True)

    assert browser.sent_from(back(browser)) == "/"


class TestAnIdToken:
    @pytest.mark.parametrize(
        ("wrong", "claim"),
        [
            ({"aud": "another-client"}, "aud"),
            ({"aud": ["forgewire", "another-client"]}, "azp"),
            ({"azp": "another-client"}, "azp"),
            ({"iss": "https://evil.example"}, "iss"),
            ({"exp": 1}, "exp"),
            ({"exp": None}, "exp"),
            ({"nonce": "another-sign-in"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"iat": 9_999_999_999}, "iat"),
            ({"sub": None}, "sub"),
        ],
    )
    def test_that_is_wrong_is_refused(self, api, provider, browser, wrong, claim):
        url = back(browser)
        provider.setup(overrides=wrong)

        assert refusal(browser.get(url)) == (401, "sign-in-refused")
        assert re.fullmatch(f"the id token: .* {claim}", api.lines()[-1]["why"])

    def test_that_is_right_passes_as_the_wrong_ones_do_not(self, provider, browser):
        url = back(browser)
        provider.setup(overrides={"aud": ["forgewire"], "azp": "forgewire"})

        assert browser.sent_from(url) == "/"

    def test_for_another_start_is_refused(self, browser):
        """Who changes the nonce on the way to the issuer gains nothing."""
        url = changed(browser.sent_from("/-/oauth/oidc"), nonce="n" * 32)

        answer = browser.get(browser.vouched(url, "51"))

        assert refusal(answer) == (401, "sign-in-refused")


def test_user_info_of_somebody_else_is_not_believed(api, provider, browser):
    url = back(browser)
    provider.setup(user_info={"sub": "52", "groups": ["git-admins"]})

    assert refusal(browser.get(url)) == (502, "provider-away")
    assert list(api.db["accounts"].find()) == []


def test_fault_10_a_replay_and_a_foreign_browser_are_refused(api, browser):
    url = back(browser)
    with Browser(api.url) as victim:
        victim.sent_from("/-/oauth/oidc")
        assert refusal(victim.get(url)) == (400, "sign-in-not-begun")
    browser.sent_from(url)

    assert refusal(browser.get(url)) == (400, "sign-in-not-begun")


def test_a_code_that_the_issuer_refuses_signs_nobody_in(browser):
    url = changed(back(browser), code="guessed")

    assert refusal(browser.get(url)) == (401, "sign-in-refused")


class TestWhoIsNotAllowed:
    def test_a_stranger_gets_neither_session_nor_account(self, api, browser):
        assert refusal(browser.get(back(browser, "99"))) == (403, "sign-in-forbidden")
        assert list(api.db["accounts"].find()) == []

    def test_nor_does_who_has_no_id_of_the_host(self, api, browser):
        answer = browser.get(back(browser, "ada@example.com"))

        assert refusal(answer) == (403, "sign-in-forbidden")
        assert "ada@example.com" not in api.log.read_text()

    def test_a_claim_switches_nobody_on_who_is_off(self, api, browser):
        off = {"by": "tests", "at": datetime.now(UTC)}
        api.services.accounts.deactivate("gitlab:52", **off)

        assert refusal(browser.get(back(browser, "52"))) == (403, "sign-in-forbidden")
        assert api.services.accounts.standing("gitlab:52").role is None


class TestRoles:
    def test_the_highest_that_claims_give_counts(self, api):
        assert role_of(api, "52") == "admin"

    def test_one_goes_with_the_group_at_the_next_sign_in(self, api, provider):
        role_of(api, "52")

        for groups, role in ((["on-call"], "operator"), ([], "viewer")):
            people = PEOPLE | {"52": {"groups": groups}}
            provider.setup(people=people)
            assert role_of(api, "52") == role

    def test_one_that_is_lost_takes_older_tokens_along(self, api, provider, browser):
        browser.sent_from(back(browser, "52"))
        assert browser.get("/-/session").json()["role"] == "admin"

        provider.setup(people=PEOPLE | {"52": {"groups": []}})
        role_of(api, "52")

        assert browser.get("/-/session").status_code == 401

    def test_each_change_of_one_is_in_the_trail(self, api, provider):
        noted = api.db["changes"]
        noted.delete_many({})
        role_of(api, "52")
        provider.setup(people=PEOPLE | {"52": {"groups": []}})
        role_of(api, "52")
        role_of(api, "52")

        rows = list(noted.find({"subject": "gitlab:52"}).sort("at"))

        assert [it["parameters"].get("role", "as before") for it in rows] == [
            "admin",
            None,
            "as before",
        ]
        assert {it["route"] for it in rows} == {"/-/oauth/<provider>/callback"}

    def test_what_an_operator_decided_stands(self, api):
        granted = {"by": "tests", "at": datetime.now(UTC)}
        api.services.accounts.set_role("gitlab:52", "operator", **granted)

        assert role_of(api, "52") == "operator"

    @pytest.mark.parametrize("groups", ["git-admins", ["git-admins", 7, None]])
    def test_claims_of_several_forms_are_understood(self, api, provider, groups):
        provider.setup(people=PEOPLE | {"51": {"groups": groups}})

        assert role_of(api, "51") == "admin"


@pytest.fixture(scope="module")
def by_name(mongodb, tmp_path_factory, provider):
    """An API for which another claim than `sub` says who it is."""
    settings = access(provider, OIDC_USER_CLAIM="preferred_username")
    running = Api(tmp_path_factory.mktemp("api-names"), mongodb.url, **settings)
    try:
        yield running.wait()
    finally:
        running.close()


class TestByUsername:
    @pytest.fixture
    def browser(self, by_name, provider):
        known(by_name)
        provider.setup(redirect_uris=[f"{by_name.url}/-/oauth/oidc/callback"])
        with Browser(by_name.url) as it:
            yield it

    @pytest.mark.parametrize(("sub", "user"), [("51", "51"), ("52", "52")])
    def test_letter_case_does_not_matter(self, browser, sub, user):
        browser.sent_from(back(browser, sub))

        assert browser.get("/-/session").json()["user_id"] == f"gitlab:{user}"

    def test_a_name_that_two_have_signs_nobody_in(self, by_name, browser):
        other = {"_id": "eu:7", "username": "ADA", "state": "active"}
        by_name.db["users"].insert_one(other | {"source": "eu", "teams": ["gitlab"]})

        assert refusal(browser.get(back(browser))) == (403, "sign-in-forbidden")

    @pytest.mark.parametrize("claims", [{}, {"preferred_username": ["ada"]}])
    def test_without_a_name_nobody_is_signed_in(self, provider, browser, claims):
        provider.setup(people={"51": claims})

        assert refusal(browser.get(back(browser))) == (403, "sign-in-forbidden")


def test_nothing_that_is_secret_is_logged_or_kept(api, browser):
    url = back(browser, "52")
    browser.sent_from(url)
    told = query(url)
    secrets = {SECRET, told["code"], told["state"], "git-admins", "race"}

    log = api.log.read_text()
    kept = "".join(
        json.dumps(list(api.db[name].find()), default=str)
        for name in api.db.list_collection_names()
        if name != "users"
    )

    assert "signed-in" in log
    assert [it for it in secrets if it in log] == []
    assert [it for it in secrets if it in kept] == []


class TestAnIssuerThatIsAway:
    def test_is_a_bad_gateway(self, provider, browser):
        url = back(browser)
        provider.setup(away=True)

        # Where it is was told before; whether the code is good, nobody can say.
        assert refusal(browser.get(url)) == (502, "provider-away")

    def test_is_no_reason_not_to_sign_out(self, api, provider, browser):
        browser.sent_from(back(browser))
        headers = {"X-CSRFToken": browser.get("/-/session").json()["csrf_token"]}
        provider.setup(away=True)

        assert browser.post("/-/logout", headers=headers).status_code == 200

    def test_is_asked_at_the_next_start(self, api, provider, browser):
        provider.setup(away=True)
        api.end()
        api.start()
        api.wait()

        assert refusal(browser.get("/-/oauth/oidc")) == (502, "provider-away")

        provider.setup(away=False)
        assert browser.sent_from(back(browser)) == "/"
