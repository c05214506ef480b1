"""Check which single values of the host are taken, and as what."""

from datetime import UTC, datetime

import pytest
from marshmallow import Schema, ValidationError

from schemas.access import Access, AccessLevel
from schemas.activity import RefChange, RefChanges, Refs
from schemas.fields import (
    MAX_TEXT,
    Count,
    Email,
    Flag,
    HostId,
    Text,
    Time,
    Told,
    parse_time,
)
from schemas.projects import Owner, Owners, Visibility


@pytest.mark.parametrize("value", [1, 41, 2**63 - 1])
def test_a_positive_integer_is_an_id(value):
    assert HostId().deserialize(value) == value


@pytest.mark.parametrize(
    "value", [0, -1, 2**63, 2**64, 1.0, 1e19, True, "41", "", [41], {"id": 41}]
)
def test_anything_else_is_no_id(value):
    with pytest.raises(ValidationError, match="Not an id"):
        HostId().deserialize(value)


@pytest.mark.parametrize("value", [0, 20, 2**63 - 1])
def test_zero_and_more_is_a_count(value):
    assert Count().deserialize(value) == value


@pytest.mark.parametrize("value", [-1, 2**63, 1.5, False, "3"])
def test_anything_else_is_no_count(value):
    with pytest.raises(ValidationError, match="Not a number"):
        Count().deserialize(value)


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_flags(value):
    assert Flag().deserialize(value) is value


@pytest.mark.parametrize("value", [0, 1, "true", "", [], {}])
def test_anything_else_is_no_flag(value):
    with pytest.raises(ValidationError, match="Neither true nor false"):
        Flag().deserialize(value)


@pytest.mark.parametrize("value", ["a", "Björn", "$set.x", "a\x00b", "😀" * MAX_TEXT])
def test_a_text_is_kept_as_it_is(value):
    assert Text().deserialize(value) == value


def test_an_empty_text_tells_nothing():
    assert Text().deserialize("") is None


def test_a_required_text_must_not_be_empty():
    with pytest.raises(ValidationError, match="Empty"):
        Text(required=True).deserialize("")


@pytest.mark.parametrize("value", [5, None, b"a", ["a"], {"$gt": ""}, True])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(ValidationError):
        Text(required=True).deserialize(value)


def test_a_text_beyond_the_limit_is_refused():
    with pytest.raises(ValidationError, match="Longer than 4096 characters"):
        Text().deserialize("x" * (MAX_TEXT + 1))


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_refused_because_mongodb_cannot_store_it(value):
    with pytest.raises(ValidationError, match="surrogate"):
        Text().deserialize(value)


@pytest.mark.parametrize("value", ["", None, "[REDACTED]", "[redacted]"])
def test_a_redacted_address_tells_nothing(value):
    assert Email().deserialize(value) is None


def test_an_address_is_kept():
    assert Email().deserialize("ada@harbour.example") == "ada@harbour.example"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2012-07-21T07:30:54Z", datetime(2012, 7, 21, 7, 30, 54, tzinfo=UTC)),
        ("2014-08-18 18:45:16 UTC", datetime(2014, 8, 18, 18, 45, 16, tzinfo=UTC)),
        ("2014-08-18 18:45:16Z", datetime(2014, 8, 18, 18, 45, 16, tzinfo=UTC)),
        ("2014-08-18 18:45:16", datetime(2014, 8, 18, 18, 45, 16, tzinfo=UTC)),
        ("2012-01-03T23:36:29+02:00", datetime(2012, 1, 3, 21, 36, 29, tzinfo=UTC)),
        ("2012-01-03T23:36:29-07:00", datetime(2012, 1, 4, 6, 36, 29, tzinfo=UTC)),
        ("2012-01-03 23:36:29 +0530", datetime(2012, 1, 3, 18, 6, 29, tzinfo=UTC)),
        (
            "2014-05-23T08:30:32.558Z",
            datetime(2014, 5, 23, 8, 30, 32, 558000, tzinfo=UTC),
        ),
        (
            "2014-05-23T08:30:32.558999Z",
            datetime(2014, 5, 23, 8, 30, 32, 558000, tzinfo=UTC),
        ),
        ("2014-05-23T08:30:32.5Z", datetime(2014, 5, 23, 8, 30, 32, 500000, UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        (
            "9999-12-31T23:59:59.999Z",
            datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        ),
    ],
)
def test_every_shape_of_time_comes_out_as_utc(text, moment):
    read = Time().deserialize(text)

    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2012-07-21",
        "20120721T073054Z",
        "2012-W29-6T07:30:54Z",
        "2012-07-21x07:30:54Z",
        "2012-13-21T07:30:54Z",
        "2012-07-21T25:30:54Z",
        "2012-07-21T07:30:54+99:00",
        "2012-07-21T07:30:54Z\n",
        "٢٠١٢-07-21T07:30:54Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
        "",
        "yesterday",
        1342855854,
        1342855854.5,
        True,
        [],
    ],
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValidationError, match="Not a time"):
        Time().deserialize(value)


def test_a_plain_date_is_its_midnight_where_dates_are_meant():
    assert Time(dates=True).deserialize("2026-12-31") == parse_time(
        "2026-12-31T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("payload", "told"), [({}, False), ({"until": None}, True), ({"until": 5}, True)]
)
def test_an_absent_key_is_told_from_a_null(payload, told):
    schema = Schema.from_dict({"until_told": Told(data_key="until")})()

    assert schema.load(payload, unknown="exclude") == {"until_told": told}


@pytest.mark.parametrize(
    ("value", "access"),
    [
        ("Guest", Access("Guest", 10)),
        ("Planner", Access("Planner", 15)),
        ("Security Manager", Access("Security Manager", 25)),
        ("Minimal Access", Access("Minimal Access", 5)),
        ("No access", Access("No access", 0)),
        ("Master", Access("Maintainer", 40)),
        (50, Access("Owner", 50)),
        (0, Access("No access", 0)),
        (35, Access("35", 35)),
        ("Harbour watch", Access("Harbour watch", None)),
        ("", None),
        (None, None),
    ],
)
def test_an_access_level_has_a_label_and_a_number(value, access):
    assert AccessLevel().deserialize(value) == access


@pytest.mark.parametrize("value", [True, -10, 2**63, 30.0, ["Guest"]])
def test_what_is_no_access_level_is_refused(value):
    with pytest.raises(ValidationError):
        AccessLevel().deserialize(value)


@pytest.mark.parametrize(
    ("value", "visibility"),
    [
        ("private", "private"),
        ("Internal", "internal"),
        ("visibilitylevel|public", "public"),
        (0, "private"),
        (10, "internal"),
        (20, "public"),
        ("secret", "secret"),
        ("", None),
        (None, None),
    ],
)
def test_visibility_is_read_from_label_and_number(value, visibility):
    assert Visibility().deserialize(value) == visibility


@pytest.mark.parametrize("value", [True, 5, 0.0, ["private"]])
def test_what_is_no_visibility_is_refused(value):
    with pytest.raises(ValidationError):
        Visibility().deserialize(value)


def test_owners_keep_what_is_told_of_them():
    told = [
        {"name": "Ada", "email": "ada@harbour.example", "id": 4},
        {"name": "Björn", "email": "[REDACTED]"},
        {},
    ]

    owners = Owners().deserialize(told)

    assert owners == (Owner("Ada", "ada@harbour.example"), Owner("Björn"), Owner())
    assert "Ada" not in repr(owners)


@pytest.mark.parametrize("value", [{}, "Ada", ["Ada"], [{"name": 5}], [{"email": []}]])
def test_what_is_no_list_of_owners_is_refused(value):
    with pytest.raises(ValidationError):
        Owners().deserialize(value)


def test_ref_changes_are_read_line_by_line():
    told = [{"ref": "refs/heads/main", "before": "a", "after": "b", "more": 1}]

    assert RefChanges().deserialize(told) == (RefChange("refs/heads/main", "a", "b"),)


@pytest.mark.parametrize(
    "value", [{}, "x", ["x"], [{"ref": "x", "before": "a"}], [{"ref": 5}]]
)
def test_what_is_no_list_of_ref_changes_is_refused(value):
    with pytest.raises(ValidationError):
        RefChanges().deserialize(value)


@pytest.mark.parametrize("value", [{}, "refs/heads/main", [5], [None]])
def test_what_is_no_list_of_refs_is_refused(value):
    with pytest.raises(ValidationError):
        Refs().deserialize(value)
