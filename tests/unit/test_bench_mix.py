"""The mix: bodies as large as they should be, and no delivery twice."""

import gzip

import orjson
import pytest

from bench.mix import SHARES, Mix
from bench.rivals import writes


def test_no_two_hooks_have_one_delivery_id():
    ids = [hook.delivery_id for hook in Mix().hooks(1_000)]

    assert len(set(ids)) == 1_000


@pytest.mark.parametrize("size", [20_000, 100_000])
def test_bodies_are_filled_up(size):
    for hook in Mix(size=size).hooks(50):
        assert size <= len(hook.body) < size * 1.1


def test_what_fills_a_body_shrinks_as_much_as_a_push_not_to_nothing():
    (hook,) = Mix(size=100_000).hooks(1)

    assert 0.2 < len(gzip.compress(hook.body)) / len(hook.body) < 0.5


@pytest.mark.parametrize("event", SHARES)
def test_rivals_know_what_each_event_is_about(event):
    mix = Mix(shares=((event, 1),), entities=10**9)
    payloads = [orjson.loads(hook.body) for hook in mix.hooks(20)]

    about = [writes.entity(event, payload) for payload in payloads]

    assert len({(it.collection, it.id) for it in about}) == 20
    assert all(it.fields for it in about)


def test_rivals_find_a_document_again():
    mix = Mix(shares=(("project_update", 1),), entities=1)
    payloads = [orjson.loads(hook.body) for hook in mix.hooks(2)]

    first, second = (writes.entity("project_update", it) for it in payloads)

    assert first.id == second.id
    assert first.fields["updated_at"] < second.fields["updated_at"]
