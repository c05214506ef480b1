"""Show by which id a delivery is recognised when it comes again."""

import hashlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from ingest import identity
from tests.receiving import is_receipt

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def delivery_id(body=b"{}", source="gitlab", **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return identity.delivery_id(Headers(given), source, body)


def test_the_id_of_the_specification_comes_first():
    assert delivery_id(webhook_id="one", Idempotency_Key="two") == "one"


def test_the_idempotency_key_comes_next():
    assert delivery_id(Idempotency_Key="two") == "two"
    assert delivery_id(webhook_id="", Idempotency_Key="two") == "two"


def test_without_either_the_id_is_made_of_source_and_body():
    expected = hashlib.sha256(b'gitlab\0{"a": 1}').hexdigest()

    assert delivery_id(b'{"a": 1}') == f"sha256-{expected}"
    assert delivery_id(b'{"a": 1}', webhook_id="") == f"sha256-{expected}"


def test_another_body_or_another_source_makes_another_id():
    ids = {delivery_id(), delivery_id(b"[]"), delivery_id(source="other")}

    assert len(ids) == 3


@pytest.mark.parametrize("odd", ["x" * 201, "two words", "caf\xe9", "\x7f", "\t", " "])
def test_an_odd_id_is_replaced_by_its_hash(odd):
    expected = hashlib.sha256(odd.encode()).hexdigest()

    assert delivery_id(webhook_id=odd) == f"sha256-{expected}"


def test_the_longest_id_is_taken_as_it_came():
    assert delivery_id(webhook_id="x" * 200) == "x" * 200


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=400))
def test_every_id_is_short_and_visible(header):
    made = delivery_id(webhook_id=header)

    assert 0 < len(made) <= 200
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made


def test_a_trace_context_is_carried_on():
    headers = Headers({"traceparent": TRACE})
    assert identity.trace(headers) == (TRACE, None)

    headers["tracestate"] = "vendor=1"
    assert identity.trace(headers) == (TRACE, "vendor=1")

    headers["tracestate"] = "caf\xe9"
    assert identity.trace(headers) == (TRACE, None)


def test_without_a_trace_there_is_no_state_of_it():
    assert identity.trace(Headers({"tracestate": "vendor=1"})) == (None, None)


@pytest.mark.parametrize(
    "odd",
    [
        "",
        TRACE.upper(),
        f"{TRACE}\n",
        f"{TRACE}-00",
        f"ff{TRACE[2:]}",
        TRACE.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        TRACE.replace("b7ad6b7169203331", "0" * 16),
    ],
)
def test_a_malformed_trace_context_is_dropped(odd):
    headers = Headers()
    headers._list.append(("traceparent", odd))

    assert identity.trace(headers) == (None, None)


def test_receipts_are_numbered_without_gap_over_threads():
    receipts, taken = identity.Receipts(), []
    threads = [
        threading.Thread(
            target=lambda: taken.extend(receipts.take() for _ in range(500))
        )
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(map(is_receipt, taken))
    assert len({text.split(".")[0] for text in taken}) == 1
    assert sorted(int(text.split(".")[1]) for text in taken) == [*range(1, 4001)]


def test_two_starts_have_receipts_of_their_own():
    assert identity.Receipts().take() != identity.Receipts().take()


def test_a_receipt_that_was_given_back_is_the_next_one_taken():
    receipts = identity.Receipts()
    first, second = receipts.take(), receipts.take()

    receipts.give_back(first)

    assert receipts.take() == first
    assert receipts.take() not in {first, second}
