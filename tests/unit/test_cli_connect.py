"""Show where commands look for servers and tokens, and what they say of it."""

import json

import pytest

from cli import connect
from config.settings import load
from state.client import BadAddress

AMQP, MONGODB, TOKENS = connect.AMQP_URL, connect.MONGODB_URL, connect.TOKENS


@pytest.fixture
def stack(tmp_path):
    """The environment of somebody in whose folder a `forgewire up` runs."""
    (tmp_path / "endpoints.json").write_text(
        json.dumps(
            {
                "ingest": "http://127.0.0.1:1",
                "amqp_url": "amqp://127.0.0.1:2",
                "mongodb_url": "mongodb://127.0.0.1:3/forgewire",
            }
        )
    )
    (tmp_path / "token").write_text("sesame\n")
    return {"FORGEWIRE_DATA_DIR": str(tmp_path)}


def test_a_stack_that_runs_here_is_found(stack):
    settings = load(connect.environment(stack))

    assert settings.amqp_url == "amqp://127.0.0.1:2"
    assert settings.mongodb_url == "mongodb://127.0.0.1:3/forgewire"
    assert settings.sources["gitlab"].tokens == (b"sesame",)


def test_what_is_set_goes_first(stack, tmp_path):
    file = tmp_path / "elsewhere"
    file.write_text("mongodb://elsewhere/forgewire")
    explicit = {AMQP: "amqp://elsewhere", f"{MONGODB}_FILE": str(file), TOKENS: "mine"}

    settings = load(connect.environment(stack | explicit))

    assert settings.amqp_url == "amqp://elsewhere"
    assert settings.mongodb_url == "mongodb://elsewhere/forgewire"
    assert settings.sources["gitlab"].tokens == (b"mine",)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null"])
def test_a_broken_note_of_a_stack_is_as_good_as_none(stack, tmp_path, text):
    (tmp_path / "endpoints.json").write_text(text)

    assert connect.running_stack(stack) == {}
    assert connect.environment(stack) == stack


def test_a_token_that_a_stack_left_behind_is_not_used(stack, tmp_path):
    (tmp_path / "endpoints.json").unlink()

    assert connect.environment(stack) == stack


@pytest.mark.parametrize("variable", [AMQP, MONGODB])
def test_it_says_why_a_server_was_asked(stack, tmp_path, variable):
    explicit = connect.origin(variable, stack | {variable: "x"})
    noted = connect.origin(variable, stack)
    default = connect.origin(variable, {"FORGEWIRE_DATA_DIR": "/nonexistent"})

    assert explicit.startswith(variable)
    assert str(tmp_path / "endpoints.json") in noted
    assert "default" in default
    assert variable in default


def test_addresses_are_told_without_secrets():
    amqp = connect.amqp_address("amqp://u:hidden@a:1/x,amqps://u:hidden@b/%2F")
    mongodb = connect.mongodb_address(
        "mongodb://u:hid@den@a:1,b:2/forgewire?authMechanismProperties=X:hidden"
    )

    assert amqp == "a:1/x, b:5671"
    assert mongodb == "a:1,b:2/forgewire"


@pytest.mark.parametrize(
    "url", ["mongodb://u:hid%zz@a/x", "mongodb://u:hidden@a:99999/x"]
)
def test_a_url_that_the_driver_refuses_is_not_repeated(url):
    with pytest.raises(BadAddress) as error, connect.database(url):
        pass

    assert MONGODB in str(error.value)
    assert "hid" not in str(error.value)
    assert error.value.__cause__ is None
