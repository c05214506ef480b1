"""Show who is still known while MongoDB cannot be asked, for how long, and as what."""

from datetime import UTC, datetime, timedelta

import pytest

from api import patience
from api.claims import NotAuthenticated
from api.patience import Lately
from api.tokens import Identity
from schemas.errors import StateUnavailable, TookTooLong

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Tokens:
    """Knows every token by its own name, as an admin's, unless MongoDB is away."""

    def __init__(self):
        self.error = None
        self.forged = set()

    def identify(self, token):
        if self.error is not None:
            raise self.error
        return Identity("gitlab:41", "admin", token, NOON + timedelta(hours=1))

    def read(self, token):
        if token in self.forged:
            raise NotAuthenticated("its signature is wrong")
        return {"jti": token}


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def clock():
    return [NOON]


@pytest.fixture
def lately(tokens, clock):
    return Lately(tokens, lambda: clock[0])


def test_while_mongodb_answers_its_word_counts(lately):
    found, is_certain = lately.identify("a")

    assert (found.role, is_certain) == ("admin", True)


@pytest.mark.parametrize("error", [StateUnavailable("away"), TookTooLong("slow")])
def test_who_was_let_in_lately_may_look_while_it_does_not(lately, tokens, error):
    lately.identify("a")
    tokens.error = error

    found, is_certain = lately.identify("a")

    assert (found.subject, found.role, is_certain) == ("gitlab:41", "viewer", False)


def test_nobody_else_is_known(lately, tokens):
    lately.identify("a")
    tokens.error = StateUnavailable("away")

    with pytest.raises(StateUnavailable):
        lately.identify("b")


def test_who_was_here_too_long_ago_is_known_no_more(lately, tokens, clock):
    lately.identify("a")
    tokens.error = StateUnavailable("away")
    clock[0] += timedelta(minutes=15)
    assert lately.identify("a")
    clock[0] += timedelta(seconds=1)

    with pytest.raises(StateUnavailable):
        lately.identify("a")


def test_being_remembered_does_not_make_it_last(lately, tokens, clock):
    lately.identify("a")
    tokens.error = StateUnavailable("away")
    for _ in range(3):
        clock[0] += timedelta(minutes=5)
        lately.identify("a")
    clock[0] += timedelta(minutes=5)

    with pytest.raises(StateUnavailable):
        lately.identify("a")


def test_a_token_must_be_good_in_itself(lately, tokens):
    lately.identify("a")
    tokens.error = StateUnavailable("away")
    tokens.forged.add("a")

    with pytest.raises(NotAuthenticated):
        lately.identify("a")


def test_who_is_refused_is_not_remembered(lately, tokens):
    lately.identify("a")
    tokens.error = NotAuthenticated("it was revoked")
    with pytest.raises(NotAuthenticated):
        lately.identify("a")
    tokens.error = StateUnavailable("away")

    with pytest.raises(StateUnavailable):
        lately.identify("a")


def test_of_too_many_those_are_forgotten_who_were_longest_away(lately, tokens):
    for number in range(patience.MOST + 1):
        lately.identify(f"t{number}")
    tokens.error = StateUnavailable("away")

    assert lately.identify("t1")
    with pytest.raises(StateUnavailable):
        lately.identify("t0")
