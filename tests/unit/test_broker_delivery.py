"""Deliveries: their counts and sizes, and how to settle many with few commands."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties

from broker.delivery import Delivery, settle_plan


def a_delivery(body=b"{}", **properties):
    return Delivery(None, 1, BasicProperties(**properties), body)


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        (None, 0),
        ({}, 0),
        ({"x-delivery-count": 3}, 3),
        ({"x-delivery-count": "3"}, 0),
    ],
)
def test_the_delivery_count_is_the_brokers(headers, count):
    assert a_delivery(headers=headers).delivery_count == count


@pytest.mark.parametrize("body", [b"", b"\x01", gzip.compress(b"a" * 70_000, mtime=0)])
def test_the_size_of_a_compressed_body_is_what_it_takes_in_memory(body):
    expected = 70_000 if len(body) > 1 else len(body)

    assert a_delivery(body, content_encoding="gzip").size == expected


def test_a_delivery_shows_no_payload():
    shown = repr(a_delivery(b"personal", headers={"x": "personal"}))

    assert "personal" not in shown


def test_the_first_ones_are_settled_at_once_and_the_others_one_by_one():
    assert settle_plan([3, 4, 5, 8, 9], [9, 3, 4]) == (4, [9])
    assert settle_plan([3, 4], [4]) == (None, [4])
    assert settle_plan([3, 4], []) == (None, [])
    assert settle_plan([], []) == (None, [])


@given(st.sets(st.integers(1, 40)), st.data())
def test_a_plan_settles_exactly_what_is_done(outstanding, data):
    tags = sorted(outstanding)
    done = data.draw(st.sets(st.sampled_from(tags)) if tags else st.just(set()))

    up_to, singles = settle_plan(tags, done)

    at_once = {tag for tag in tags if up_to is not None and tag <= up_to}
    assert at_once | set(singles) == done
    assert not at_once & set(singles)
