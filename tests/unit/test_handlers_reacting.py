"""Reactions are declared beside handlers, and registered nowhere."""

import types

import pytest

from handlers import Reaction, Transition, reacts_to
from handlers.reacting import reactions_in

TRANSITION = Transition(
    collection="badges",
    id=7,
    kind="created",
    source="gitlab",
    before={},
    after={"label": "Gold"},
    changed_fields=("label",),
    key="badges/gitlab:7@1#welcome",
)


def test_a_reaction_can_be_called_like_the_function_that_it_was():
    met = []

    @reacts_to("badges", "created", "changed", fields=["label"], seconds=5)
    def welcome(transition):
        met.append(transition)

    welcome(TRANSITION)

    assert met == [TRANSITION]
    assert isinstance(welcome, Reaction)
    assert welcome.kinds == {"created", "changed"}
    assert welcome.fields == {"label"}
    assert welcome.name.endswith("welcome")


@pytest.mark.parametrize(
    ("kinds", "seconds"), [((), 5), (("vanished",), 5), (("created",), 0)]
)
def test_a_declaration_that_makes_no_sense_is_refused(kinds, seconds):
    with pytest.raises(ValueError, match="a reaction"):
        reacts_to("badges", *kinds, seconds=seconds)


def test_one_reaction_in_two_modules_is_one():
    reaction = reacts_to("badges", "created")(print)
    here, there = types.ModuleType("here"), types.ModuleType("there")
    here.greet = there.greet = reaction
    here.other = "no reaction"

    assert reactions_in([here, there]) == {"builtins.print": reaction}


def test_a_transition_shows_no_value():
    assert "Gold" not in repr(TRANSITION)
