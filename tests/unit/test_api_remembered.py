"""How long it is remembered whose a personal access token is, and how."""

import pytest

from api.exchange.remembered import MOST, SECONDS, Remembered


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_it_is_remembered_for_a_minute_at_most(clock):
    kept = Remembered(clock)
    kept.put("a", "gitlab:1")
    kept.put("b", "gitlab:2")
    assert SECONDS <= 60
    clock.now += SECONDS - 0.1
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (
        "gitlab:1",
        "gitlab:2",
        None,
    )
    clock.now += 0.1
    assert (kept.get("a"), kept.get("b")) == (None, None)


def test_what_is_put_again_counts_from_then_on(clock):
    kept = Remembered(clock)
    kept.put("a", "gitlab:1")
    clock.now += SECONDS - 1
    kept.put("a", "gitlab:9")
    clock.now += SECONDS - 1
    assert kept.get("a") == "gitlab:9"


def test_it_does_not_grow_for_ever(clock):
    kept = Remembered(clock)
    for number in range(MOST + 10):
        kept.put(f"t{number}", "gitlab:1")
    assert len(kept._kept) == MOST
    assert kept.get("t9") is None
    assert kept.get("t10") == "gitlab:1"
    clock.now += SECONDS
    kept.put("last", "gitlab:1")
    assert len(kept._kept) == 1


def test_the_token_itself_is_not_in_it_nor_a_hash_that_others_could_make():
    one, other = Remembered(), Remembered()
    for kept in (one, other):
        kept.put("glpat-s3cret", "gitlab:1")
    assert "s3cret" not in repr(one._kept)
    assert one._kept.keys() != other._kept.keys()
