"""Show what `forgewire try` says of an event, alone and against a real state."""

import json
import resource
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from cli.local import ports
from handlers.changes import Delete, Put
from state.collections import declare
from state.rehearsal import rehearse
from state.store import Decided, Store
from state.version import Stamp
from tests.commands import row, run, run_json
from tests.samples.decide import HANDLERS, decide
from tests.samples.load import FOLDER
from tests.samples.load import payload as sample
from tests.working import at_database

RECEIVED = 1_700_000_000_000_000
RENAMED = FOLDER / "user_rename.json"


@pytest.fixture
def url(mongodb_url, database):
    return at_database(mongodb_url, database.name)


@pytest.fixture
def store(database):
    return Store(database, "gitlab")


@pytest.fixture
def payload(tmp_path):
    """Write a payload, and return its file."""

    def write(**told):
        file = tmp_path / "payload.json"
        file.write_text(json.dumps(told))
        return file

    return write


def decided(event, *changes, updated_at=None):
    stamp = Stamp("gitlab", event, f"d-{event}", RECEIVED, None, updated_at)
    return Decided(stamp, changes)


def everything(database):
    return {
        name: list(database[name].find().sort("_id", 1))
        for name in database.list_collection_names()
    }


def test_an_event_is_shown_with_its_handler_and_changes():
    result = run("try", RENAMED)

    assert result.exit_code == 0
    assert row(result.stdout, "handler") == ["handler", "handlers.users.rename"]
    assert row(result.stdout, "where")[1].startswith("handlers/users.py:")
    assert "old username  esi.m" in result.stdout
    assert row(result.stdout, "put ") == ["put", "users/205", "username", "emensah"]
    assert row(result.stdout, "move ") == ["move", "users/205", "old", "esi.m"]


def test_programs_get_the_same_as_json():
    told = run_json("try", FOLDER / "gitlab_subscription_member_approvals.json")

    assert told["event"] == "gitlab_subscription_member_approvals"
    assert told["schema"] == "schemas.approvals.ApprovalDecisionSchema"
    assert told["validated"]["result"] == {"status": "success"}
    assert told["changes"][0]["collection"] == "approvals"
    assert told["outcome"] is None
    assert told["against"] is None


def test_it_takes_less_than_a_second_without_any_server():
    words = [sys.executable, "-c", "from cli.main import main; main()"]
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Nothing of ours in the environment, and nothing that measures coverage.
        subprocess.run(
            [*words, "try", RENAMED], check=True, capture_output=True, env={}
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(sum(after[:2]) - sum(before[:2]))

    # Of a processor: others may use it, too.
    assert min(seconds) < 1


def test_an_event_without_file_is_a_sample_of_the_folder_or_made_up(
    tmp_path, monkeypatch
):
    here = run_json("try", "user_rename")
    monkeypatch.chdir(tmp_path)
    elsewhere = run_json("try", "user_rename")

    assert here["payload"] == "tests/samples/user_rename.json"
    assert elsewhere["payload"] == "made up"
    assert [it["change"] for it in elsewhere["changes"]] == ["put", "move"]


@pytest.mark.parametrize("event", sorted(HANDLERS))
def test_an_event_can_be_made_up_for_every_handler(event, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    told = run_json("try", event)

    assert told["outcome"] is None
    assert told["changes"]


def test_what_no_handler_wants_changes_nothing(payload):
    result = run("try", payload(object_kind="note"))

    assert result.exit_code == 0
    assert "counted as ignored" in result.stdout


def test_a_test_of_the_host_changes_nothing():
    result = run("try", FOLDER / "push.test-button.json")

    assert result.exit_code == 0
    assert "a test of the host" in result.stdout


def test_what_would_become_a_dead_letter_is_told_with_its_reason(payload):
    result = run("try", payload(event_name="user_create", user_id="x"))

    assert result.exit_code == 1
    assert row(result.stdout, "reason") == ["reason", "invalid-payload"]
    assert "user_id: Not an id" in result.stdout


@pytest.mark.parametrize(
    ("body", "problem"),
    [("[]", "not an object"), ("{}", "no event_name"), ("{", "not JSON")],
)
def test_what_a_receiver_would_refuse_is_told(tmp_path, body, problem):
    file = tmp_path / "payload.json"
    file.write_text(body)

    result = run("try", file)

    assert result.exit_code == 2
    assert problem in result.stderr


def test_neither_a_file_nor_an_event_is_told():
    result = run("try", "badge_create")

    assert result.exit_code == 2
    assert "badge_create is no file, and no event" in result.stderr


def test_a_state_is_compared_and_left_as_it_was(url, store, database):
    old = {"username": "esi.m", "name": "Esi Mensah"}
    own = Put("projects", 7, {"path_with_namespace": "esi.m/notes", "name": "Notes"})
    key = Put("keys", 9, {"username": "esi.m"})
    store.apply([decided("user_create", Put("users", 205, old), own, key)])
    before = everything(database)

    result = run("try", RENAMED, "--against", url)

    assert result.exit_code == 0
    shown = result.stdout.partition("would be applied")[2]
    assert "users gitlab:205\n" in shown
    assert "  - username: esi.m\n  + username: emensah\n" in shown
    # What the event moves along.
    assert "keys gitlab:9\n  - username: esi.m\n  + username: emensah\n" in shown
    assert "name: Esi Mensah" not in shown
    assert everything(database) == before


def test_what_goes_with_a_deleted_user_is_told(url, store):
    user_id = sample("user_destroy")["user_id"]
    member = Put("memberships", f"project:74:{user_id}", {"access_level": "Owner"})
    store.apply([decided("user_add_to_team", member)])

    told = run_json("try", FOLDER / "user_destroy.json", "--against", url)

    documents = {it["collection"]: it for it in told["against"]["documents"]}
    assert told["against"]["outcome"] == "applied"
    assert documents["users"]["before"] is None
    assert documents["users"]["after"]["state"] == "deleted"
    assert "access_level" in documents["memberships"]["names"]
    assert documents["memberships"]["after"]["state"] == "deleted"


def test_newer_events_leave_nothing_to_tell(url, store):
    newer = datetime(2030, 1, 1, tzinfo=UTC)
    changes = decide("group_update", updated_at=newer.isoformat())
    store.apply([decided("group_update", *changes, updated_at=newer)])

    result = run("try", FOLDER / "group_update.json", "--against", url)

    assert "would be stale" in result.stdout
    assert "groups gitlab:" not in result.stdout


def test_an_effect_that_nobody_sees_is_told_as_one(url, store):
    store.apply([decided("user_destroy", Delete("users", 205))])

    result = run("try", RENAMED, "--against", url)

    assert "applied, but no field that is shown would differ" in result.stdout


def test_the_url_is_that_of_the_settings_unless_given(url):
    told = run_json("try", RENAMED, "--against", MONGODB_URL=url)

    assert told["against"]["outcome"] == "applied"


def test_a_state_that_is_away_is_told(tmp_path):
    url = f"mongodb://127.0.0.1:{ports.free()}/forgewire?serverSelectionTimeoutMS=100"

    result = run("try", RENAMED, "--against", url)

    assert result.exit_code == 2
    assert "--against names it" in result.stderr


@pytest.mark.parametrize("url", ["nowhere", "http://127.0.0.1:8081"])
def test_a_url_of_something_else_is_told(url):
    result = run("try", RENAMED, "--against", url)

    assert result.exit_code == 2
    assert "it begins with mongodb://" in result.stderr
    assert result.stdout == ""


def test_a_rehearsal_holds_no_lock_when_it_is_done(database, store):
    event = decided("user_create", Put("users", 1, {"username": "ada"}))

    told = rehearse(database, "gitlab", event)
    applied = store.apply([event])

    assert told.outcome == "applied"
    assert applied == [True]
    assert declare("gitlab")["users"].name in database.list_collection_names()
