"""Show that no more of a body is read than is allowed."""

import io

import pytest

from ingest import bodies
from ingest.problems import Refused

CAP = 200_000


class Greedy(io.RawIOBase):
    """A body without end, which counts what is taken of it."""

    taken = 0

    def read(self, size, /):
        self.taken += size
        return b"x" * size


class Broken(io.RawIOBase):
    """A body whose sender went away."""

    def read(self, size, /):
        raise ConnectionResetError


def refusal(call, *args):
    with pytest.raises(Refused) as caught:
        call(*args)
    return caught.value.problem.status


@pytest.mark.parametrize("size", [0, 1, bodies.CHUNK_BYTES, CAP - 1, CAP])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_up_to_the_cap_is_read_whole(size, is_chunked):
    sent = b"x" * size

    body = bodies.read(io.BytesIO(sent), None if is_chunked else size, CAP)

    assert body == sent


def test_no_more_is_read_than_content_length_says():
    stream = io.BytesIO(b"{}POST /hooks/gitlab")

    assert bodies.read(stream, 2, CAP) == b"{}"


def test_a_chunked_body_above_the_cap_is_refused_unread():
    stream = Greedy()

    assert refusal(bodies.read, stream, None, CAP) == 413
    assert stream.taken == CAP + 1


def test_one_byte_above_the_cap_is_refused():
    assert refusal(bodies.read, io.BytesIO(b"x" * (CAP + 1)), None, CAP) == 413


def test_a_body_that_ends_early_is_refused():
    assert refusal(bodies.read, io.BytesIO(b"{}"), 3, CAP) == 400


def test_a_sender_that_goes_away_is_refused():
    assert refusal(bodies.read, Broken(), 3, CAP) == 400


@pytest.mark.parametrize("text", [str(CAP), "0", "007"])
def test_a_length_up_to_the_cap_is_taken(text):
    environ = {"CONTENT_LENGTH": text}

    assert bodies.declared_length(environ, CAP) == int(text)


@pytest.mark.parametrize("text", [str(CAP + 1), "9" * 5000])
def test_a_length_above_the_cap_is_refused(text):
    environ = {"CONTENT_LENGTH": text}

    assert refusal(bodies.declared_length, environ, CAP) == 413


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", "two", "²"])
def test_no_usable_length_is_refused(text):
    environ = {"CONTENT_LENGTH": text}

    assert refusal(bodies.declared_length, environ, CAP) == 411


def test_a_chunked_body_needs_a_server_that_ends_it():
    environ = {"HTTP_TRANSFER_ENCODING": "chunked"}

    assert refusal(bodies.declared_length, environ, CAP) == 411
    environ["wsgi.input_terminated"] = True
    assert bodies.declared_length(environ, CAP) is None


def test_chunks_count_for_more_than_content_length():
    environ = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "3",
        "wsgi.input_terminated": True,
    }

    assert bodies.declared_length(environ, CAP) is None
