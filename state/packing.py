"""Pack bodies of deliveries, many into one compressed document; pure."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions

#: Rows whose bodies share a document were worked within this span.
SPAN = timedelta(seconds=10)
#: Bodies that share a document have so many bytes together, or there is one alone.
SHARE_BYTES = 1 << 20
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class Body(NamedTuple):
    """The body of one delivery; `repr` shows nothing of it."""

    #: The `_id` of its row in the ledger.
    key: str
    source: str
    #: Microseconds since 1970, by the receiver's clock.
    received_at: int
    #: As the row says.
    processed_at: datetime
    body: bytes

    def __repr__(self) -> str:
        return f"Body({self.key}, {len(self.body)} bytes)"


def documents(bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """Return the documents that hold `bodies`, which are in the order of their work.

    They tell the first and the last time of work, and nothing else to be read.
    """
    return [_document(share) for share in _shares(bodies) if share]


def packed(share: Sequence[Body]) -> bytes:
    """Return the bodies of one document, compressed."""
    plain = bson.encode({"bodies": share})
    # The lowest level: payloads are so much alike that higher ones save little.
    return zlib.compress(plain, 1)


def unpacked(document: Mapping[str, Any]) -> list[Body]:
    """Return the bodies that a document holds."""
    plain = bson.decode(zlib.decompress(document["packed"]), _OPTIONS)
    return [Body(*entry) for entry in plain["bodies"]]


def _document(share: Sequence[Body]) -> dict[str, Any]:
    times = [one.processed_at for one in share]
    return {"first": min(times), "last": max(times), "packed": packed(share)}


def _shares(bodies: Sequence[Body]) -> Iterator[list[Body]]:
    share: list[Body] = []
    size = 0
    for one in bodies:
        is_full = size + len(one.body) > SHARE_BYTES
        if share and (is_full or not _is_near(one, share[0])):
            yield share
            share, size = [], 0
        share.append(one)
        size += len(one.body)
    yield share


def _is_near(one: Body, first: Body) -> bool:
    # Half of it to either side of the first.
    return abs(one.processed_at - first.processed_at) < SPAN / 2
