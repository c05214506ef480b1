"""No secret is left in a payload, and nothing else is changed."""

import json

import pytest

from config.hiding import MAX_DEPTH, hidden, hidden_text, may_hold_secrets
from tests.samples.load import names, payload

#: Texts, and what of each is secret.
SECRETS = {
    "glpat-abcdefghij0123456789": "abcdefghij",
    "use glrt-t3_abcdefghij0123456789.": "abcdefghij",
    "ghp_abcdefghij0123456789abcdefghij012345": "abcdefghij",
    "AKIAABCDEFGHIJKLMNOP": "ABCDEFGH",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": "eyJzdWIi",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nabcdefghij\nklmnop": "klmnop",
    "whsec_YWJjZGVmZ2hpag==": "YWJj",
    "https://ada:open-sesame@git.example/x.git": "sesame",
    "https://oauth2:glpat-abcdefghij0123456789@git.example": "abcdefghij",
    "DB_PASSWORD=open-sesame": "sesame",
    'API_KEY = "open-sesame"': "sesame",
    '{"token": "open-sesame"}': "sesame",
}


@pytest.mark.parametrize("name", names())
def test_what_the_host_sends_is_left_as_it_is(name):
    assert hidden(payload(name)) == payload(name) | _options(name)


def _options(name):
    """The variables that came along with a push are hidden, where there are any."""
    told = payload(name).get("push_options")
    return {"push_options": "[hidden]"} if told else {}


@pytest.mark.parametrize(("text", "secret"), SECRETS.items())
def test_secrets_in_texts_are_hidden_and_never_missed(text, secret):
    shown = hidden({"commits": [{"message": f"Look: {text}"}]})

    assert secret not in json.dumps(shown)
    assert "Look: " in json.dumps(shown)
    assert may_hold_secrets(json.dumps({"message": text}).encode())


@pytest.mark.parametrize(
    "key",
    [
        *("password", "runners_token", "X-Gitlab-Token", "client_secret", "API_KEY_1"),
        *("private_key", "AWS_SECRET_ACCESS_KEY", "push_options", "variables"),
    ],
)
@pytest.mark.parametrize(
    "value", ["open-sesame", ["open-sesame"], {"a": "sesame"}, 4711]
)
def test_what_stands_under_the_name_of_a_secret_is_hidden(key, value):
    body = {"user": {key: value, "id": 41}}

    assert hidden(body) == {"user": {key: "[hidden]", "id": 41}}
    assert may_hold_secrets(json.dumps(body).encode())


def test_what_is_not_told_is_shown_as_such():
    assert hidden({"token": None, "push_options": {}, "password": ""}) == {
        "token": None,
        "push_options": {},
        "password": "",
    }


def test_an_escape_hides_no_secret_from_who_looks():
    assert hidden(json.loads(rb'{"pass\u0077ord": "open-sesame"}')) == {
        "password": "[hidden]"
    }


def test_names_are_found_in_any_letter_case():
    assert may_hold_secrets(b'{"Private_Token": 1}')
    assert may_hold_secrets(b'{"API_KEY": 1}')


@pytest.mark.parametrize("value", ['"x"', '{"ci": {}}', '{ "mr": 1}', '["x"]', "7"])
def test_options_of_a_push_count_if_there_are_any(value):
    assert may_hold_secrets(b'{"push_options": %s}' % value.encode())
    assert may_hold_secrets(b'{"push_options":%s}' % value.encode())


@pytest.mark.parametrize("value", ["{}", "[]", "null", "{ }"])
def test_a_push_without_options_has_none(value):
    assert not may_hold_secrets(b'{"push_options": %s}' % value.encode())
    assert hidden({"push_options": json.loads(value)})["push_options"] in ({}, [], None)


@pytest.mark.parametrize("name", names())
def test_what_has_no_sign_of_a_secret_is_not_looked_at(name):
    body = payload(name)
    assert not may_hold_secrets(json.dumps(body | {"push_options": {}}).encode())


def test_an_address_is_no_password():
    assert not may_hold_secrets(b'{"web_url": "https://git.example:8443/ada/x"}')


def test_what_is_too_deep_to_be_looked_at_is_hidden():
    deep = "open-sesame"
    for _ in range(2 * MAX_DEPTH):
        deep = [deep]

    assert "sesame" not in json.dumps(hidden(deep))


def test_the_words_around_a_secret_are_kept():
    shown = hidden_text("the token is glpat-abcdefghij0123456789 and the path a/b")

    assert shown == "the token is [hidden] and the path a/b"
