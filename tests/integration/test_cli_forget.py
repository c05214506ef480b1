"""Forget a destroyed user: nothing of them is left in queues or database."""

import fcntl
import json
from dataclasses import replace

import pytest
from bson import encode as to_bson

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.message import Message
from ingest.spool import records, survey
from ingest.spool.segment import SET_ASIDE_SUFFIX, SUFFIX
from state import bodies
from state.migrations import migrate
from state.packing import Body
from state.store import Store
from tests.commands import run, run_json
from tests.operating import NOON
from tests.rabbit import channel, publishing
from tests.receiver import Receiver
from tests.samples.load import event_of, payload
from tests.spooling import a_store, keep
from tests.terminal import at_terminal
from tests.working import Worker
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


@pytest.fixture
def running(servers, tmp_path, tmp_path_factory):
    """Start a receiver, with its spool in `tmp_path`, and a worker; until the end."""
    started = []

    def start():
        folder = tmp_path_factory.mktemp("running")
        to_broker = servers["AMQP_URL"], servers["AMQP_PREFIX"]
        receiver = Receiver(folder, *to_broker, SPOOL_DIR=str(tmp_path))
        worker = Worker(folder, *to_broker, servers["MONGODB_URL"])
        started.extend([receiver.process, worker.process])
        return servers | {"SPOOL_DIR": tmp_path}

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


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


def spool(folder, *messages, name="1", suffix=SUFFIX, tail=b""):
    """Leave a file of the spool, as a receiver that was killed does."""
    header = records.new_header()
    salt = records.salt_of(header)
    found = [records.framed(records.payload(one), salt) for one in messages]
    file = folder / f"{name}{suffix}"
    file.write_bytes(header + b"".join(found) + tail)
    return file


def raw_files(folder):
    """All bytes of all files."""
    return b"".join(it.read_bytes() for it in sorted(folder.rglob("*")) if it.is_file())


def raw_state(database):
    kept = b"".join(it.body for it in bodies.everything(database))
    return kept + b"".join(
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
        "sent": 0,
        "queued": 0,
        "bodies": 0,
        "erased": 0,
        "unreadable_bytes": {},
        "deleted_bytes": {},
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


def test_what_is_in_the_spool_and_the_queue_is_waited_for(
    database, tell, tmp_path, publisher, bury_all, running
):
    tell(message("user_destroy"))
    broken = message("user_create", "broken", user_id=ID, updated_at="never")
    spool(tmp_path, THEIRS[1], broken, OTHERS[0])
    # The former name is told by what is in the queue, and by nothing else.
    told = {"username": "earlier", "updated_at": "never"}
    publisher.submit(message("user_create", "queued", user_id=ID, **told)).result(5)
    bury_all([message("key_create", "key", username="earlier")])
    settings = running()

    result = run("forget", ID, "--yes", **settings)

    assert result.exit_code == 0, result.output
    assert "2 about the user, in the queue 1 about anybody" in result.stderr
    assert "dead letters dropped 3\n" in result.stdout
    rows = {it["delivery_id"]: it for it in database["deliveries"].find()}
    assert rows.keys() == {"renamed", "broken", "another", "queued", "key"}
    notes = {it: row.get("note") for it, row in rows.items()}
    assert {it for it in notes if notes[it]} == {"broken", "queued", "key"}
    left = raw_files(tmp_path) + raw_state(database)
    assert not any(it.encode() in left for it in (*PERSONAL, "earlier"))
    assert run_json("dead-letters", "list", **settings) == []


def test_what_nobody_sends_from_the_spool_is_told(servers, tell, tmp_path):
    tell(message("user_destroy"))
    spool(tmp_path, THEIRS[0], OTHERS[0], THEIRS[1], tail=b"torn")
    settings = servers | {"SPOOL_DIR": tmp_path}

    told = run_json("forget", ID, "--yes", "--wait", "0", **settings)
    shown = run("forget", ID, "--yes", "--wait", "0.3", **settings)

    assert (told["spooled"], told["unreadable_bytes"]) == (2, {f"1{SUFFIX}": 4})
    assert shown.exit_code == 1
    assert "waiting in the spool of this machine 2\n" in shown.stdout
    assert "no receiver runs here that has 1 of these files: start one" in shown.stdout
    assert "RabbitMQ does not take them" not in shown.stdout
    assert len([*survey.messages(tmp_path)]) == 3


def test_what_a_receiver_cannot_send_is_told(servers, tell, tmp_path):
    tell(message("user_destroy"))
    store = a_store(tmp_path)
    keep(store, THEIRS[0])

    result = run("forget", ID, "--yes", "--wait", "0", **servers, SPOOL_DIR=tmp_path)

    store.close()
    assert result.exit_code == 1
    assert "RabbitMQ does not take them" in result.stdout
    assert "no receiver runs" not in result.stdout


def test_what_waits_in_the_queue_is_not_done(servers, tell, publisher):
    tell(message("user_destroy"))
    publisher.submit(OTHERS[0]).result(5)

    waited = run("forget", ID, "--yes", "--wait", "0.3", **servers)
    planned = run("forget", ID, "--dry-run", **servers)

    assert waited.exit_code == 1
    assert "waiting in the queue, about anybody 1\nNOT done" in waited.stdout
    assert planned.exit_code == 0
    assert planned.stderr == ""


def test_what_was_set_aside_is_erased_and_the_rest_is_kept(servers, tell, tmp_path):
    tell(message("user_destroy"))
    spool(tmp_path, *THEIRS[:5], *OTHERS[:2], *THEIRS[5:], suffix=SET_ASIDE_SUFFIX)
    spool(tmp_path, THEIRS[0], suffix=SET_ASIDE_SUFFIX, name="2")
    settings = servers | {"SPOOL_DIR": tmp_path}
    before = raw_files(tmp_path)

    planned = run("forget", ID, "--dry-run", **settings)
    assert raw_files(tmp_path) == before
    done = run("forget", ID, "--yes", **settings)
    again = run_json("forget", ID, "--yes", **settings)

    told = f"erased in files that were set aside {len(THEIRS) + 1}\n"
    assert f"would be {told}" in planned.stdout
    assert told in done.stdout
    assert done.exit_code == planned.exit_code == 0
    assert again["erased"] == 0
    assert [*survey.messages(tmp_path, set_aside=True)] == OTHERS[:2]
    assert [it.name for it in tmp_path.iterdir()] == [f"1{SET_ASIDE_SUFFIX}"]
    assert not any(it.encode() in raw_files(tmp_path) for it in PERSONAL)


def test_what_nobody_can_read_is_told_and_deleted_on_request(servers, tell, tmp_path):
    tell(message("user_destroy"))
    torn = THEIRS[0].body
    spool(tmp_path, THEIRS[1], OTHERS[0], suffix=SET_ASIDE_SUFFIX, tail=torn)
    (tmp_path / f"2{SET_ASIDE_SUFFIX}").write_bytes(torn)
    settings = servers | {"SPOOL_DIR": tmp_path}
    unreadable = {f"{name}{SET_ASIDE_SUFFIX}": len(torn) for name in "12"}

    kept = run("forget", ID, "--yes", **settings)
    planned = run_json("forget", ID, "--dry-run", "--delete-unreadable", **settings)
    assert raw_files(tmp_path).count(torn) == 2
    deleted = run("forget", ID, "--yes", "--delete-unreadable", **settings)

    assert kept.exit_code == 1
    assert f"cannot be read in 1{SET_ASIDE_SUFFIX}: {len(torn)} bytes" in kept.stdout
    assert "--delete-unreadable" in kept.stdout
    assert (planned["deleted_bytes"], planned["unreadable_bytes"]) == (unreadable, {})
    assert deleted.exit_code == 0
    assert f"deleted in 1{SET_ASIDE_SUFFIX}: {len(torn)} bytes" in deleted.stdout
    assert [*survey.messages(tmp_path, set_aside=True)] == [OTHERS[0]]
    assert not any(it.encode() in raw_files(tmp_path) for it in PERSONAL)


def test_files_are_changed_only_if_that_is_agreed_to(servers, tell, tmp_path):
    tell(message("user_destroy"))
    spool(tmp_path, *THEIRS[:2], suffix=SET_ASIDE_SUFFIX, tail=b"torn")
    before = raw_files(tmp_path)
    settings = servers | {"SPOOL_DIR": tmp_path}

    shown, _ = at_terminal(
        "forget", str(ID), "--delete-unreadable", answer="n", **settings
    )

    assert "Erase 2 events in files that were set aside and delete 4 bytes" in shown
    assert raw_files(tmp_path) == before


def test_a_file_that_somebody_works_on_is_left_to_them(servers, tell, tmp_path):
    tell(message("user_destroy"))
    file = spool(tmp_path, THEIRS[0], suffix=SET_ASIDE_SUFFIX)
    before = file.read_bytes()

    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = run("forget", ID, "--yes", **servers | {"SPOOL_DIR": tmp_path})

    assert result.exit_code == 2
    assert f"{file} is in use" in result.stderr
    assert file.read_bytes() == before


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


def test_bodies_that_are_kept_are_erased_and_those_of_others_stay(
    servers, database, tell
):
    tell(message("user_destroy"))
    unreadable = replace(THEIRS[0], delivery_id="unreadable", body=b"what?")
    # The former name is told by a body, and by nothing else.
    told = [message("user_rename", "earlier", user_id=ID, old_username="earlier")]
    told += [message("key_create", "key-of-earlier", username="earlier")]
    for some in ([*THEIRS, *OTHERS, unreadable], told):
        bodies.write(database, [a_body(it) for it in some])
    elsewhere = replace(unreadable, source="other", delivery_id="unreadable")
    bodies.write(database, [a_body(elsewhere)])

    planned = run_json("forget", ID, "--dry-run", **servers)
    assert len(list(bodies.everything(database))) == len(THEIRS) + len(OTHERS) + 4
    result = run("forget", ID, "--yes", **servers)
    again = run_json("forget", ID, "--yes", **servers)

    erased = len(THEIRS) + 3
    assert (planned["bodies"], again["bodies"]) == (erased, 0)
    assert f"kept bodies erased {erased}\n" in result.stdout
    left = [it.key for it in bodies.everything(database)]
    assert left == [a_body(it).key for it in [*OTHERS, elsewhere]]


def a_body(told):
    key = f"{told.source}:{told.delivery_id}"
    return Body(key, told.source, told.received_at, NOON, told.body)
