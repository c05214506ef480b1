"""Show what tables and JSON look like, on a terminal and in a pipe."""

import json
from datetime import UTC, datetime, timedelta

import click
import pytest
from click.testing import CliRunner

from cli.letters import age
from cli.output import print_fields, print_json, print_table, progress, visible

ID = "3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def printed(call, **environ):
    """What a call prints; in a pipe, unless FORCE_COLOR says it is a terminal."""
    runner = CliRunner(env={"FORCE_COLOR": None, "NO_COLOR": None} | environ)
    return runner.invoke(click.Command("it", callback=call)).stdout


def on_terminal(call, width=80):
    return printed(call, FORCE_COLOR="1", NO_COLOR="1", COLUMNS=str(width))


def test_a_table_in_a_pipe_has_a_row_per_line_however_long():
    long = "x" * 300

    text = printed(lambda: print_table(("one", "two"), [(long, ID), ("a", "b")]))

    assert [line.split() for line in text.splitlines()] == [
        ["ONE", "TWO"],
        [long, ID],
        ["a", "b"],
    ]


def test_a_table_on_a_terminal_fits_and_leaves_out_nothing():
    rows = [(ID, "user_access_request_revoked_for_project", "invalid-payload")]

    text = on_terminal(
        lambda: print_table(("id", "event", "reason"), rows, whole=("id",)), width=70
    )

    assert max(map(len, text.splitlines())) <= 70
    assert ID in text
    assert "…" not in text


def test_numbers_stand_below_each_other():
    rows = [("a", 1), ("b", 1000), ("c", None)]

    text = printed(lambda: print_table(("name", "number"), rows))

    assert text.splitlines() == [
        "NAME  NUMBER",
        "a          1",
        "b       1000",
        "c          -",
    ]


def test_a_table_without_rows_has_a_head_and_a_title():
    text = printed(lambda: print_table(("one", "two"), [], title="Nobody"))

    assert text.splitlines() == ["Nobody", "ONE  TWO"]


def test_fields_stand_below_a_title():
    fields = {
        "received_at": NOW,
        "processed_at": NOW + timedelta(milliseconds=5),
        "owners": [{"name": "Ada", "id": 41}, {"name": "Eve"}],
        "teams": [],
        "email": None,
    }

    text = printed(lambda: print_fields("users gitlab:41", fields))

    assert text.splitlines() == [
        "users gitlab:41",
        "  received at   2026-03-01 12:00:00 UTC",
        "  processed at  2026-03-01 12:00:00.005 UTC",
        "  owners        {name: Ada, id: 41}, {name: Eve}",
        "  teams         -",
        "  email         -",
    ]


@pytest.mark.parametrize("evil", ["\x1b[31m", "\x9b31m", "\r", "\u202e", "a\nb"])
def test_what_comes_from_outside_does_not_steer_the_terminal(evil):
    texts = [
        on_terminal(lambda: print_table(("name",), [(evil,)], title=evil)),
        on_terminal(lambda: print_fields(evil, {"name": {"deep": [evil]}})),
        on_terminal(lambda: print_json({"name": evil})),
    ]

    assert all(evil not in text for text in texts)


def test_json_comes_back_as_it_was():
    value = {"at": NOW, "name": "Björn\x1b\u202e", "odd": {1}, "none": None}

    text = printed(lambda: print_json(value))

    assert "Björn" in text
    assert json.loads(text) == {
        "at": "2026-03-01T12:00:00+00:00",
        "name": "Björn\x1b\u202e",
        "odd": "{1}",
        "none": None,
    }


def test_what_is_kept_stays():
    assert visible("a\n\tb", keep="\n") == "a\n\\tb"


def test_progress_in_a_pipe_is_silent():
    runner = CliRunner(env={"FORCE_COLOR": None})
    command = click.Command(
        "it", callback=lambda: click.echo(list(progress([1, 2], total=2, what="x")))
    )

    result = runner.invoke(command)

    assert result.output == "[1, 2]\n"


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(hours=3, minutes=59), "3 h"),
        (timedelta(days=400), "400 d"),
        (timedelta(seconds=-5), "now"),
    ],
)
def test_an_age_is_told_in_the_largest_unit(passed, told):
    assert age(NOW - passed, NOW) == told


def test_the_age_of_what_bears_no_time_is_not_known():
    assert age(None, NOW) is None
