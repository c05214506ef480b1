"""Show that every command is there, explains itself, and fails in one line."""

import re

import click
import pytest

from cli.explain import Failure, explained
from cli.main import COMMANDS, main
from config.settings import SettingsError
from handlers.registry import load
from operations import catalogue
from schemas.catalogue import WEB_HOOKS, events
from schemas.errors import BrokerUnavailable, ForgewireError, StateUnavailable
from tests.commands import run, run_json


def every_command(command=main, *path):
    """The words of each command and of each group, as they are typed."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), *path, name)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(words, option):
    result = run(*words, option)

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "words",
    [
        ("send",),
        ("demo",),
        ("try",),
        ("handlers",),
        ("ingest",),
        ("worker",),
        ("reactor",),
        ("api",),
        ("state", "show"),
        ("deliveries", "show"),
        ("dead-letters", "list"),
        ("dead-letters", "show"),
        ("dead-letters", "replay"),
        ("dead-letters", "drop"),
        ("forget",),
        ("audit",),
        ("user", "list"),
        ("user", "show"),
        ("user", "set-role"),
        ("user", "deactivate"),
        ("token", "mint"),
        ("token", "verify"),
        ("token", "revoke"),
        ("token", "list"),
        ("keys", "generate"),
        ("keys", "rotate"),
        ("keys", "show"),
        ("check-config",),
    ],
    ids=" ".join,
)
def test_help_ends_with_examples(words):
    stdout = run(*words, "--help").stdout

    assert "  Examples:\n    " in stdout
    assert f"forgewire {' '.join(words)}" in stdout.partition("Examples:")[2]


def test_the_list_of_commands_is_whole_and_in_whole_sentences():
    stdout = run("--help").stdout

    for name, place in COMMANDS.items():
        assert f"  {name}" in stdout
        assert place.does in stdout


def test_the_version_is_shown():
    result = run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("forgewire, version ")


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("state", "nonsense"),
        ("state", "show"),
        ("deliveries", "show"),
        ("dead-letters", "show"),
        ("dead-letters", "list", "--limit", "0"),
        ("dead-letters", "list", "--since", "yesterday"),
        ("dead-letters", "replay", "--rate", "0"),
        ("dead-letters", "drop"),
        ("dead-letters", "drop", "d-1", "--all"),
        ("dead-letters", "drop", "d-1"),
        ("forget", "0"),
        ("forget", "41"),
        ("send",),
        ("send", "/nowhere/at-all.json"),
        ("try",),
        ("demo", "--seed", "x"),
        ("audit", "--nonsense"),
        ("user", "show"),
        ("user", "set-role", "41"),
        ("user", "set-role", "41", "root"),
        ("user", "set-role", "service:", "admin"),
        ("user", "list", "--role", "root"),
        ("token", "mint"),
        ("token", "mint", "--user", "41", "--service", "x"),
        ("token", "mint", "--user", "41", "--seconds", "3601"),
        ("token", "mint", "--user", "41", "--role", "root"),
        ("token", "verify", "/nowhere/at-all"),
        ("token", "revoke"),
        ("token", "revoke", "x", "--user", "41"),
        ("keys", "generate", "--algorithm", "HS256"),
        ("keys", "rotate", "--algorithm", "none"),
        ("new", "handler"),
        ("new", "handler", "badge_create", "--from", "/nowhere/at-all.json"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(words):
    result = run(*words)

    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (BrokerUnavailable("RabbitMQ is away"), "FORGEWIRE_AMQP_URL"),
        (StateUnavailable("MongoDB is away"), "FORGEWIRE_MONGODB_URL"),
        (ForgewireError("it is wrong"), "wrong"),
        (SettingsError(("FORGEWIRE_TEAM: Not set.",)), "FORGEWIRE_TEAM"),
    ],
)
def test_what_goes_wrong_is_told_with_what_to_look_at(error, word):
    with pytest.raises(Failure) as failure, explained():
        raise error

    assert failure.value.exit_code == 2
    assert str(error) in failure.value.message
    assert word in failure.value.message


def test_a_bug_is_not_explained_away():
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "words",
    [
        ("audit",),
        ("state", "show", "user", "41"),
        ("deliveries", "show", "x"),
        ("dead-letters", "list"),
        ("send", __file__),
    ],
    ids=" ".join,
)
def test_a_wrong_setting_is_named(words):
    result = run(*words, BATCH_SIZE="many")

    assert result.exit_code == 2
    assert "FORGEWIRE_BATCH_SIZE" in result.stderr
    assert result.stdout == ""


def test_handlers_are_listed_with_their_schemas_and_places():
    result = run("handlers")

    assert result.exit_code == 0
    assert re.search(
        r"user_rename +handlers\.users\.rename +UserSchema +handlers/users\.py:\d+\n",
        result.stdout,
    )


def test_handlers_are_listed_for_programs_with_what_they_do():
    (told,) = [it for it in run_json("handlers") if it["event"] == "user_rename"]

    assert told.pop("where").startswith("handlers/users.py:")
    assert told == {
        "event": "user_rename",
        "handler": "handlers.users.rename",
        "schema": "schemas.users.UserSchema",
        "does": "Keep the new username, and move what lies in the personal namespace.",
    }


def test_what_the_host_can_send_and_nobody_wants_is_listed():
    shown = run("handlers").stdout.splitlines()[-1]
    told = {it["event"]: it["handler"] for it in run_json("handlers")}

    handled = load()
    others = [event for event in events() if event not in handled]
    assert shown == f"events of the host without a handler: {', '.join(others)}"
    assert [event for event, handler in told.items() if handler is None] == others
    assert told.keys() == {*handled, *others}
    assert WEB_HOOKS.keys() >= {*others}
    assert catalogue.without_handler(events()) == []
