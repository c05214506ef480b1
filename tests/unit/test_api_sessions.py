"""The cookies of browsers: over https nobody else can set or read them."""

from datetime import UTC, datetime

import pytest
from flask import Flask, jsonify

from api.login import answers
from api.problems import Refused, told
from api.sessions import Sessions, new_browser
from api.tokens import Fresh
from api.unanswered import Away, PrivateAddress, TimedOut
from state.issued import Issued

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FRESH = Fresh(
    "a-token",
    Issued("a-jti", "gitlab:41", ("viewer",), "sign-in", NOW, NOW.replace(hour=1)),
)


def client_of(public_url):
    """A browser of an application that signs in at /in, and out at /out."""
    app, sessions = Flask("test"), Sessions(public_url)
    app.config["SECRET_KEY"] = "s" * 43
    sessions.install(app)
    app.register_error_handler(Refused, told)

    @app.get("/in")
    def enter():
        answer = jsonify()
        sessions.open(answer, FRESH, "oidc")
        sessions.remember_browser(answer, new_browser())
        return answer

    @app.get("/out")
    def leave():
        answer = jsonify(provider=sessions.provider())
        sessions.close(answer)
        return answer

    @app.get("/seen")
    def seen():
        csrf = sessions.csrf_token("a-jti")
        return jsonify(token=sessions.token(), browser=sessions.browser(), csrf=csrf)

    @app.post("/change/<jti>")
    def change(jti):
        sessions.check_csrf(jti)
        return jsonify()

    return app.test_client()


def cookies(answer):
    """The attributes of each cookie that an answer sets."""
    parts = [it.split("; ") for it in answer.headers.getlist("Set-Cookie")]
    return {first.partition("=")[0]: set(more) for first, *more in parts}


def test_over_https_cookies_are_of_this_host_only():
    client = client_of("https://forgewire.example.com")

    set_ = cookies(client.get("/in", base_url="https://forgewire.example.com"))

    assert set(set_) == {
        "__Host-forgewire",
        "__Host-forgewire-sign-in",
        "__Host-forgewire-csrf",
    }
    for attributes in set_.values():
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not [it for it in attributes if it.startswith("Domain")]


def test_in_development_they_go_over_http():
    set_ = cookies(client_of("http://127.0.0.1:8081").get("/in"))

    assert set(set_) == {"forgewire", "forgewire-sign-in", "forgewire-csrf"}
    assert all("HttpOnly" in it and "Secure" not in it for it in set_.values())


def test_a_token_is_kept_for_as_long_as_it_lives():
    set_ = cookies(client_of("http://127.0.0.1:8081").get("/in"))

    assert "Max-Age=3600" in set_["forgewire"]
    assert "Max-Age=600" in set_["forgewire-sign-in"]


def test_a_browser_forgets_when_it_is_told_to():
    client = client_of("http://localhost")
    client.get("/in")
    before = client.get("/seen").json

    assert client.get("/out").json == {"provider": "oidc"}

    after = client.get("/seen").json
    assert (before["token"], after["token"]) == ("a-token", None)
    assert len(after["browser"]) == 43


@pytest.mark.parametrize("value", ["", "short", "a" * 44])
def test_a_browser_is_known_by_what_we_gave_it_only(value):
    client = client_of("http://localhost")
    client.set_cookie("forgewire-sign-in", value)

    assert client.get("/seen").json["browser"] == ""


class TestCsrf:
    def changed(self, headers, jti="a-jti", csrf=None):
        client = client_of("http://localhost")
        given = client.get("/seen").json["csrf"]
        sent = {"X-CSRFToken": given if csrf is None else csrf} | headers
        return client.post(f"/change/{jti}", headers=sent).status_code

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "http://localhost"},
        ],
    )
    def test_a_page_of_ours_may_change_something(self, headers):
        assert self.changed(headers) == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": ""},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Origin": "http://evil.localhost"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": "http://[oh"},
        ],
    )
    def test_no_other_page_may(self, headers):
        assert self.changed(headers) == 403

    def test_nor_one_with_the_token_of_another_sign_in(self):
        assert self.changed({}, jti="another") == 403

    @pytest.mark.parametrize("csrf", ["", "x", "a.b.c", "é"])
    def test_nor_one_with_none(self, csrf):
        assert self.changed({}, csrf=csrf) == 403


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Away("x"), 502, "provider-away"),
        (PrivateAddress("x"), 502, "provider-away"),
        (TimedOut("x"), 504, "provider-timeout"),
    ],
)
def test_a_provider_that_gives_no_answer_is_told_of(error, status, code):
    answer = answers.no_answer(error)

    assert (answer.code, answer.slug) == (status, code)
