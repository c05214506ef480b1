"""Records and documents stand for each other."""

from datetime import UTC, datetime

import pytest

from state.collections import declare, undeclared
from state.digest import digest, digests, person
from state.record import Record
from state.stored import from_document, to_document
from state.version import ONE_ROW, Rank, Version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = Version(1, NOON, ONE_ROW, Rank.CREATE, 1, "d1")
NEW = Version(1, NOON, ONE_ROW, Rank.CHANGE, 2, "d2")
PROJECTS = declare("gitlab")["projects"]
OWNERS = [{"name": "Ada", "email": "Ada@corp.example"}, {"name": "Bea"}, {}]


def project(**changes):
    told = {
        "name": (OLD, "App"),
        "path_with_namespace": (NEW, "a/app"),
        "owners": (NEW, OWNERS),
    }
    parts = {"told": told, "put": NEW, "trail": ("a/app", "b/app"), "rev": 3}
    return Record(identity={"source": "gitlab", "project_id": 7}, **parts | changes)


def stored(record, collection=PROJECTS):
    return to_document(collection, "gitlab:7", record)


def test_a_document_shows_the_fields_and_where_the_path_leads_now():
    document = stored(project())

    assert document["state"] == "active"
    assert document["path_with_namespace"] == "b/app"
    assert document["version"] == list(NEW)
    assert document["older"] == {"name": list(OLD)}


def test_what_a_parent_took_along_shows_no_field_and_keeps_them():
    document = stored(project(orphan=True))

    assert document["state"] == "deleted"
    assert "name" not in document
    assert document["kept"]["name"] == "App"


def test_a_tombstone_holds_identity_and_version_and_no_text():
    document = stored(
        Record(
            identity={"source": "gitlab", "project_id": 7},
            deleted=NEW,
            marks=digests("gitlab", ["ada@corp.example", None, ""]),
        )
    )

    assert document == {
        "_id": "gitlab:7",
        "source": "gitlab",
        "project_id": 7,
        "state": "deleted",
        "version": list(NEW),
        "deleted": list(NEW),
        "marks": [digest("gitlab", "ADA@corp.example")],
        "rev": 0,
    }


@pytest.mark.parametrize(
    "record",
    [
        project(),
        project(orphan=True),
        project(trail=(), told={"name": (NEW, "App")}),
        project(told={}, trail=(), put=None, deleted=NEW),
        project(deleted=OLD),
        project(told={}, trail=(), put=None, deleted=NEW, marks=frozenset({"m"})),
        project(told={}, trail=(), orphan=True),
    ],
)
def test_a_record_survives_being_stored(record):
    assert from_document(PROJECTS, stored(record)) == record


def test_a_user_keeps_the_teams_that_others_gave():
    users = declare("gitlab")["users"]
    identity = {"source": "gitlab", "user_id": 41}
    record = Record(identity=identity, put=NEW, own={"teams": ["gitlab", "ops"]})

    document = to_document(users, "gitlab:41", record)

    assert document["teams"] == ["gitlab", "ops"]
    assert from_document(users, document) == record


def test_people_are_listed_by_digest_of_the_address_or_else_of_the_name():
    listed = stored(project())["people"]

    assert listed == sorted(
        [digest("gitlab", "ada@corp.example"), digest("gitlab", "bea")]
    )
    assert person("gitlab", {}) is None


def test_members_are_identified_by_their_place():
    members = declare("gitlab")["memberships"]

    assert members.identity("project:74:41") == {"project_id": 74, "user_id": 41}
    assert members.identity("group:5:41") == {"group_id": 5, "user_id": 41}


def test_a_collection_of_somebody_else_needs_no_declaration():
    assert undeclared("badges").identity("x") == {"id": "x"}
