"""Check what the events about SSH keys mean."""

from datetime import UTC, datetime

import pytest

from handlers import Delete, Put
from tests.samples.decide import decide
from tests.samples.load import payload


def test_a_new_key_is_kept_with_its_fingerprint():
    added = datetime(2024, 3, 25, 8, tzinfo=UTC)

    assert decide("key_create") == [
        Put(
            "keys",
            401,
            {
                "username": "aferreira",
                "fingerprint": "SHA256:SNcmcUq43ocji4vzR9Rtnnxmr2qChOOAqJWmYAeZyQY",
                "key": payload("key_create")["key"],
                "kind": "user",
                "created_at": added,
                "updated_at": added,
            },
        )
    ]


def test_a_deploy_key_may_belong_to_nobody():
    [put] = decide("deploykey_create")

    assert put.fields["kind"] == "deploy"
    assert put.fields["username"] is None


def test_a_key_of_the_directory_is_a_key_of_a_user():
    [put] = decide("ldapkey_create")

    assert put.fields["kind"] == "user"


@pytest.mark.parametrize("key", ["no key at all", None, ..., ""])
def test_a_text_that_is_no_key_has_no_fingerprint(key):
    [put] = decide("key_create", key=key)

    assert put.fields["fingerprint"] is None


@pytest.mark.parametrize(
    ("name", "created_at"),
    [
        ("key_create.v7", datetime(2014, 9, 8, 6, 30, 45, tzinfo=UTC)),
        ("key_create.space-and-z", datetime(2014, 9, 9, 7, 31, 46, tzinfo=UTC)),
    ],
)
def test_old_shapes_of_time_are_read(name, created_at):
    [put] = decide(name)

    assert put.fields["created_at"] == created_at


@pytest.mark.parametrize(
    ("name", "id_"),
    [("key_destroy", 402), ("deploykey_destroy", 405), ("ldapkey_destroy", 407)],
)
def test_a_removed_key_is_deleted(name, id_):
    assert decide(name) == [Delete("keys", id_)]
