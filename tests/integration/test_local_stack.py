"""Show what a stack makes of its settings, without any server."""

import io
import json
import os
import socket
import sys
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest
from rich.console import Console

from api import keyring
from cli import connect
from cli.local.process import CannotRun, wait_until
from cli.local.screen import Screen
from cli.local.stack import Stack
from config.settings import load
from tests.standins import ROLES


@pytest.fixture
def environ(tmp_path):
    """Variables that ask for no server, and for free ports."""
    return os.environ | {
        "FORGEWIRE_DATA_DIR": str(tmp_path / "var"),
        "FORGEWIRE_AMQP_URL": "amqp://127.0.0.1:1/%2F",
        "FORGEWIRE_MONGODB_URL": "mongodb://127.0.0.1:1/forgewire",
        "FORGEWIRE_INGEST_BIND": "127.0.0.1:0",
        "FORGEWIRE_API_BIND": "127.0.0.1:0",
        "FORGEWIRE_WORKER_BIND": "127.0.0.1:0",
    }


@pytest.fixture
def output():
    return io.StringIO()


@pytest.fixture
def screen(output):
    return Screen(Console(file=output))


def test_a_stack_says_where_it_is(environ, screen, tmp_path):
    with Stack(environ, screen=screen, roles=ROLES) as stack:
        written = json.loads((tmp_path / "var" / "endpoints.json").read_text())
        token = (tmp_path / "var" / "token").read_text().strip()

    assert written == {
        "ingest": stack.endpoints.ingest,
        "worker": stack.endpoints.worker,
        "api": stack.endpoints.api,
        "public_url": stack.endpoints.api,
        "rabbitmq_metrics_urls": [],
        "amqp_url": "amqp://127.0.0.1:1/%2F",
        "mongodb_url": "mongodb://127.0.0.1:1/forgewire",
    }
    assert stack.endpoints.token == token
    assert token not in repr(stack.endpoints)


def test_a_token_that_is_given_is_used(environ, screen, tmp_path):
    environ["FORGEWIRE_GITLAB_TOKENS"] = "first,second"

    with Stack(environ, screen=screen, roles=ROLES) as stack:
        token = stack.endpoints.token

    assert token == "first"
    assert not (tmp_path / "var" / "token").exists()


def test_a_port_that_was_chosen_and_is_taken_is_an_error(environ, screen):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        environ["FORGEWIRE_INGEST_BIND"] = taken

        with (
            pytest.raises(CannotRun, match=rf"FORGEWIRE_INGEST_BIND: .*{taken}: Addr"),
            Stack(environ, screen=screen, roles=ROLES),
        ):
            pass


def test_a_default_port_that_is_taken_is_replaced(environ, screen, output):
    del environ["FORGEWIRE_INGEST_BIND"]

    with ExitStack() as stack:
        # Whoever runs the tests may already have something there.
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 8080)))
        running = stack.enter_context(Stack(environ, screen=screen, roles=ROLES))
        url = running.endpoints.ingest

    assert not url.endswith(":8080")
    assert "127.0.0.1:8080 is taken, so the receiver gets another" in output.getvalue()


def test_a_process_that_dies_at_its_start_shows_its_log(environ, screen, tmp_path):
    dying = replace(ROLES[0], command=(sys.executable, "-c", "raise SystemExit('no')"))

    with (
        pytest.raises(CannotRun) as failure,
        Stack(environ, screen=screen, roles=(dying, *ROLES[1:])),
    ):
        pass

    assert "the receiver ended with exit code 1" in str(failure.value)
    assert f"{tmp_path}/var/logs/receiver.log ends:\n  no" in str(failure.value)
    assert not (tmp_path / "var" / "endpoints.json").exists()


def test_a_folder_that_cannot_be_made_is_an_error(environ, screen, tmp_path):
    (tmp_path / "file").touch()
    environ["FORGEWIRE_DATA_DIR"] = str(tmp_path / "file" / "var")

    with (
        pytest.raises(CannotRun, match=r"FORGEWIRE_DATA_DIR: .*Not a directory"),
        Stack(environ, screen=screen, roles=ROLES),
    ):
        pass


def test_a_process_that_ended_is_started_again(environ, screen, output):
    with Stack(environ, screen=screen, roles=ROLES) as stack:
        stack.processes["worker"].child.kill()

        wait_until(lambda: started_again(stack, output), seconds=10)

    assert "the worker ended with exit code -9" in output.getvalue()
    assert "the worker was started again" in output.getvalue()


def started_again(stack, output):
    stack.check()
    return "again" in output.getvalue()


def test_keys_are_made_once_and_for_their_owner_alone(environ, screen, tmp_path):
    keys = tmp_path / "var" / "jwt-keys.json"

    with Stack(environ, screen=screen, roles=ROLES):
        made = keys.read_text()
    with Stack(environ, screen=screen, roles=ROLES):
        kept = keys.read_text()

    assert kept == made
    assert keyring.load(keys).keys
    assert keys.stat().st_mode & 0o777 == 0o600


def test_keys_that_somebody_named_are_left_to_them(environ, screen, tmp_path):
    environ["FORGEWIRE_JWT_KEYS_PATH"] = str(tmp_path / "keys.json")

    with Stack(environ, screen=screen, roles=ROLES):
        pass

    assert not (tmp_path / "keys.json").exists()
    assert not (tmp_path / "var" / "jwt-keys.json").exists()


@pytest.mark.parametrize("public_url", ["https://api.example.com", None])
def test_commands_name_the_issuer_that_the_stack_does(environ, screen, public_url):
    if public_url:
        environ["FORGEWIRE_PUBLIC_URL"] = public_url

    with Stack(environ, screen=screen, roles=ROLES) as stack:
        found = load(connect.environment({"FORGEWIRE_DATA_DIR": str(stack.folder)}))

    assert found.access.public_url == (public_url or stack.endpoints.api)
