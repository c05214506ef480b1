"""What became of a message, in one word."""

import inspect

import pytest

from broker import errors
from broker.errors import (
    Blocked,
    ConnectionLost,
    NotConnected,
    Refused,
    Returned,
    TooLarge,
    TooLate,
    TopologyConflict,
    Unsendable,
)
from broker.outcomes import OUTCOMES, outcome_of

WORDS = {
    NotConnected: "disconnected",
    ConnectionLost: "disconnected",
    TopologyConflict: "disconnected",
    Blocked: "blocked",
    Returned: "returned",
    Refused: "nacked",
    TooLate: "late",
    Unsendable: "unsendable",
    TooLarge: "unsendable",
}


@pytest.mark.parametrize("error", WORDS)
def test_each_error_has_a_word(error):
    assert outcome_of(error("told")) == WORDS[error]


def test_no_error_is_a_confirm():
    assert outcome_of(None) == "confirmed"


def test_there_are_no_other_words():
    assert set(OUTCOMES) == {"confirmed", *WORDS.values()}


def test_no_error_of_ours_was_forgotten():
    made = {it for _, it in inspect.getmembers(errors, inspect.isclass)}

    ours = {it for it in made if it.__module__ == errors.__name__}
    assert ours - WORDS.keys() == {errors.BadAddress}
