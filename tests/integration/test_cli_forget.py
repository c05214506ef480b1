"""Forget a destroyed user: nothing of them is left in queues or database."""

import json
from dataclasses import replace

import pytest
from bson import encode as to_bson

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.message import Message
from ingest.spool import records
from ingest.spool.segment import SET_ASIDE_SUFFIX, SUFFIX
from state.migrations import migrate
from state.store import Store
from tests.commands import run, run_json
from tests.rabbit import channel, publishing
from tests.samples.load import event_of, payload
from tests.world import HANDLERS
from workers.decide import decide

#: When the host told that the user was destroyed.
END = 1_730_000_000_000_000
DESTROYED = payload("user_destroy")
ID = DESTROYED["user_id"]
USERNAME, NAME, EMAIL = (DESTROYED[it] for it in ("username", "name", "email"))
PERSONAL = (USERNAME, NAME, EMAIL, "formerly")


@pytest.fixture
def bury_all(amqp_url, topology):
    """Bury messages, in their order."""

    def bury_them(messages):
        with publishing(amqp_url, topology) as publisher:
            for message in messages:
                death = Death("handler-failed", "Traceback", "x.y", message.received_at)
                bury(publisher, *encode(message), death).result(5)

    return bury_them


@pytest.fixture
def tell(database):
    """Have the state told, as a worker would."""
    migrate(database)
    store = Store(database, "gitlab")
    return lambda *messages: store.apply(
        [decide(message, HANDLERS).decided for message in messages]
    )


def message(sample, delivery_id=None, received_at=END, **changes):
    return Message(
        source="gitlab",
        event=event_of(sample),
        delivery_id=delivery_id or sample,
        receipt=f"3f9c2a71.{delivery_id or sample}",
        received_at=received_at,
        body=json.dumps(payload(sample, **changes)).encode(),
    )


#: What a user leaves behind in dead letters, by their id or by a name only.
THEIRS = [
    message("user_create", "created", user_id=ID, username=USERNAME, name=NAME,
            email=EMAIL),
    message("user_rename", "renamed", user_id=ID, username=USERNAME, name=NAME,
            old_username="formerly"),
    message("user_add_to_team", "member", user_id=ID, user_username=USERNAME,
            user_name=NAME, user_email=EMAIL),
    message("key_create", "key", username=USERNAME),
    message("key_create", "old-key", username="formerly"),
    message("project_create.owners", "owned",
            owners=[{"name": NAME, "email": EMAIL}, {"name": "B", "email": "b@x.y"}]),
    message("project_create", "personal", path_with_namespace=f"{USERNAME}/toy",
            owner_name=NAME, owner_email=""),
    message("push", "pushed", user_id=ID, user_username=USERNAME, user_name=NAME),
    message("push", "authored", commits=[{"author": {"name": NAME, "email": EMAIL}}]),
    message("merge_request", "requested", user={"id": ID, "username": USERNAME}),
]  # fmt: skip
#: What looks like it and is about others.
OTHERS = [
    message("user_create", "another", user_id=ID + 1, username="b", email="b@x.y"),
    message("project_create", "numbered", project_id=ID),
    replace(message("user_create", "elsewhere", user_id=ID), source="other"),
    message("key_create", "successor", username=USERNAME,
            updated_at="2030-01-01T00:00:00Z"),
]  # fmt: skip


def raw_letters(amqp_url, topology):
    """The bodies in the dead letters' queue, as they are; this empties it."""
    bodies = []
    with channel(amqp_url) as it:
        while (got := it.basic_get(topology.dead_letters, auto_ack=True))[0]:
            bodies.append((got[1].message_id, got[2]))
    return bodies


def spool(folder, *messages):
    """Leave a file of the spool, as a receiver that was killed does."""
    header = records.new_header()
    salt = records.salt_of(header)
    found = [records.framed(records.payload(one), salt) for one in messages]
    (folder / f"1{SUFFIX}").write_bytes(header + b"".join(found))


def raw_state(database):
    return b"".join(
        to_bson(document)
        for name in database.list_collection_names()
        for document in database[name].find()
    )


def ids(told):
    return [it["delivery_id"] for it in told]


def test_nothing_is_left_of_a_destroyed_user(
    amqp_url, topology, servers, database, tell, bury_all
):
    tell(
        message("user_create", "told", user_id=ID, name=NAME, email=EMAIL),
        message("project_create.owners", owners=[{"name": NAME, "email": EMAIL}]),
        message("key_create", username=USERNAME),
        message("user_destroy"),
    )
    bury_all([*THEIRS[:5], *OTHERS, *THEIRS[5:]])

    result = run("forget", ID, "--yes", **servers)

    assert result.exit_code == 0, result.output
    assert f"dead letters dropped {len(THEIRS)}\n" in result.stdout
    assert not any(it in result.output for it in PERSONAL)
    left = raw_letters(amqp_url, topology)
    assert [delivery_id for delivery_id, _ in left] == [it.delivery_id for it in OTHERS]
    own = b"".join(
        body for name, body in left if name not in {"elsewhere", "successor"}
    )
    for personal in PERSONAL:
        assert personal.encode() not in own
        assert personal.encode() not in raw_state(database)
    rows = {it["delivery_id"]: it for it in database["deliveries"].find()}
    assert rows.keys() == {it.delivery_id for it in THEIRS}
    assert {it["note"] for it in rows.values()} == {"forgotten"}
    assert {it["outcome"] for it in rows.values()} == {"dead"}


def test_a_dry_run_says_what_would_go(servers, database, tell, bury_all):
    tell(message("user_destroy"))
    bury_all([THEIRS[0], OTHERS[0]])

    shown = run("forget", ID, "--dry-run", **servers)
    told = run_json("forget", ID, "--dry-run", **servers)

    assert "created" in shown.stdout
    assert "dead letters would be dropped 1\n" in shown.stdout
    assert ids(told.pop("dropped")) == ["created"]
    assert told == {
        "user_id": ID,
        "source": "gitlab",
        "unreadable": 0,
        "remains": [],
        "spooled": 0,
        "set_aside": 0,
        "dry_run": True,
    }
    assert len(run_json("dead-letters", "list", **servers)) == 2
    assert database["deliveries"].count_documents({}) == 0


def test_twice_is_as_good_as_once(servers, tell, bury_all):
    tell(message("user_destroy"))
    bury_all(THEIRS)

    first = run_json("forget", ID, "--yes", **servers)
    second = run("forget", ID, "--yes", **servers)

    assert len(first["dropped"]) == len(THEIRS)
    assert second.exit_code == 0
    assert "dead letters dropped 0\n" in second.stdout


@pytest.mark.parametrize(
    ("known", "words"),
    [([], "told nothing of a user"), (["user_create"], "was destroyed")],
)
def test_a_user_who_may_be_there_is_not_forgotten(
    servers, tell, bury_all, known, words
):
    tell(*(message(sample, user_id=ID) for sample in known))
    bury_all([THEIRS[0]])

    result = run("forget", ID, "--yes", **servers)

    assert result.exit_code == 2
    assert words in result.stderr
    assert len(run_json("dead-letters", "list", **servers)) == 1


def test_who_insists_forgets_the_dead_letters_only(servers, database, tell, bury_all):
    tell(message("user_create", user_id=ID))
    bury_all([THEIRS[0], THEIRS[3]])

    result = run("forget", ID, "--yes", "--even-if-active", **servers)

    assert result.exit_code == 0
    assert run_json("dead-letters", "list", **servers) == []
    assert database["users"].find_one({"user_id": ID})["state"] == "active"


def test_what_cannot_be_read_is_told_and_kept(amqp_url, topology, servers, tell):
    tell(message("user_destroy"))
    run("dead-letters", "list", **servers)
    with channel(amqp_url) as it:
        it.basic_publish(topology.dead_letters, "", b"what?")

    result = run("forget", ID, "--yes", **servers)

    assert result.exit_code == 1
    assert "dead letters that cannot be read 1" in result.stdout
    assert len(raw_letters(amqp_url, topology)) == 1


def test_what_the_state_still_tells_is_erased_or_named(servers, database, tell):
    tell(message("project_create.owners", owners=[{"name": NAME, "email": EMAIL}]))
    project = database["projects"].find_one()
    tell(message("user_destroy"))
    # As if a worker had died before it looked at the other side.
    database["projects"].replace_one({"_id": project["_id"]}, project)
    user = database["users"].find_one()
    move = {"owner": f"users/{user['_id']}", "old": "00", "new": USERNAME}
    move |= {"source": "gitlab", "version": user["version"]}
    database["moves"].insert_one({"_id": "x"} | move)
    database["users"].update_one({}, {"$set": {"nickname": "F."}})

    before = run_json("forget", ID, "--dry-run", **servers)
    after = run("forget", ID, "--yes", **servers)

    left = [f"users/{user['_id']}", "moves/x", f"projects/{project['_id']}"]
    assert before["remains"] == left
    assert after.exit_code == 1
    assert f"the state still tells of the user: {left[0]}\n" in after.stdout
    assert "moves/x" not in after.stdout
    assert EMAIL.encode() not in raw_state(database)


def test_what_is_in_a_spool_is_counted_and_what_nobody_drains_is_named(
    servers, tell, tmp_path
):
    tell(message("user_destroy"))
    spool(tmp_path, THEIRS[0], OTHERS[0], THEIRS[1])
    settings = servers | {"SPOOL_DIR": tmp_path}

    waiting = run("forget", ID, "--yes", **settings)
    for path in tmp_path.glob(f"*{SUFFIX}"):
        path.rename(path.with_suffix(SET_ASIDE_SUFFIX))
    set_aside = run("forget", ID, "--yes", **settings)

    assert waiting.exit_code == 0
    assert "waiting in the spool of this machine 2\n" in waiting.stdout
    assert set_aside.exit_code == 1
    assert f"set aside 2: delete these files in {tmp_path}\n" in set_aside.stdout


def test_a_spool_that_cannot_be_read_is_told(servers, tell, tmp_path):
    tell(message("user_destroy"))
    (tmp_path / f"x{SUFFIX}").symlink_to("/proc/self/mem")

    result = run("forget", ID, "--yes", **servers | {"SPOOL_DIR": tmp_path})

    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr


def test_a_foreign_letter_of_no_host_is_looked_at_as_well(
    amqp_url, topology, servers, database, tell
):
    tell(message("user_destroy"))
    run("dead-letters", "list", **servers)
    with channel(amqp_url) as it:
        body = json.dumps({"user_id": ID}).encode()
        it.basic_publish(topology.dead_letters, "", body)

    told = run_json("forget", ID, "--yes", **servers)

    assert ids(told["dropped"]) == [None]
    assert raw_letters(amqp_url, topology) == []
    assert database["deliveries"].count_documents({}) == 0
