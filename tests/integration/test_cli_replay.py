"""Replay and drop dead letters by command, with a real RabbitMQ and MongoDB."""

import json
import time
from datetime import UTC, datetime

import pytest

from broker import dead_letters
from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.topology import DELIVERY_LIMIT
from cli.local import ports
from cli.replay import Report, interrupted
from schemas.errors import BrokerUnavailable
from state.ledger import Ledger, Row
from tests.commands import row, run, run_json
from tests.rabbit import a_message, channel, consuming, take_all, until
from tests.samples.load import event_of, payload
from tests.terminal import at_terminal, start

NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000


@pytest.fixture
def bury_one(publisher):
    """Bury a sample under a delivery id."""

    def bury_it(delivery_id, sample="user_create", **changes):
        death = Death(
            reason=changes.pop("reason", "handler-failed"),
            detail="Traceback ...",
            handler=changes.pop("handler", "handlers.users.save"),
            died_at=changes.pop("died_at", NOW + changes.pop("hours", 0) * HOUR),
        )
        fields = {
            "event": event_of(sample),
            "receipt": f"3f9c2a71.{delivery_id}",
            "body": json.dumps(payload(sample)).encode(),
        }
        message = a_message(delivery_id, **fields | changes)
        bury(publisher, *encode(message), death).result(5)
        return message

    return bury_it


@pytest.fixture
def several(bury_one):
    """Four letters that differ in everything."""
    bury_one("d-1", hours=0)
    bury_one("d-2", "push", handler="handlers.activity.push", hours=1)
    bury_one("d-3", reason="unstorable", source="other", hours=2)
    bury_one("d-4", "key_create", handler=None, hours=3)


@pytest.fixture
def foreign(amqp_url, topology, publisher):
    """Messages that are none of ours, one with an id of its own."""
    with channel(amqp_url) as it:
        it.basic_publish(topology.dead_letters, "", b"what?")


def ids(told):
    return [it["delivery_id"] for it in told]


def left(servers):
    return ids(run_json("dead-letters", "list", **servers))


def waiting(servers, topology):
    with channel(servers["AMQP_URL"]) as it:
        declared = it.queue_declare(topology.events, passive=True)
    return declared.method.message_count


def take(servers, topology, number):
    with consuming(servers["AMQP_URL"], topology) as consumer:
        return [it.message() for it in take_all(consumer, number)]


FILTERS = [
    ((), ["d-1", "d-2", "d-3", "d-4"]),
    (("d-4", "d-2"), ["d-2", "d-4"]),
    (("--event", "push", "--event", "key_create"), ["d-2", "d-4"]),
    (("--reason", "unstorable"), ["d-3"]),
    (("--handler", "handlers.activity.push"), ["d-2"]),
    (("--source", "other"), ["d-3"]),
    (("--since", "2026-09-21T15:13:20"), ["d-2", "d-3", "d-4"]),
    (("--until", "2026-09-21T16:13:20+00:00"), ["d-1", "d-2"]),
    (("--since", "2026-09-21T15:13:20", "--event", "push"), ["d-2"]),
    (("d-1", "--event", "push"), []),
]


@pytest.mark.parametrize(("options", "expected"), FILTERS)
def test_a_list_can_be_narrowed(servers, several, options, expected):
    assert ids(run_json("dead-letters", "list", *options, **servers)) == expected


def test_age_is_told_from_now(servers, bury_one):
    bury_one("d-1", died_at=time.time_ns() // 1_000 - 3 * HOUR)

    older = run_json("dead-letters", "list", "--older-than", "2h", **servers)
    younger = run_json("dead-letters", "list", "--since", "2h", **servers)
    both = run_json(
        "dead-letters", "list", "--older-than", "2h", "--until", "9d", **servers
    )

    assert ids(older) == ["d-1"]
    assert younger == both == []


def test_what_tells_no_time_is_in_no_span_of_time(servers, foreign):
    assert len(run_json("dead-letters", "list", **servers)) == 1
    assert run_json("dead-letters", "list", "--since", "1000d", **servers) == []


def test_a_narrow_list_of_nothing_says_so(servers, several):
    result = run("dead-letters", "list", "--event", "meteor", **servers)

    assert (result.exit_code, result.stdout) == (0, "there are no such dead letters\n")


def test_several_are_shown_one_after_the_other(servers, several):
    result = run("dead-letters", "show", "--since", "2026-09-21T16:13:20", **servers)
    missed = run("dead-letters", "show", "d-1", "d-9", **servers)
    none = run("dead-letters", "show", "--event", "meteor", **servers)

    shown = [it for it in result.stdout.splitlines() if it.startswith("dead letter")]
    assert shown == ["dead letter d-3", "dead letter d-4"]
    assert missed.exit_code == none.exit_code == 1
    assert missed.stdout.startswith("dead letter d-1\n")
    assert missed.stderr == "no dead letter has the delivery ID d-9\n"
    assert "there is no such dead letter" in none.stderr


@pytest.mark.parametrize(("options", "expected"), FILTERS[:-1])
def test_a_replay_sends_what_is_named_in_its_order(
    servers, topology, several, options, expected
):
    told = run_json("dead-letters", "replay", *options, **servers)

    assert ids(told["replayed"]) == expected
    assert told["refused"] == []
    sent = take(servers, topology, len(expected))
    assert [it.delivery_id for it in sent] == expected
    assert {it.attempt for it in sent} == {2}
    assert left(servers) == [
        it for it in ("d-1", "d-2", "d-3", "d-4") if it not in expected
    ]


def test_a_dry_run_says_what_would_be_sent_and_sends_none(
    servers, topology, several, bury_one
):
    bury_one("d-5", body=b"{}", hours=4)

    told = run_json("dead-letters", "replay", "--dry-run", **servers)
    shown = run("dead-letters", "replay", "--dry-run", **servers)

    assert ids(told["replayed"]) == ["d-1", "d-2", "d-3", "d-4"]
    assert ids(told["refused"]) == ["d-5"]
    assert told["dry_run"] is True
    assert shown.exit_code == 1
    assert shown.stdout.endswith(
        "\nwould be sent again 4  would be left, being rejected again 1\n"
    )
    assert waiting(servers, topology) == 0
    assert left(servers) == ["d-1", "d-2", "d-3", "d-4", "d-5"]


def test_what_would_be_rejected_again_stays_with_its_reason(
    servers, topology, bury_one, foreign
):
    bury_one("d-bad", body=b'{"user_id": "hidden"}')
    bury_one("d-gone", event="badge_create", handler="badges.save")
    bury_one("d-fixed")

    result = run("dead-letters", "replay", **servers)
    told = run_json("dead-letters", "replay", **servers)

    assert result.exit_code == 1
    assert "user_id: Not an id" in result.stdout
    assert "badges.save is not installed here" in result.stdout
    assert result.stdout.endswith("\nsent again 1  left, being rejected again 3\n")
    assert "hidden" not in result.output
    assert {it["delivery_id"]: it["refused_for"] for it in told["refused"]} == {
        None: "undecodable",
        "d-bad": "invalid-payload",
        "d-gone": "handler-missing",
    }
    assert told["replayed"] == []
    assert [it.delivery_id for it in take(servers, topology, 1)] == ["d-fixed"]


def test_what_the_broker_set_aside_is_sent_again(servers, topology, publisher):
    told = payload("user_create")
    message = a_message("poison", event="user_create", body=json.dumps(told).encode())
    publisher.publish(message)
    with consuming(servers["AMQP_URL"], topology) as consumer:
        for _ in range(DELIVERY_LIMIT + 1):
            consumer.requeue(consumer.take(1, 10))
        until(lambda: dead_letters.count(servers["AMQP_URL"], topology) == 1)

    result = run("dead-letters", "replay", "--reason", "delivery-limit", **servers)

    assert result.exit_code == 0
    (sent,) = take(servers, topology, 1)
    assert sent == a_message(
        "poison",
        event="user_create",
        body=message.body,
        attempt=DELIVERY_LIMIT + 2,
    )


def test_an_id_that_is_no_dead_letter_is_exit_code_1(servers, bury_one):
    bury_one("d-1")

    result = run("dead-letters", "replay", "d-1", "d-9", **servers)

    assert result.exit_code == 1
    assert "d-9" in result.stderr
    assert left(servers) == []


def test_a_replay_keeps_its_rate(servers, bury_one):
    for number in range(5):
        bury_one(f"d-{number}")
    started = time.monotonic()

    run("dead-letters", "replay", "--rate", "10", **servers)

    assert time.monotonic() - started > 0.4


def test_a_replay_that_is_killed_loses_none_and_can_be_run_again(
    servers, topology, publisher
):
    everything = {f"d-{number}" for number in range(200)}
    told = json.dumps(payload("user_create")).encode()
    death = Death("handler-failed", "Traceback ...", None, NOW)
    for future in [
        bury(publisher, *encode(a_message(it, event="user_create", body=told)), death)
        for it in sorted(everything)
    ]:
        future.result(30)

    process = start("dead-letters", "replay", "--rate", "200", **servers)
    until(lambda: waiting(servers, topology) > 20, 30)
    process.kill()
    process.communicate(timeout=10)

    until(lambda: len(left(servers)) + waiting(servers, topology) >= 200)
    kept = set(left(servers))
    sent = {it.delivery_id for it in take(servers, topology, len(everything - kept))}
    assert 20 < len(sent) < 200
    assert sent | kept == everything
    again = run_json("dead-letters", "replay", "--rate", "9999", **servers)
    assert set(ids(again["replayed"])) == kept
    assert left(servers) == []


def test_a_replay_that_cannot_connect_takes_nothing(servers, bury_one):
    bury_one("d-1")
    away = f"amqp://127.0.0.1:{ports.free()}/"

    result = run("dead-letters", "replay", **servers | {"AMQP_URL": away})

    assert result.exit_code == 2
    assert left(servers) == ["d-1"]


def test_a_replay_that_is_cut_short_says_how_far_it_came(capsys):
    report = Report(is_dry_run=False, replayed=[{}, {}])

    with pytest.raises(BrokerUnavailable), interrupted(report):
        raise BrokerUnavailable

    assert capsys.readouterr().err == (
        "2 were sent again; run it again for the others\n"
    )


def test_progress_is_shown_at_a_terminal_and_never_in_the_output(servers, bury_one):
    bury_one("d-1")

    shown, output = at_terminal("dead-letters", "replay", "--json", **servers)

    assert "replaying" in shown
    assert ids(json.loads(output)["replayed"]) == ["d-1"]


def test_a_drop_asks_and_takes_no_for_an_answer(servers, bury_one):
    bury_one("d-1")

    shown, output = at_terminal("dead-letters", "drop", "--all", answer="n", **servers)

    assert "Drop these 1 dead letters for good? [y/N]" in shown
    assert "dropped" not in output
    assert left(servers) == ["d-1"]


def test_a_drop_that_is_agreed_to_leaves_a_row(servers, bury_one, database):
    message = bury_one("d-1")
    bury_one("d-2")

    _, output = at_terminal("dead-letters", "drop", "d-1", answer="y", **servers)

    assert output.endswith("dropped 1\n")
    assert left(servers) == ["d-2"]
    (found,) = database["deliveries"].find()
    assert found.pop("dropped_at") >= found.pop("processed_at")
    assert found == {
        "_id": "gitlab:d-1",
        "source": "gitlab",
        "delivery_id": "d-1",
        "receipt": message.receipt,
        "event": "user_create",
        "outcome": "dead",
        "received_at": datetime(2026, 9, 21, 14, 13, 20, 123_000, tzinfo=UTC),
        "attempts": 1,
        "reason": "handler-failed",
    }


def test_a_drop_notes_who_and_why_in_the_row_there_is(servers, bury_one, database):
    message = bury_one("d-1")
    day = datetime(2026, 3, 1, tzinfo=UTC)
    Ledger(database).write(
        [Row("gitlab", "d-1", message.receipt, "user_create", "dead", day, day)]
    )

    told = run_json(
        "dead-letters", "drop", "d-1", "--yes", "--note", "Bo: old", **servers
    )

    assert ids(told["dropped"]) == ["d-1"]
    (found,) = database["deliveries"].find()
    assert found["note"] == "Bo: old"
    assert found["outcome"] == "dead"
    assert found["processed_at"] == day
    assert found["dropped_at"] > day


def test_a_dry_run_says_what_would_be_dropped_and_drops_none(
    servers, several, database
):
    shown = run("dead-letters", "drop", "--event", "push", "--dry-run", **servers)
    told = run_json("dead-letters", "drop", "--event", "push", "--dry-run", **servers)

    assert shown.exit_code == 0
    assert row(shown.stdout, "d-2")[-1] == "push"
    assert shown.stdout.endswith("\nwould be dropped 1\n")
    assert ids(told["dropped"]) == ["d-2"]
    assert left(servers) == ["d-1", "d-2", "d-3", "d-4"]
    assert database["deliveries"].count_documents({}) == 0


def test_a_foreign_message_can_be_dropped_and_was_never_accepted(
    servers, bury_one, foreign, database
):
    bury_one("d-1")

    options = ("--reason", "undecodable", "--yes")
    result = run("dead-letters", "drop", *options, **servers)

    assert result.exit_code == 0
    assert left(servers) == ["d-1"]
    assert database["deliveries"].count_documents({}) == 0


def test_nothing_to_drop_is_no_question(servers, database):
    result = run("dead-letters", "drop", "d-9", "--yes", **servers)

    assert result.exit_code == 1
    assert result.stdout == "dropped 0\n"
    assert "d-9" in result.stderr


@pytest.mark.parametrize(
    "words", [("dead-letters", "drop", "--all"), ("forget", "41")], ids=" ".join
)
def test_without_a_terminal_nothing_is_removed_unless_told(servers, bury_one, words):
    bury_one("d-1")

    result = run(*words, **servers)

    assert result.exit_code == 2
    assert "give --yes" in result.stderr
    assert left(servers) == ["d-1"]
