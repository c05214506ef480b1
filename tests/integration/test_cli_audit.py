"""Show what `forgewire audit` finds, with real servers and a real spool."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from broker.dead_letters import Death, bury
from broker.envelope import encode
from ingest.spool import records
from ingest.spool.segment import Segment
from ingest.tally import Tally
from state.ledger import Ledger, Row
from state.migrations import migrate
from tests.commands import row, run, run_json
from tests.proxy import Proxy
from tests.rabbit import a_message, channel
from tests.receiver import Receiver, until
from tests.receiving import EVENT
from tests.working import Worker, at_database

NOW = datetime.now(UTC)
#: So large that the receiver waits for RabbitMQ's confirm for seconds.
LARGE = b'{"event_name": "push", "x": "' + b"x" * (24 << 20) + b'"}'


@pytest.fixture
def servers(amqp_url, topology, mongodb_url, database, tmp_path):
    """The settings that lead to the servers of this test."""
    migrate(database)
    return {
        "AMQP_URL": amqp_url,
        "AMQP_PREFIX": topology.prefix,
        "MONGODB_URL": at_database(mongodb_url, database.name),
        "SPOOL_DIR": tmp_path / "spool",
    }


@pytest.fixture
def account(database):
    """Write ledger rows: outcomes of one receiver's deliveries, by their number."""

    def write(outcomes, received_at=NOW - timedelta(minutes=1)):
        Ledger(database).write(
            [
                Row(
                    "gitlab",
                    f"d-{n}",
                    f"3f9c2a71.{n}",
                    "push",
                    outcome,
                    received_at,
                    NOW - timedelta(minutes=1),
                )
                for n, outcome in outcomes.items()
            ]
        )

    return write


@pytest.fixture
def bury_one(publisher):
    def bury_it(number, **changes):
        death = Death("invalid-payload", "Bad", "handlers.users.save", 1)
        message = accepted(number, **changes)
        bury(publisher, *encode(message), death).result(5)

    return bury_it


@pytest.fixture
def proxy(rabbitmq):
    between = Proxy(rabbitmq.port)
    yield between
    between.close()


@pytest.fixture
def start(servers, prefix, tmp_path):
    """Start receivers with the spool of this test, which are stopped after it."""
    started = []

    def begin(url):
        spool = str(servers["SPOOL_DIR"])
        started.append(Receiver(tmp_path, url, prefix, SPOOL_DIR=spool))
        return started[-1].wait()

    yield begin
    for one in started:
        one.stop()


@pytest.fixture
def worker(servers, prefix, tmp_path):
    urls = (servers["AMQP_URL"], prefix, servers["MONGODB_URL"])
    running = Worker(tmp_path, *urls)
    yield running
    running.end()


def tally(folder, *days_ago, start="3f9c2a71"):
    """Tally the numbers from 1 on, received so many days ago; None: not answered."""
    folder.mkdir(exist_ok=True)
    begun = Tally(folder)
    begun.begin(start)
    for number, days in enumerate(days_ago, start=1):
        if days is not None:
            received = NOW - timedelta(days=days)
            begun.mark(number, int(received.timestamp() * 1_000_000))


def accepted(number, **changes):
    return a_message(f"d-{number}", receipt=f"3f9c2a71.{number}", **changes)


def spool(folder, *messages):
    folder.mkdir()
    segment = Segment.create(folder / "a.spool")
    segment.write([records.payload(message) for message in messages])
    segment.close()


def test_an_audit_that_balances_is_exit_code_0(servers, account, bury_one):
    account({1: "applied", 2: "duplicate", 3: "stale", 4: "ignored", 5: "dead"})
    bury_one(5)

    result = run("audit", **servers)

    assert result.exit_code == 0
    assert row(result.stdout, "push") == ["gitlab", "push", "5", *"1111-1-"]
    totals, elsewhere, starts, verdict = result.stdout.splitlines()[-4:]
    assert re.findall(r"(\w+) (\d+)", totals) == [
        ("accepted", "5"),
        ("applied", "1"),
        ("duplicate", "1"),
        ("stale", "1"),
        ("ignored", "1"),
        ("test", "0"),
        ("dead", "1"),
        ("missing", "0"),
    ]
    assert elsewhere == "queued 0  spooled -  dead letters 1"
    assert starts == "starts of receivers  by tally 0  by gaps 1"
    assert verdict == "balanced"


def test_an_audit_that_does_not_balance_is_exit_code_1(servers, account):
    account({1: "applied", 4: "applied"})

    shown = run("audit", **servers)
    told = run_json("audit", **servers)

    assert shown.exit_code == 1
    assert "missing 2" in shown.stdout
    assert "NOT balanced: a worker may have them" in shown.stdout
    assert told == {
        "accepted": 4,
        "missing": 2,
        "starts": {"by_tally": 0, "by_gaps": 1},
        "differences": 2,
        "balanced": False,
        "outcomes": {
            "applied": 2,
            "duplicate": 0,
            "stale": 0,
            "ignored": 0,
            "test": 0,
            "dead": 0,
        },
        "queued": 0,
        "spooled": None,
        "dead_letters": 0,
        "set_aside_by_rabbitmq": 0,
        "without_letter": [],
        "letters_not_dead": [],
        "rows": [
            {
                "source": "gitlab",
                "event": "push",
                "outcome": "applied",
                "deliveries": 2,
            }
        ],
    }


def test_what_is_missing_while_the_queue_is_full_may_be_in_it(
    servers, account, publisher
):
    account({2: "applied"})
    publisher.publish(accepted(1))

    result = run("audit", **servers)

    assert result.exit_code == 1
    assert "queued 1" in result.stdout
    assert "up to 1 are under way" in result.stdout


def test_what_is_spooled_or_set_aside_by_the_broker_is_not_missing(
    servers, account, publisher, bury_one
):
    account({1: "applied", 4: "applied"})
    bury_one(2, event="user_create")
    spool(servers["SPOOL_DIR"], accepted(3), accepted(4), accepted(6))

    told = run_json("audit", **servers)
    shown = run("audit", **servers)

    # 4 is in the ledger as well, and 5 is nowhere.
    assert (told["accepted"], told["missing"]) == (6, 1)
    assert (told["spooled"], told["set_aside_by_rabbitmq"]) == (3, 1)
    assert row(shown.stdout, "user_create")[2:] == ["1", *"-----1-"]
    assert row(shown.stdout, "push")[2:] == ["4", "2", *"-----2"]
    assert "RabbitMQ set 1 aside" in shown.stdout
    assert "up to 3 are under way" in shown.stdout


def test_a_dead_row_and_a_dead_letter_need_each_other(servers, account, bury_one):
    account({1: "dead", 2: "applied", 3: "dead"})
    bury_one(2)
    bury_one(3)
    bury_one(3)

    told = run_json("audit", **servers)
    shown = run("audit", **servers)

    assert shown.exit_code == 1
    assert told["missing"] == 0
    assert told["without_letter"] == ["d-1"]
    assert told["letters_not_dead"] == ["d-2"]
    assert "1 dead in the ledger, without a dead letter: d-1\n" in shown.stdout


def test_a_letter_that_was_dropped_is_not_looked_for(servers, account, database):
    account({1: "dead"})
    database["deliveries"].update_one({}, {"$set": {"dropped_at": NOW}})

    assert run("audit", **servers).exit_code == 0


def test_of_many_ids_a_few_are_named(servers, account):
    account(dict.fromkeys(range(1, 13), "dead"))

    shown = run("audit", **servers).stdout

    assert "12 dead in the ledger" in shown
    assert "d-9, ..." not in shown
    assert ", ...\n" in shown


def test_a_foreign_message_among_the_dead_letters_is_no_difference(
    amqp_url, topology, servers, publisher
):
    with channel(amqp_url) as it:
        it.basic_publish(topology.dead_letters, "", b"what?")

    result = run("audit", **servers)

    assert result.exit_code == 0
    assert row(result.stdout, "-")[:3] == ["-", "-", "1"]


def test_rows_that_expired_are_no_gap(servers, account, database):
    month_ago = NOW - timedelta(days=29, hours=12)
    account({1: "applied"}, received_at=month_ago)
    account({98: "applied"}, received_at=month_ago)
    account({99: "applied", 101: "applied"})

    told = run_json("audit", **servers)

    # That 100 is missing is known; what was before 99 may have expired.
    assert told["missing"] == 1


def test_a_start_that_is_young_has_no_expired_rows(servers, account):
    account({4: "applied"})

    assert run_json("audit", **servers)["missing"] == 3


def test_an_audit_of_nothing_balances(servers):
    result = run("audit", **servers)

    assert result.exit_code == 0
    assert result.stdout.startswith("accepted 0  ")


def test_a_spool_that_cannot_be_read_is_told(servers, tmp_path):
    (tmp_path / "spool").mkdir()
    # A file that even root cannot read from its beginning.
    (tmp_path / "spool" / "a.spool").symlink_to("/proc/self/mem")

    result = run("audit", **servers)

    assert result.exit_code == 2
    assert "spool cannot be read" in result.stderr


def test_what_was_tallied_and_is_nowhere_is_missing(servers, account):
    account({2: "applied", 3: "applied"})
    tally(servers["SPOOL_DIR"], None, 0, 0, 0)

    told = run_json("audit", **servers)
    shown = run("audit", **servers).stdout

    # 1 was never answered; 4 was, and is the last of its start.
    assert (told["accepted"], told["missing"]) == (3, 1)
    assert told["starts"] == {"by_tally": 1, "by_gaps": 0}
    assert "\nstarts of receivers  by tally 1  by gaps 0\n" in shown
    assert shown.endswith("what is missing then was lost\n")


def test_starts_without_a_tally_are_judged_by_gaps(servers, account):
    account({1: "applied", 3: "applied"})
    tally(servers["SPOOL_DIR"], None, None, start="00000000")

    told = run_json("audit", **servers)
    shown = run("audit", **servers).stdout

    assert told["missing"] == 1
    assert told["starts"] == {"by_tally": 1, "by_gaps": 1}
    assert shown.endswith("whose tally is not on this machine\n")


def test_what_a_long_lived_receiver_tallied_before_rows_expired_is_not_missing(
    servers, account
):
    account({4: "applied"})
    tally(servers["SPOOL_DIR"], 45, 31, 30, 0, 27)

    told = run_json("audit", **servers)

    # Those of 30 days ago and more may have expired; that of 27 days ago may not.
    assert told["missing"] == 1


def test_what_a_killed_receiver_had_in_its_hands_is_not_missing(
    servers, start, proxy, worker, database
):
    first = start(f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F")
    answers = [first.post(EVENT, Idempotency_Key="before")]
    with ThreadPoolExecutor(1) as pool:
        proxy.stall()
        held = pool.submit(first.post, LARGE, Idempotency_Key="held")
        until(lambda: proxy.bytes_held, "it waits for its confirm")
        answers.append(first.post(EVENT, Idempotency_Key="after"))
        assert not held.done()
        first.kill()
        with pytest.raises(requests.ConnectionError):
            held.result(20)
    proxy.cut()
    start(servers["AMQP_URL"])

    assert [it.json()["status"] for it in answers] == ["queued", "spooled"]
    known = database["deliveries"].count_documents
    until(lambda: known({}) == 2, "what was accepted is worked")
    exact = run("audit", **servers)
    assert "missing 0" in exact.stdout
    assert exact.stdout.endswith("by tally 1  by gaps 0\nbalanced\n")
    assert exact.exit_code == 0
    for file in servers["SPOOL_DIR"].glob("*.tally"):
        file.unlink()
    assert run_json("audit", **servers)["missing"] == 1


def test_the_last_hook_of_a_receiver_is_missed_when_the_queue_loses_it(
    servers, start, amqp_url, topology, database
):
    receiver = start(amqp_url)
    statuses = [receiver.post(EVENT, Idempotency_Key=it).status_code for it in "ab"]
    with channel(amqp_url) as it:
        it.queue_purge(topology.events)
    (file,) = servers["SPOOL_DIR"].glob("*.tally")
    times = {"received_at": NOW, "processed_at": NOW}
    Ledger(database).write(
        [Row("gitlab", "a", f"{file.stem}.1", "user_create", "applied", **times)]
    )

    result = run("audit", **servers)

    assert statuses == [202, 202]
    assert result.exit_code == 1
    assert "accepted 2 " in result.stdout
    assert "missing 1\n" in result.stdout
    file.unlink()
    assert run_json("audit", **servers)["missing"] == 0
