"""Recognise a name or an address again without keeping it."""

import hashlib
from collections.abc import Iterable, Mapping


def digest(source: str, text: str) -> str:
    """Return 16 hexadecimal digits for `text`, whatever its letter case."""
    salted = f"{source}\0{text.casefold()}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(salted, digest_size=8).hexdigest()


def digests(source: str, texts: Iterable[str | None]) -> frozenset[str]:
    """Return the digests of the texts that are not empty."""
    return frozenset(digest(source, text) for text in texts if text)


def person(source: str, entry: Mapping[str, str | None]) -> str | None:
    """Return the digest of somebody's e-mail, or of the name where none is told."""
    known_by = entry.get("email") or entry.get("name")
    return digest(source, known_by) if known_by else None
