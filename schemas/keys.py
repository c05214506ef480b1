"""Read the events about SSH keys, and tell the fingerprint of a key."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from schemas.event import DatedSchema, Event
from schemas.fields import MAX_KEY, HostId, Text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyEvent(Event):
    """An SSH key."""

    key_id: int
    #: None when the key belongs to no user, as deploy keys may.
    username: str | None = None
    key: str | None = None


class KeySchema(DatedSchema):
    """The payload of the events about keys of every class."""

    makes = KeyEvent

    key_id = HostId(data_key="id", required=True)
    username = Text()
    key = Text(most=MAX_KEY)


def fingerprint(key: str) -> str | None:
    """Return `SHA256:…` as OpenSSH prints it, or None if `key` is no public key."""
    words = key.split(maxsplit=2)
    if len(words) < 2:  # noqa: PLR2004 - the type and the blob
        return None
    try:
        kind = words[0].encode()
        blob = b64decode(words[1], validate=True)
    except ValueError:
        return None
    # The blob repeats the type, behind its length (RFC 4253, section 6.6).
    if not blob.startswith(len(kind).to_bytes(4) + kind):
        return None
    return "SHA256:" + b64encode(sha256(blob).digest()).decode().rstrip("=")
