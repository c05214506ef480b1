"""Show which tokens open the door."""

import pytest

from ingest import tokens

LIVE = (b"first", b"second", "thé".encode())


@pytest.mark.parametrize("given", ["first", "second"])
def test_every_live_token_is_known(given):
    assert tokens.is_known(given, LIVE)


@pytest.mark.parametrize("given", ["", "firs", "first ", "FIRST", "first,second", "é"])
def test_anything_else_is_not_known(given):
    assert not tokens.is_known(given, LIVE)


def test_a_token_that_is_not_ascii_is_compared_by_its_bytes():
    as_wsgi_hands_it_over = "thé".encode().decode("latin-1")

    assert tokens.is_known(as_wsgi_hands_it_over, LIVE)


def test_an_empty_header_fits_no_token_not_even_an_empty_one():
    assert not tokens.is_known("", (b"",))


def test_without_tokens_nothing_is_known():
    assert not tokens.is_known("first", ())


def test_a_character_beyond_latin_1_is_no_error():
    assert not tokens.is_known("\u20ac", LIVE)
