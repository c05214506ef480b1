"""MongoDB's errors are translated by kind: never, or not now."""

import pytest
from pymongo import InsertOne, WriteConcern

from schemas.errors import StateUnavailable, Unstorable
from state.client import connect, has_primary, translated
from state.collections import declare
from state.documents import Documents
from state.record import Record
from state.version import ONE_ROW, Rank, Version

AWAY = "mongodb://127.0.0.1:1/?directConnection=true"


def record(**changes):
    version = Version(1, ONE_ROW, ONE_ROW, Rank.CHANGE, 1, "d1")
    return Record(identity={"source": "gitlab", "user_id": 1}, put=version, **changes)


@pytest.fixture
def users():
    return declare("gitlab")["users"]


def test_a_document_that_the_server_refuses_can_never_be_stored(database, users):
    database.create_collection("users", validator={"name": {"$type": "string"}})
    documents = Documents(database, {})

    with pytest.raises(Unstorable, match="121"):
        documents.update(users, ["gitlab:1"], lambda *_: {"gitlab:1": record()})


def test_a_majority_that_does_not_confirm_may_do_so_later(database):
    two = WriteConcern(w=2, wtimeout=50)
    collection = database["users"].with_options(write_concern=two)

    with pytest.raises(StateUnavailable), translated():
        collection.bulk_write([InsertOne({"_id": 1})])


def test_a_command_that_fails_for_whatever_cause_may_succeed_later(database):
    with pytest.raises(StateUnavailable, match="code"), translated():
        list(database["users"].find({"$nonsense": 1}))


def test_a_document_that_others_write_all_the_time_may_be_written_later(
    database, users
):
    documents = Documents(database, {}, max_rounds=3)
    documents.update(users, ["gitlab:1"], lambda *_: {"gitlab:1": record()})

    with pytest.raises(StateUnavailable, match="workers"):
        # As if another worker had changed it since it was read.
        documents.update(users, ["gitlab:1"], lambda *_: {"gitlab:1": record(rev=7)})


def test_a_server_that_is_away_has_no_primary(mongodb_url):
    here, away = connect(mongodb_url, name="test"), connect(AWAY, name="test")

    assert has_primary(here, seconds=5)
    assert not has_primary(away, seconds=0.2)

    here.client.close()
    away.client.close()
