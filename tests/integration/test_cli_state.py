"""Show what the commands that look at a real MongoDB print."""

from datetime import UTC, datetime

import pytest

from cli.local import ports
from handlers.changes import Delete, Put
from state.ledger import Ledger, Row
from state.store import Decided, Store
from state.version import Stamp
from tests.commands import run, run_json
from tests.working import at_database

RECEIVED = 1_790_000_000_000_000


@pytest.fixture
def url(mongodb_url, database):
    return at_database(mongodb_url, database.name)


@pytest.fixture
def store(database):
    return Store(database, "gitlab")


@pytest.fixture
def tell(store):
    """Apply changes as the event of a delivery."""

    def apply(event, delivery_id, *changes):
        day = datetime(2026, 1, 5, 8, tzinfo=UTC)
        stamp = Stamp("gitlab", event, delivery_id, RECEIVED, day, day)
        store.apply([Decided(stamp, changes)])

    return apply


ADA = Put("users", 41, {"username": "ada", "name": "Ada Sample"})
MEMBER = Put("memberships", "project:74:41", {"access_level": "Developer"})


@pytest.mark.parametrize("kind", ["user", "users"])
def test_a_user_is_shown_with_the_delivery_that_told_the_latest(url, tell, kind):
    tell("user_create", "d-1", ADA)

    result = run("state", "show", kind, 41, MONGODB_URL=url)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "users gitlab:41",
        "  source        gitlab",
        "  user id       41",
        "  state         active",
        "  name          Ada Sample",
        "  username      ada",
        "  teams         gitlab",
        "  latest event  2026-01-05 08:00:00 UTC",
        "  its delivery  d-1",
    ]


def test_json_holds_what_the_table_leaves_out(url, tell):
    tell("user_create", "d-1", ADA)

    document = run_json("state", "show", "user", 41, MONGODB_URL=url)

    assert document["_id"] == "gitlab:41"
    assert document["rev"] == 1
    assert document["version"] == [
        1,
        "2026-01-05T08:00:00+00:00",
        "1970-01-01T00:00:00+00:00",
        0,
        RECEIVED,
        "d-1",
    ]


def test_a_tombstone_is_shown_as_one(url, tell):
    tell("user_create", "d-1", ADA)
    tell("user_destroy", "d-2", Delete("users", 41, ("ada",)))

    stdout = run("state", "show", "user", 41, MONGODB_URL=url).stdout

    assert "state         deleted" in stdout
    assert "its delivery  d-2" in stdout
    assert "ada" not in stdout.lower()
    assert "marks" not in stdout


def test_what_is_gone_with_what_it_belongs_to_says_so(url, tell):
    tell("user_add_to_team", "d-1", MEMBER)
    tell("user_destroy", "d-2", Delete("users", 41))

    stdout = run("state", "show", "membership", "project:74:41", MONGODB_URL=url).stdout

    assert "state         deleted" in stdout
    assert "deleted with  what it belongs to" in stdout


def test_a_team_has_no_version_and_is_shown_all_the_same(url, tell):
    tell("user_create", "d-1", ADA)

    stdout = run("state", "show", "team", "gitlab", MONGODB_URL=url).stdout

    assert stdout.splitlines() == [
        "teams gitlab:gitlab",
        "  name    gitlab",
        "  source  gitlab",
    ]


def test_a_collection_of_somebody_else_s_handler_can_be_looked_at(url, tell):
    tell("project_create", "d-1", Put("wikis", 7, {"title": "Home"}))

    result = run("state", "show", "wikis", 7, MONGODB_URL=url)

    assert result.exit_code == 0
    assert "title         Home" in result.stdout


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_what_nobody_told_of_is_exit_code_1(url, option):
    result = run("state", "show", "user", 41, *option, MONGODB_URL=url)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no event told of 41 in users of gitlab" in result.stderr


def test_another_source_knows_other_users(url, tell):
    tell("user_create", "d-1", ADA)

    result = run("state", "show", "user", 41, "--source", "other", MONGODB_URL=url)

    assert result.exit_code == 1
    assert "of other" in result.stderr


def test_an_id_that_is_none_is_told_how_ids_look(url):
    result = run("state", "show", "membership", 41, MONGODB_URL=url)

    assert result.exit_code == 1
    assert "project:<project id>:<user id>" in result.stderr


def test_a_kind_that_is_none_is_told_which_there_are(url):
    result = run("state", "show", "usr", 41, MONGODB_URL=url)

    assert result.exit_code == 2
    assert "user, project, group, membership" in result.stderr


@pytest.mark.parametrize(
    "words", [("state", "show", "user", "41"), ("deliveries", "show", "d-1")]
)
def test_a_mongodb_that_is_away_is_told_without_its_password(words):
    away = f"mongodb://ada:hidden@127.0.0.1:{ports.free()}/x"

    result = run(*words, MONGODB_URL=away)

    assert result.exit_code == 2
    assert "MongoDB did not answer" in result.stderr
    assert "FORGEWIRE_MONGODB_URL" in result.stderr
    assert "hidden" not in result.output


def row(delivery_id, outcome, receipt="3f9c2a71.1", **more):
    day = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC)
    fields = {
        "source": "gitlab",
        "delivery_id": delivery_id,
        "receipt": receipt,
        "event": "user_create",
        "outcome": outcome,
        "received_at": day,
        "processed_at": day.replace(microsecond=9000),
    }
    return Row(**fields | more)


def test_a_delivery_is_shown_with_what_it_changed(url, database):
    put = {"collection": "users", "id": 41, "verb": "put", "fields": ["name", "email"]}
    changed = [
        put | {"effect": True},
        {"collection": "keys", "id": 7, "verb": "delete", "effect": False},
        {"collection": "users", "id": 41, "verb": "move"},
    ]
    Ledger(database).write([row("d-1", "applied", changed=changed)])

    shown = run("deliveries", "show", "d-1", MONGODB_URL=url).stdout.splitlines()

    assert [line.split() for line in shown[-4:]] == [
        ["DOCUMENT", "CHANGE", "FIELDS", "EFFECT"],
        ["users/41", "put", "name,", "email", "yes"],
        ["keys/7", "delete", "-", "no"],
        ["users/41", "move", "-", "-"],
    ]
    assert (
        run_json("deliveries", "show", "d-1", MONGODB_URL=url)[0]["changed"] == changed
    )


def test_a_delivery_is_shown_with_the_way_to_the_state(url, database):
    Ledger(database).write([row("d-1", "applied", entity="users/41")])

    result = run("deliveries", "show", "d-1", MONGODB_URL=url)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "delivery d-1",
        "  source        gitlab",
        "  receipt       3f9c2a71.1",
        "  event         user_create",
        "  outcome       applied",
        "  received at   2026-03-01 12:00:00.005 UTC",
        "  processed at  2026-03-01 12:00:00.009 UTC",
        "  attempts      1",
        "  entity        users/41",
        "",
        "State: forgewire state show users 41",
    ]


def test_repetitions_are_listed_below_the_delivery(url, database):
    Ledger(database).write(
        [
            row("d-1", "applied"),
            row("d-1", "duplicate", "3f9c2a71.2"),
            row("d-1", "duplicate", "3f9c2a71.3"),
            row("d-11", "applied", "3f9c2a71.4"),
        ]
    )

    shown = run("deliveries", "show", "d-1", MONGODB_URL=url).stdout
    rows = run_json("deliveries", "show", "d-1", MONGODB_URL=url)

    assert "delivered again 2 times" in shown
    assert "3f9c2a71.3" in shown
    assert "3f9c2a71.4" not in shown
    assert [it["outcome"] for it in rows] == ["applied", "duplicate", "duplicate"]
    assert rows[0]["received_at"] == "2026-03-01T12:00:00.005000+00:00"


def test_a_dead_delivery_is_shown_with_the_way_to_its_cause(url, database):
    dead = row("d-1", "dead", source="other", entity="users/41", reason="unstorable")
    Ledger(database).write([dead])

    stdout = run(
        "deliveries", "show", "d-1", "--source", "other", MONGODB_URL=url
    ).stdout

    assert "reason        unstorable" in stdout
    assert "Why: forgewire dead-letters show d-1" in stdout
    assert "State: forgewire state show users 41 --source other" in stdout


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_delivery_that_the_ledger_lacks_is_exit_code_1(url, option):
    result = run("deliveries", "show", "d-1", *option, MONGODB_URL=url)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no delivery d-1" in result.stderr
