"""Show what the receiver says instead of starting, and what it counts events under."""

import socket
import time

import pytest

from cli.local import ports
from config import listening
from config.settings import Bind
from handlers.registry import load
from ingest import events, server
from ingest.__main__ import main

TOKENS = {"FORGEWIRE_GITLAB_TOKENS": "sesame-and-thyme"}


def test_without_secrets_it_does_not_start(capsys):
    code = main({})

    assert code == 2
    assert "FORGEWIRE_GITLAB_TOKENS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FORGEWIRE_MAX_BODY_BYTES", "plenty", "FORGEWIRE_MAX_BODY_BYTES"),
        ("FORGEWIRE_AMQP_URL", "amqp://guest:rosebud@x:none/", "AMQP"),
        ("FORGEWIRE_INGEST_BIND", "[::2]:8080", "cannot listen on [::2]:8080"),
        ("FORGEWIRE_INGEST_BIND", "nowhere.invalid:80", "cannot listen on nowhere"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(capsys, name, value, said):
    code = main(TOKENS | {name: value})

    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert "Traceback" not in told
    assert "rosebud" not in told
    assert "sesame" not in told


def test_an_address_that_is_taken_is_not_shared(capsys):
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"

        code = main(TOKENS | {"FORGEWIRE_INGEST_BIND": bind})

    assert code == 2
    assert f"cannot listen on {bind}" in capsys.readouterr().err


def test_a_host_may_be_a_name():
    address = listening.resolved(
        Bind("localhost", ports.free()), "FORGEWIRE_INGEST_BIND"
    )

    assert address in {"127.0.0.1", "::1"}


def test_the_clock_counts_microseconds():
    assert abs(server.microseconds() / 1_000_000 - time.time()) < 60


def test_every_handled_event_is_counted_by_name():
    handled = set(load())

    assert handled <= events.KNOWN


def test_a_name_that_anybody_made_up_is_counted_as_other():
    assert events.label("user_create") == "user_create"
    assert events.label("made_up") == "other"
    assert events.label(None) == "other"
