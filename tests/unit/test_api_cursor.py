"""A cursor names a place, and is read in the listing that it belongs to only."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.resources import cursor
from api.resources.cursor import BadCursor
from state.orders import Order
from state.question import Place

TEXT = Order("name")
TIME = Order("updated_at", "time")
WORDS = st.text(max_size=50).filter(lambda it: it.isprintable())
TIMES = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis wants it so
    max_value=datetime(9999, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda it: it.replace(microsecond=it.microsecond // 1000 * 1000))


@given(st.none() | WORDS, WORDS)
def test_a_text_comes_back(value, doc_id):
    place = Place(value, doc_id)

    assert cursor.read(cursor.written("users name", place), "users name", TEXT) == place


@given(st.none() | TIMES, WORDS)
def test_a_time_comes_back(value, doc_id):
    place = Place(value, doc_id)

    assert cursor.read(cursor.written("a", place), "a", TIME) == place


def test_a_cursor_needs_no_quoting_in_a_url():
    word = cursor.written("users name", Place("ÿ?&=#+/ \0", "gitlab:1"))

    assert word.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("order", [TEXT, TIME])
@given(word=st.text())
def test_nothing_else_is_a_cursor(order, word):
    with pytest.raises(BadCursor):
        cursor.read(word, "users name", order)


def test_a_cursor_of_another_listing_is_refused():
    word = cursor.written("users name", Place("ada", "gitlab:1"))

    with pytest.raises(BadCursor, match="another"):
        cursor.read(word, "users -name", TEXT)


def test_a_cursor_of_another_kind_of_order_is_refused():
    word = cursor.written("users name", Place("ada", "gitlab:1"))

    with pytest.raises(BadCursor):
        cursor.read(word, "users name", TIME)
