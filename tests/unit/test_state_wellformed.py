"""What a wrong handler returns is refused before it reaches the database."""

import pytest

from handlers import Delete, Mention, Move, Put
from state.wellformed import checked

GOOD = [
    Put("badges", "x", {"label": 1}),
    Put("badges", -5, {}),
    Put("memberships", "group:5:41", {}),
    Mention("users", 41, {"email": None, "name": "Ada"}),
    Put("projects", 5, {"owners": [{"name": "Ada"}], "path_with_namespace": "a/b"}),
    Delete("users", 41, known_by=("ada@corp.example", None)),
    Move(("users", 41), "ada", None),
]


def test_changes_are_returned_as_they_are():
    assert checked(GOOD) == tuple(GOOD)


@pytest.mark.parametrize(
    "returned",
    [
        None,
        [None],
        {"a": 1},
        ["users"],
        [Put("", 1, {})],
        [Put("a$b", 1, {})],
        [Put("a\0b", 1, {})],
        [Put("system.x", 1, {})],
        [Put("deliveries", 1, {})],
        [Put(5, 1, {})],
        [Put("badges", None, {})],
        [Put("badges", id=True, fields={})],
        [Put("badges", 1 << 63, {})],
        [Put("badges", "\ud800", {})],
        [Put("memberships", 5, {})],
        [Put("memberships", "team:5:41", {})],
        [Put("activity", "x", {})],
        [Put("keys", 5, {"username": 7})],
        [Put("users", 5, {"email": ["x"]})],
        [Put("projects", 5, {"owners": [{"name": 7}]})],
        [Put("projects", 5, {"owners": ["Ada"]})],
        [Delete("users", 5, known_by=(7,))],
        [Move(("users", 5), 1, "b")],
        [Move(("users", 5), "a", 2)],
        [Move(("users", None), "a", "b")],
        [Move(5, "a", "b")],
    ],
)
def test_anything_else_is_refused(returned):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        checked(returned)
