"""Show where the processes of a stack are to listen."""

import sys

import pytest

from cli.local import roles
from cli.local.roles import ROLES
from config.settings import Bind, load
from tests.reacting import install


def test_port_0_becomes_a_free_port():
    environ = {"FORGEWIRE_INGEST_BIND": "127.0.0.1:0", "FORGEWIRE_TEAM": "x"}

    chosen = roles.with_free_ports(environ, ROLES)

    assert load(chosen).ingest_bind.port > 0
    assert chosen | {"FORGEWIRE_INGEST_BIND": "127.0.0.1:0"} == environ


def test_other_ports_are_left_as_they_are():
    environ = {"FORGEWIRE_INGEST_BIND": "127.0.0.1:8090", "FORGEWIRE_WORKER_BIND": "0"}

    assert roles.with_free_ports(environ, ROLES) == environ


@pytest.mark.parametrize(
    ("environ", "given"),
    [
        ({}, False),
        ({"X": ""}, False),
        ({"X": " "}, False),
        ({"X": "1"}, True),
        ({"X_FILE": "/run/secrets/x"}, True),
    ],
)
def test_a_variable_is_given_here_or_by_a_file(environ, given):
    assert roles.is_given(environ, "X") is given


def test_a_variable_that_is_given_goes_before_that_of_a_server():
    environ = {"A": "mine", "B": "", "C_FILE": "/run/secrets/c"}

    found = roles.with_variables(environ, dict.fromkeys("ABCD", "theirs"))

    assert found == environ | {"B": "theirs", "D": "theirs"}


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        (Bind("127.0.0.1", 8080), "http://127.0.0.1:8080"),
        (Bind("0.0.0.0", 8080), "http://127.0.0.1:8080"),
        (Bind("::", 8080), "http://[::1]:8080"),
    ],
)
def test_every_address_is_reached_at_the_loopback_address(bind, url):
    assert roles.url(bind) == url


def test_a_reactor_runs_where_somebody_reacts_to_something(tmp_path):
    environ = {
        "FORGEWIRE_HANDLER_PACKAGES": "greeter",
        "FORGEWIRE_REACTOR_BIND": "127.0.0.1:0",
    }
    install(tmp_path)
    sys.path.insert(0, str(tmp_path))
    try:
        assert roles.needed(environ) == (*ROLES, roles.REACTOR)
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("greeter", None)
    assert roles.needed({}) == ROLES


def test_the_real_processes_are_started_as_modules():
    commands = {role.name: role.command[1:] for role in (*ROLES, roles.REACTOR)}

    assert commands == {
        "receiver": ("-P", "-m", "ingest"),
        "API": ("-P", "-m", "api"),
        "worker": ("-P", "-m", "workers"),
        "reactor": ("-P", "-m", "reactions"),
    }
