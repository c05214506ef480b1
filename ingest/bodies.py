"""Read the body of a request, and never more of it than is allowed."""

import io
from typing import Any, Protocol

from ingest.problems import INCOMPLETE, LENGTH_REQUIRED, TOO_LARGE, Refused

#: Bytes asked of the server at once.
CHUNK_BYTES = 1 << 16


class Stream(Protocol):
    """The one method that is needed of a WSGI server's input."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


def declared_length(environ: dict[str, Any], max_bytes: int) -> int | None:
    """Return what Content-Length says, None for a chunked body that the server ends.

    Raise Refused with 413 or 411, before anything is read.
    """
    if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
        return None
    text = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or not (text.isascii() and text.isdigit()):
        raise Refused(LENGTH_REQUIRED)
    # int() refuses thousands of digits, and no cap has more than 18.
    length = int(text[:18])
    if length > max_bytes:
        raise _too_large(max_bytes)
    return length


def read(stream: Stream, length: int | None, max_bytes: int) -> bytes:
    """Return the body, of `length` bytes or up to the end of the stream.

    Raise Refused with 413 as soon as it has more than `max_bytes`, with 400 if it
    ends early. A chunked body that ends early cannot be told from a whole one here;
    but no beginning of a JSON object is a JSON object.
    """
    wanted = max_bytes + 1 if length is None else length
    body = _read_up_to(stream, wanted)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    if length is not None and len(body) < length:
        raise Refused(INCOMPLETE)
    return body


def _read_up_to(stream: Stream, wanted: int) -> bytes:
    gathered = io.BytesIO()
    while wanted > 0:
        try:
            chunk = stream.read(min(wanted, CHUNK_BYTES))
        except OSError as exc:
            raise Refused(INCOMPLETE) from exc
        if not chunk:
            break
        wanted -= gathered.write(chunk)
    return gathered.getvalue()


def _too_large(max_bytes: int) -> Refused:
    return Refused(
        TOO_LARGE, f"At most {max_bytes} bytes are taken. {TOO_LARGE.detail}"
    )
