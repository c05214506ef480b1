"""Viewers see what happened, and nobody's name; nobody sees secrets."""

import json
from collections.abc import Iterator

import pytest

from operations.masking import MASKED, MAX_BYTES, masked, shown
from tests.samples.load import event_of, names, payload

PERSONAL = frozenset(
    {
        *("author_name", "avatar_url", "email", "key", "old_username"),
        *("owner_email", "owner_name", "user_avatar", "user_email", "user_name"),
        *("user_username", "username"),
    }
)
PEOPLE = frozenset({"assignees", "author", "owners", "reviewers", "user"})
NOBODY = {None, "", "[REDACTED]"}


def people_in(value, parent="", event="") -> Iterator[str]:
    """Every text in a payload that tells of a person, by other rules than ours."""
    if isinstance(value, list):
        for one in value:
            yield from people_in(one, parent, event)
    if not isinstance(value, dict):
        return
    for key, it in value.items():
        is_name = key == "name" and (parent in PEOPLE or event.startswith("user_"))
        if isinstance(it, str) and (key in PERSONAL or is_name or "@" in it):
            yield it
        yield from people_in(it, key, event)


def viewed(body):
    return json.loads(shown(json.dumps(body).encode(), people=False))


@pytest.mark.parametrize("name", names())
def test_a_viewer_sees_nobody_in_any_event(name):
    body = payload(name)

    told = json.dumps(viewed(body), ensure_ascii=False)

    for personal in set(people_in(body, event=event_of(name))) - NOBODY:
        assert json.dumps(personal, ensure_ascii=False)[1:-1] not in told


@pytest.mark.parametrize("name", names())
def test_an_operator_sees_it_as_the_host_sent_it(name):
    body = payload(name)

    told = json.loads(shown(json.dumps(body).encode(), people=True))

    assert told == body | (
        {"push_options": "[hidden]"} if body.get("push_options") else {}
    )


@pytest.mark.parametrize("name", names())
def test_a_viewer_sees_what_happened_and_to_which_ids(name):
    body = payload(name)

    told = viewed(body)

    assert told.keys() == body.keys()
    plain = {key: it for key, it in body.items() if isinstance(it, int | float)}
    plain |= {key: it for key, it in body.items() if key.endswith("_at")}
    plain |= {key: body[key] for key in ("event_name", "object_kind") if key in body}
    assert {key: told[key] for key in plain} == plain


def test_the_first_part_of_a_path_may_be_a_username():
    told = viewed(payload("project_create.below-renamed-user"))

    assert told["path_with_namespace"] == f"{MASKED}/anchor"
    assert told["owners"] == [{"name": MASKED, "email": MASKED}]


def test_groups_and_projects_are_shown_by_name():
    group = viewed(payload("group_rename"))
    member = viewed(payload("user_add_to_team"))

    assert (group["full_path"], group["old_full_path"]) == (
        "harbour/docks",
        "harbour/old-docks",
    )
    assert member["project_name"] == payload("user_add_to_team")["project_name"]
    assert member["user_name"] == MASKED


def test_a_branch_may_bear_a_name():
    own = viewed(payload("push", ref="refs/heads/ada-patch-1"))
    main = viewed(payload("push"))

    assert (own["ref"], main["ref"]) == (MASKED, "refs/heads/main")
    assert main["commits"][0]["id"] == payload("push")["commits"][0]["id"]
    assert main["commits"][0]["message"] == MASKED


def test_what_the_host_adds_tomorrow_is_masked():
    told = viewed(payload("user_create", nickname="Ada", phones=["+1"], at="Ada"))

    assert (told["nickname"], told["phones"], told["at"]) == (MASKED, [MASKED], MASKED)


@pytest.mark.parametrize("value", ["Ada", "2024-13-01", "2024-03-04T09:00:00Z Ada"])
def test_a_time_is_only_what_is_one(value):
    assert viewed(payload("user_create", updated_at=value))["updated_at"] == MASKED


def test_names_among_the_keys_are_masked():
    told = viewed({"changes": {"ada@x.y": 1, "Ada Ferreira": 2, "title": 3}})

    assert told == {"changes": {f"{MASKED} 0": 1, f"{MASKED} 1": 2, "title": 3}}


@pytest.mark.parametrize("people", [True, False])
def test_nobody_sees_secrets(people):
    body = {
        "event_name": "push",
        "runners_token": "open-sesame",
        "commits": [{"message": "glpat-abcdefghij0123456789"}],
    }

    told = shown(json.dumps(body).encode(), people=people)

    assert "sesame" not in told
    assert "abcdefghij" not in told


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff ada token=sesame"])
def test_what_is_no_object_is_shown_to_operators(body):
    assert shown(body, people=False) == f"[{len(body)} bytes that are no JSON object]"
    told = shown(body, people=True)
    assert "sesame" not in told
    assert "ada" in told or b"ada" not in body


def test_what_is_large_is_not_shown():
    assert "too many" in shown(b" " * (MAX_BYTES + 1), people=True)


def test_what_is_deep_or_half_a_character_is_shown_as_far_as_it_can_be():
    deep = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"

    for people in (True, False):
        shown(deep, people=people)
        shown(rb'{"user_name": "\ud800"}', people=people).encode()


def test_an_event_without_a_name_shows_no_name():
    assert masked({"name": "Ada", "id": 4}, people=False) == {"name": MASKED, "id": 4}
    assert masked({"event_name": 7, "name": "Ada"}, people=False)["name"] == MASKED
