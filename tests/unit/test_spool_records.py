"""Records: what is written is found again, and what is damaged is not believed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.spool import records
from ingest.spool.errors import NotASpoolFile
from tests.spooling import a_message

SALT = 0x5EED5EED
TEXT = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1)
MESSAGES = st.builds(
    a_message,
    st.integers(0, 1 << 40),
    st.binary(max_size=200),
    source=TEXT,
    event=TEXT,
    attempt=st.integers(1, 100),
    traceparent=st.none() | TEXT,
    tracestate=st.none() | TEXT,
)


def stretch_of(messages):
    return b"".join(records.framed(records.payload(it), SALT) for it in messages)


@given(st.lists(MESSAGES, max_size=8))
def test_what_is_written_is_read(messages):
    found = records.scan(stretch_of(messages), SALT)

    assert found.messages == tuple(messages)
    assert found.is_whole


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
def test_a_torn_end_costs_the_last_record_only(messages, data):
    whole = stretch_of(messages)
    last = len(stretch_of(messages[-1:]))
    torn = data.draw(st.integers(1, last - 1))

    found = records.scan(whole[:-torn], SALT)

    assert found.messages == tuple(messages[:-1])
    assert not found.is_whole


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
def test_a_flipped_bit_costs_one_record(messages, data):
    stretch = bytearray(stretch_of(messages))
    at = data.draw(st.integers(0, len(stretch) - 1))
    stretch[at] ^= 1 << data.draw(st.integers(0, 7))

    found = records.scan(bytes(stretch), SALT)

    assert not found.is_whole
    assert len(found.messages) == len(messages) - 1
    left = iter(messages)
    assert all(it in left for it in found.messages)


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
def test_an_erased_record_is_as_long_and_says_nothing(messages, data):
    gone = data.draw(st.integers(0, len(messages) - 1))
    whole = [stretch_of([it]) for it in messages]
    erased = records.erased(whole[gone], SALT)
    assert len(erased) == len(whole[gone])
    stretch = b"".join([*whole[:gone], erased, *whole[gone + 1 :]])

    found = records.scan(stretch, SALT)

    assert found.messages == (*messages[:gone], *messages[gone + 1 :])
    assert found.is_whole
    assert set(erased[-len(messages[gone].delivery_id) :]) == {0}


@given(st.lists(MESSAGES | st.binary(max_size=50), max_size=6))
def test_each_byte_belongs_to_one_piece(parts):
    stretch = b"".join(
        it if isinstance(it, bytes) else stretch_of([it]) for it in parts
    )

    found = [*records.pieces(stretch, SALT)]

    assert b"".join(stretch[it.start : it.end] for it in found) == stretch


@given(st.binary(max_size=500))
def test_garbage_holds_nothing(garbage):
    found = records.scan(garbage, SALT)

    assert found.messages == ()
    assert found.is_whole == (garbage == b"")


def test_a_body_that_looks_like_a_record_is_not_taken_for_one():
    forged = records.framed(records.payload(a_message(666)), SALT ^ 1)
    stretch = stretch_of([a_message(1, forged), a_message(2)])

    found = records.scan(b"\0" + stretch[1:], SALT)

    assert found.messages == (a_message(2),)


def test_many_false_marks_take_no_time():
    stretch = (records.MARK + b"\0\x08\0\0") * 150_000

    began = time.process_time()
    found = records.scan(stretch, SALT)

    assert found.messages == ()
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0\0\0\x02",
        b"\0\0\0\x02{}body",
        b"\0\0\0\x02[]body",
        b'\0\0\0\x0e{"unknown": 1} body',
        b"\xff\xff\xff\xff{}",
    ],
)
def test_what_another_version_wrote_is_not_read(payload):
    found = records.scan(
        records.framed(payload, SALT) + stretch_of([a_message()]), SALT
    )

    assert found.messages == (a_message(),)
    assert not found.is_whole


def test_the_size_of_a_record_is_known_before_it_is_written():
    payload = records.payload(a_message())

    assert records.record_bytes(payload) == len(records.framed(payload, SALT))


def test_each_file_has_a_salt_of_its_own():
    headers = {records.new_header() for _ in range(10)}

    assert len({records.salt_of(it) for it in headers}) == len(headers)


@pytest.mark.parametrize(
    "header",
    [b"", b"\0" * 100, records.MAGIC, records.MAGIC.replace(b"1", b"2") + b"salt"],
)
def test_a_file_that_is_not_of_this_version_is_known_by_its_beginning(header):
    with pytest.raises(NotASpoolFile):
        records.salt_of(header)


def test_what_is_not_known_is_not_named_so_that_older_versions_read_it():
    assert b"tracestate" not in records.payload(a_message(1))
    assert b"tracestate" in records.payload(a_message(1, tracestate="a=1"))
