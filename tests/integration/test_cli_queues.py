"""Show what commands tell of a real RabbitMQ, and that they take nothing from it."""

import json

import pika
import pytest

from broker import dead_letters
from broker.dead_letters import Death, bury
from broker.envelope import encode
from cli.local import mongodb, ports
from tests.commands import row, run, run_json
from tests.rabbit import a_message, channel, until

DETAIL = 'Traceback (most recent call last):\n  File "x.py"\nBad: \x1b[31muser_id'
PAYLOAD = b'{"event_name": "push", "name": "Ada Sample"}'
TOKEN = "sesame-and-thyme"


@pytest.fixture
def bury_one(publisher):
    def bury_it(delivery_id, minutes=0):
        died_at = 1_790_000_000_000_000 + minutes * 60_000_000
        death = Death("invalid-payload", DETAIL, "handlers.users.save", died_at)
        message = a_message(delivery_id, body=PAYLOAD)
        bury(publisher, *encode(message), death).result(5)

    return bury_it


def test_dead_letters_are_listed_oldest_first_and_left_alone(
    amqp_url, topology, servers, bury_one
):
    bury_one("d-2", minutes=1)
    bury_one("d-1", minutes=0)

    first = run("dead-letters", "list", **servers)
    listed = run_json("dead-letters", "list", **servers)

    assert first.exit_code == 0
    lines = first.stdout.splitlines()
    assert lines[0].split() == ["DELIVERY", "ID", "AGE", "REASON", "EVENT"]
    assert [line.split()[0] for line in lines[1:3]] == ["d-1", "d-2"]
    assert "invalid-payload  push" in lines[1]
    assert [it["delivery_id"] for it in listed] == ["d-1", "d-2"]
    assert listed[0]["handler"] == "handlers.users.save"
    assert listed[0]["body_size"] == len(PAYLOAD)
    assert "body" not in listed[0]
    assert dead_letters.count(amqp_url, topology) == 2


def test_a_list_that_was_cut_says_so(servers, bury_one):
    bury_one("d-1")
    bury_one("d-2")

    stdout = run("dead-letters", "list", "--limit", 1, **servers).stdout

    assert "d-2" not in stdout
    assert "1 or more" in stdout


def test_no_dead_letters_are_told_in_words(servers):
    shown = run("dead-letters", "list", **servers)

    assert (shown.exit_code, shown.stdout) == (0, "there are no dead letters\n")
    assert run_json("dead-letters", "list", **servers) == []


def test_a_foreign_message_is_listed_without_what_it_does_not_tell(
    amqp_url, topology, servers
):
    run("dead-letters", "list", **servers)
    with channel(amqp_url) as it:
        it.basic_publish(topology.dead_letters, "", b"what?")

    stdout = run("dead-letters", "list", **servers).stdout

    assert row(stdout, "undecodable") == ["-", "-", "undecodable", "-"]


def test_a_dead_letter_is_shown_with_its_cause_but_without_its_payload(
    amqp_url, topology, servers, bury_one
):
    bury_one("d-1")
    bury_one("d-2")

    result = run("dead-letters", "show", "d-2", **servers)

    assert result.exit_code == 0
    assert result.stdout.startswith("dead letter d-2\n  event        push\n")
    assert "  problem      Bad: \\u001b[31muser_id\n" in result.stdout
    assert result.stdout.endswith(
        "\n\nTraceback (most recent call last):\n"
        '  File "x.py"\nBad: \\u001b[31muser_id\n'
    )
    assert "Ada Sample" not in result.stdout
    assert dead_letters.count(amqp_url, topology) == 2


def test_a_payload_comes_out_as_the_host_sent_it(servers, bury_one):
    bury_one("d-1")

    result = run("dead-letters", "show", "d-1", "--body", **servers)

    assert result.stdout_bytes == PAYLOAD


@pytest.mark.parametrize(("option", "has_body"), [((), False), (("--body",), True)])
def test_json_of_a_dead_letter_has_the_traceback(servers, bury_one, option, has_body):
    bury_one("d-1")

    told = run_json("dead-letters", "show", "d-1", *option, **servers)

    assert told["detail"] == DETAIL
    assert told["dead_at"] == "2026-09-21T14:13:20+00:00"
    assert (told.get("body") == PAYLOAD.decode()) is has_body


def test_a_dead_letter_without_traceback_is_shown(amqp_url, topology, servers):
    run("dead-letters", "list", **servers)
    with channel(amqp_url) as it:
        it.basic_publish(
            topology.dead_letters, "", b"x", pika.BasicProperties(message_id="odd")
        )

    stdout = run("dead-letters", "show", "odd", **servers).stdout

    assert "  problem      -" in stdout


def test_a_dead_letter_that_is_not_there_is_exit_code_1(servers):
    result = run("dead-letters", "show", "d-1", **servers)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "d-1" in result.stderr


@pytest.mark.parametrize(
    "words", [("dead-letters", "list"), ("dead-letters", "show", "x"), ("audit",)]
)
def test_a_rabbitmq_that_is_away_is_told_without_its_password(words):
    port = ports.free()

    result = run(*words, AMQP_URL=f"amqp://ada:hidden@127.0.0.1:{port}/")

    assert result.exit_code == 2
    assert f"127.0.0.1:{port}" in result.stderr
    assert "FORGEWIRE_AMQP_URL" in result.stderr
    assert "rabbitmq-unusable" not in result.output
    assert "hidden" not in result.output


def test_a_configuration_that_is_right_is_told_without_secrets(servers, tmp_path):
    settings = servers | {"GITLAB_TOKENS": f"{TOKEN},x{TOKEN}", "TYPO": "1"}
    settings |= {"SPOOL_DIR": tmp_path}

    shown = run("check-config", **settings)
    told = run_json("check-config", **settings)

    assert shown.exit_code == 0
    assert [it["check"] for it in told if it["ok"]] == [
        "settings",
        "secrets",
        "keys",
        "handlers",
        "spool",
        "traces",
        "RabbitMQ",
        "MongoDB",
    ]
    assert "tokens 2" in shown.stdout
    assert "without effect: FORGEWIRE_TYPO" in shown.stdout
    assert TOKEN not in shown.stdout + json.dumps(told)
    assert "guest" not in shown.stdout


def test_all_that_is_wrong_with_a_configuration_is_told_at_once(tmp_path):
    away = f"127.0.0.1:{ports.free()}"
    (tmp_path / "file").touch()

    result = run(
        "check-config",
        AMQP_URL=f"amqp://ada:hidden@{away}/",
        MONGODB_URL=f"mongodb://ada:hidden@{away}/x",
        SPOOL_DIR=tmp_path / "file" / "spool",
    )

    assert result.exit_code == 1
    wrong = [it.split()[0] for it in result.stdout.splitlines() if " WRONG " in it]
    assert wrong == ["secrets", "spool", "RabbitMQ", "MongoDB"]
    assert "name a folder on a local disk by FORGEWIRE_SPOOL_DIR" in result.stdout
    assert "openssl rand" in result.stdout
    assert "hidden" not in result.output


def test_a_plugin_that_is_named_must_answer(servers, rabbitmq):
    good = run("check-config", RABBITMQ_METRICS_URL=rabbitmq.metrics_url, **servers)
    bad = run("check-config", RABBITMQ_METRICS_URL="http://127.0.0.1:1", **servers)

    (told,) = [it for it in good.stdout.splitlines() if "plugin" in it]
    assert told.split() == ["RabbitMQ's", "plugin", "ok", rabbitmq.metrics_url]
    assert bad.exit_code == 1
    assert "is the plugin rabbitmq_prometheus enabled" in " ".join(bad.stdout.split())


def test_a_configuration_can_be_checked_without_servers(tmp_path):
    config = tmp_path / "sources.toml"
    config.write_text(f'[sources.one]\ntokens = ["{TOKEN}"]\nenabled = false\n')

    result = run("check-config", "--offline", CONFIG=config, SPOOL_DIR=tmp_path / "x")

    assert result.exit_code == 0
    assert [*tmp_path.iterdir()] == [config]
    assert "one: tokens 1, signing tokens 0, not enabled" in result.stdout
    assert "MongoDB" not in result.stdout


@pytest.mark.parametrize(
    ("exporter", "is_good", "detail"),
    [
        ("", True, "no spans are made"),
        ("otlp", True, "spans are sent by otlp"),
        ("jaeger", False, "no exporter jaeger: Set OTEL_TRACES_EXPORTER to otlp"),
    ],
)
def test_a_configuration_says_where_traces_go(monkeypatch, exporter, is_good, detail):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", exporter)

    told = json.loads(run("check-config", "--offline", "--json").stdout)

    (found,) = [it for it in told if it["check"] == "traces"]
    assert found["ok"] is is_good
    assert found["detail"].startswith(detail)


def test_settings_that_are_wrong_are_all_that_is_checked():
    told = run("check-config", "--json", BATCH_SIZE="many", TEAM="\x07")

    checks = json.loads(told.stdout)
    assert told.exit_code == 1
    assert [(it["check"], it["ok"]) for it in checks] == [("settings", False)] * 2
    assert "FORGEWIRE_BATCH_SIZE" in told.stdout


def test_a_mongodb_without_primary_is_not_good_enough(servers, tmp_path):
    alone = mongodb.launch(tmp_path, log=tmp_path / "log", program=mongodb.find())
    try:
        until(lambda: ports.answers(alone.port))

        result = run(
            "check-config",
            **servers
            | {
                "MONGODB_URL": f"mongodb://{alone.member}/x?directConnection=true",
                "GITLAB_TOKENS": TOKEN,
                "SPOOL_DIR": tmp_path,
            },
        )
    finally:
        alone.stop()

    assert result.exit_code == 1
    assert "it has no primary" in result.stdout
