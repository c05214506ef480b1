"""Prove to a receiver that a delivery comes from the host: by a token, or signed."""

import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ingest.signatures import HEADER, ID_HEADER, TIMESTAMP_HEADER, sign
from ingest.tokens import HEADER as TOKEN_HEADER

#: Takes the id and the body of a delivery; returns headers for it.
Proof: TypeAlias = Callable[[str, bytes], Mapping[str, str | bytes]]


def by_token(token: bytes) -> Proof:
    """Return a proof that names the secret token of the hook."""
    return lambda _, __: {TOKEN_HEADER: token}


def by_signature(key: bytes, *, clock: Callable[[], float] = time.time) -> Proof:
    """Return a proof that signs as Standard Webhooks does, with a decoded key."""

    def prove(delivery_id: str, body: bytes) -> Mapping[str, str | bytes]:
        timestamp = str(int(clock()))
        signature = sign(delivery_id, timestamp, body, key)
        return {
            ID_HEADER: delivery_id,
            TIMESTAMP_HEADER: timestamp,
            HEADER: b"v1," + signature,
        }

    return prove
