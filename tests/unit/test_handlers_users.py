"""Check what the events about accounts mean."""

from datetime import UTC, datetime

from handlers import Delete, Move, Put
from tests.samples.decide import decide

CREATED = datetime(2024, 3, 6, 7, 45, tzinfo=UTC)


def test_a_new_account_is_kept():
    first = datetime(2024, 3, 4, 8, 12, 9, tzinfo=UTC)

    assert decide("user_create") == [
        Put(
            "users",
            201,
            {
                "username": "aferreira",
                "name": "Ada Ferreira",
                "email": "aferreira@harbour.example",
                "created_at": first,
                "updated_at": first,
            },
        )
    ]


def test_an_account_of_an_old_host_has_no_username():
    [put] = decide("user_create.v7")

    assert put.id == 209
    assert put.fields["username"] is None
    assert put.fields["email"] == "ines.duarte@harbour.example"
    assert put.fields["created_at"] == datetime(2014, 9, 1, 6, 10, 5, tzinfo=UTC)
    assert put.fields["updated_at"] is None


def test_a_redacted_address_is_not_told():
    [put] = decide("user_create.redacted")

    assert put.fields["email"] is None


def test_a_time_with_an_offset_is_kept_as_utc():
    [put] = decide("user_create.offset")

    assert put.fields["created_at"] == datetime(2024, 3, 5, 9, 1, 30, tzinfo=UTC)


def test_milliseconds_are_kept():
    [put] = decide("user_create.milliseconds")

    assert put.fields["created_at"] == datetime(
        2014, 5, 23, 8, 30, 32, 558_000, tzinfo=UTC
    )


def test_a_rename_moves_the_personal_namespace():
    assert decide("user_rename") == [
        Put(
            "users",
            205,
            {
                "username": "emensah",
                "name": "Esi Mensah",
                "email": "emensah@harbour.example",
                "created_at": CREATED,
                "updated_at": datetime(2024, 6, 18, 13, 3, 55, tzinfo=UTC),
            },
        ),
        Move(("users", 205), "esi.m", "emensah"),
    ]


def test_a_rename_without_the_old_name_moves_nothing():
    for change in ({"old_username": ...}, {"old_username": ""}, {"username": None}):
        [put] = decide("user_rename", **change)

        assert isinstance(put, Put)


def test_a_refused_login_tells_why():
    [blocked], [of_directory] = (
        decide("user_failed_login"),
        decide("user_failed_login.ldap"),
    )

    assert blocked.fields["login_state"] == "blocked"
    assert blocked.fields["username"] == "gsolberg"
    assert of_directory.fields["login_state"] == "ldap_blocked"


def test_only_a_refused_login_tells_a_login_state():
    [put] = decide("user_create", state="blocked")

    assert "login_state" not in put.fields


def test_a_deleted_account_takes_its_namespace_along():
    assert decide("user_destroy") == [
        Delete("users", 206, known_by=("fnovak@harbour.example", "Farid Novak")),
        Move(("users", 206), "fnovak", None),
    ]


def test_an_account_of_an_old_host_is_deleted_without_a_namespace():
    assert decide("user_destroy.v7") == [
        Delete("users", 210, known_by=("jonas.weiss@harbour.example", "Jonas Weiss"))
    ]
