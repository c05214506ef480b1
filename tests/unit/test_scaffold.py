"""Check what `forgewire new handler` makes of the names of events and of a body."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.scaffold import names, sample
from cli.scaffold.draft import NoId, draft
from cli.scaffold.handler_text import handler_module
from cli.scaffold.place import NoPlace, Place, find
from cli.scaffold.schema_text import schema_module
from cli.scaffold.tests_text import module_of_tests
from cli.scaffold.write import InTheWay, texts, write
from handlers.registry import by_event
from schemas.catalogue import WEB_HOOKS

BADGE = {
    "event_name": "badge_create",
    "id": 7,
    "label": "Gold",
    "updated_at": "2026-01-05T08:00:00Z",
}


def kinds(**body):
    made = draft(["badge_create"], {"id": 7, **body})
    return {it.key: (it.name, it.kind) for it in made.fields}


@pytest.mark.parametrize(
    ("event", "subject", "removes"),
    [
        ("badge_create", "badge", False),
        ("access_key_destroy", "access_key", True),
        ("release", "release", False),
        ("class_create", "host_class", False),
        ("event_closed", "host_event", False),
        ("Wiki page.deleted", "wiki_page", True),
        ("destroy", "destroy", True),
        ("2fa_enabled", "event_2fa_enabled", False),
        ("gitlab_subscription_member_approval", "member_approval", False),
    ],
)
def test_a_name_says_what_an_event_is_about_and_whether_it_is_gone(
    event, subject, removes
):
    assert names.subject(event) == subject
    assert names.removes(event) is removes


@pytest.mark.parametrize(
    ("word", "plural"),
    [("badge", "badges"), ("policy", "policies"), ("day", "days"), ("box", "boxes")],
)
def test_collections_are_plurals(word, plural):
    assert names.plural(word) == plural


def test_values_and_names_say_which_field_reads_a_key():
    assert kinds(
        user_id=41,
        parent_id=None,
        closed_at=None,
        points=3,
        active=False,
        user_email="ada@host.example",
        due="2026-01-05",
        done_at="2026-01-05 08:00:00 UTC",
        label="Gold",
        note=None,
    ) == {
        "user_id": ("user_id", "HostId"),
        "parent_id": ("parent_id", "HostId"),
        "closed_at": ("closed_at", "Time"),
        "points": ("points", "Count"),
        "active": ("active", "Flag"),
        "user_email": ("user_email", "Email"),
        "due": ("due", "Time"),
        "done_at": ("done_at", "Time"),
        "label": ("label", "Text"),
        "note": ("note", "Text"),
    }


def test_names_that_mean_something_else_get_the_subject_in_front():
    found = kinds(state="open", version=1, makes="x", **{"class": "a", "due-by": "b"})

    assert {key: name for key, (name, _) in found.items()} == {
        "state": "badge_state",
        "version": "badge_version",
        "makes": "badge_makes",
        "class": "badge_class",
        "due-by": "due_by",
    }


def test_lists_objects_fractions_and_secrets_are_left_out():
    body = {
        **BADGE,
        "tags": [],
        "project": {"id": 74},
        "share": 0.5,
        "token": "hush",
        "note": "glpat-abcdefghijklmnop1234",
        "k" * 29: 1,
    }

    made = draft(["badge_create"], body)

    assert [it.key for it in made.fields] == ["label"]
    assert set(made.left_out) == body.keys() - BADGE.keys()


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"id": 1, "badge_id": 2}, "badge_id"),
        ({"iid": 3, "user_id": 4}, "iid"),
        ({"object_attributes": {"id": 5}, "user": {"id": 6}}, "id"),
    ],
)
def test_the_likeliest_key_is_the_id(body, key):
    assert draft(["badge_create"], body).id.key == key


def test_the_id_can_be_named():
    made = draft(["badge_create"], {"id": 7, "slug": "gold"}, id_key="slug")

    assert (made.id.key, made.id.kind) == ("slug", "Text")


@pytest.mark.parametrize("id_key", [None, "tags", "nonsense"])
def test_a_body_without_an_id_is_refused_with_advice(id_key):
    with pytest.raises(NoId, match="--id" if id_key is None else id_key):
        draft(["badge_create"], {"tags": [], "name": "x"}, id_key=id_key)


def test_samples_name_nobody():
    body = {
        **BADGE,
        "user_name": "Björn Real",
        "owner_email": "bjorn@real.example",
        "title": "Größe\n" + "x" * 99,
    }

    made = draft(["badge_create"], body)
    told = sample.body(made, "badge_update", "event_name")

    assert "real" not in told.lower()
    assert json.loads(told) == {
        "event_name": "badge_update",
        "id": 7,
        "label": "Gold",
        "user_name": "ada",
        "owner_email": "ada@example.com",
        "title": "Gre" + "x" * 41,
        "updated_at": "2026-01-05T08:00:00Z",
    }


def test_events_without_any_time_are_ordered_by_their_receipt():
    assert "EventSchema)" in schema_module(
        draft(["badge_create"], {"id": 7}), apart=False
    )
    assert "DatedSchema)" in schema_module(draft(["badge_create"], BADGE), apart=False)


def test_a_handler_that_only_deletes_reads_no_more_than_the_id():
    made = draft(["badge_destroy"], BADGE)

    assert made.fields == ()
    assert "Put" not in handler_module(made, "schemas.badges", apart=False)


@pytest.mark.parametrize("event", WEB_HOOKS)
def test_the_catalogue_has_what_a_handler_needs(event, tmp_path):
    made = draft([event], WEB_HOOKS[event])

    for name, text in texts(made, Place(tmp_path, ""), "object_kind").items():
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_what_is_there_is_not_touched_and_nothing_else_is_written(tmp_path):
    (tmp_path / "b").write_text("mine")

    with pytest.raises(InTheWay, match="b is there already"):
        write(tmp_path, {"a": "1", "b": "2"})

    assert [it.name for it in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "a").write_text("a file")

    with pytest.raises(InTheWay, match="a"):
        write(tmp_path, {"a/b.py": "1"})


def test_an_empty_folder_begins_a_package_of_its_name(tmp_path):
    folder = tmp_path / "Our badges"
    folder.mkdir()

    assert find(folder) == Place(folder, "our_badges", is_new=True)


@pytest.mark.parametrize("name", ["handlers", "json", "state", "pytest"])
def test_a_package_does_not_take_the_name_of_another(name, tmp_path):
    (tmp_path / name).mkdir()

    with pytest.raises(NoPlace, match=f"cannot be called {name}"):
        find(tmp_path / name)


def test_a_package_is_found_by_what_it_offers(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '[project.entry-points."forgewire.handlers"]\nacme = "acme_git.handlers"\n'
    )

    assert find(tmp_path) == Place(tmp_path, "acme_git")


@pytest.mark.parametrize("text", ["", "[project]\nname = 1", "not toml", "project = 1"])
def test_a_package_that_offers_nothing_is_told_what_it_needs(text, tmp_path):
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(NoPlace, match="pyproject"):
        find(tmp_path)


KEYS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["iid", "state", "class", "updated_at", "created_at", "due_at"]),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.just("2026-01-05T08:00:00.5+02:00"),
    st.just("2026-01-05"),
    st.lists(st.none()),
)


@settings(max_examples=50)
@given(body=st.dictionaries(KEYS, VALUES, max_size=8), is_wrapped=st.booleans())
def test_whatever_a_body_holds_the_handler_decides_as_its_test_says(body, is_wrapped):
    body = {**body, "id": 7}
    body = {"object_attributes": body} if is_wrapped else body
    made = draft(["badge_create", "badge_destroy"], body)

    scope = {"__name__": "written"}
    for text in (
        schema_module(made, apart=False),
        handler_module(made, "schemas.badges", apart=False),
        module_of_tests(made, Place(Path(), "")),
    ):
        shown = re.sub(
            r"^from (schemas.badges|tests.samples.decide) .*",
            "",
            text,
            flags=re.MULTILINE,
        )
        exec(compile(shown, "written", "exec"), scope)
    payloads = {
        event: json.loads(sample.body(made, event, "event_name"))
        for event in made.events
    }
    handlers = by_event([scope["save"], scope["remove"]])
    scope["decide"] = lambda event: handlers[event](
        handlers[event].schema.load(payloads[event])
    )
    scope["test_a_badge_is_kept"]()
    scope["test_a_badge_that_is_gone_is_deleted"]()
