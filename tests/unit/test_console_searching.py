"""What is typed into the search of deliveries is understood, or said not to be."""

from datetime import UTC, datetime, timedelta

import pytest

from api.console.searching import FIELDS, MAX_CHARS, read

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


def test_nothing_typed_asks_for_everything():
    search = read({"id": " ", "event": "", "other": "x"}, NOW)

    assert not search.is_narrow
    assert (search.id, search.problems) == ("", {})
    assert search.wanted.since is None


def test_all_fields_narrow_it():
    typed = {
        "id": " 3d3f ",
        "event": "push",
        "outcome": "dead",
        "entity": "users/41",
        "source": "other",
        "since": "2026-11-22T10:00",
        "until": "2026-11-22T12:00:30+01:00",
    }

    search = read(typed, NOW)

    assert search.id == "3d3f"
    wanted = search.wanted
    assert (wanted.events, wanted.outcomes) == (("push",), ("dead",))
    assert (wanted.entities, wanted.sources) == (("users/41",), ("other",))
    assert wanted.since == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert wanted.until == datetime(2026, 11, 22, 11, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "entity"),
    [
        ("users/41", "users/41"),
        ("user 41", "users/41"),
        ("User/41", "users/41"),
        ("membership project:74:41", "memberships/project:74:41"),
        ("activity/push:301:ab", "activity/push:301:ab"),
        ("badges/7", "badges/7"),
    ],
)
def test_a_document_is_named_as_people_name_it(typed, entity):
    assert read({"entity": typed}, NOW).wanted.entities == (entity,)


def test_a_span_ends_now():
    assert read({"within": "15m"}, NOW).wanted.since == NOW - timedelta(minutes=15)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("outcome", "lost"),
        ("entity", "41"),
        ("within", "2y"),
        ("since", "yesterday"),
        ("until", "0001-01-01T00:00+14:00"),
    ],
)
def test_what_cannot_be_understood_is_said_and_left_out(name, typed):
    search = read({name: typed}, NOW)

    assert search.problems.keys() == {name}
    assert search.wanted == read({}, NOW).wanted
    assert search.given == {name: typed}


def test_what_is_long_is_cut():
    search = read(dict.fromkeys(FIELDS, "x" * 9_999), NOW)

    assert all(len(text) <= MAX_CHARS for text in search.given.values())
