"""Read the payloads that commands deliver or try: one JSON body of a hook each."""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import ForgewireError


class NoPayloads(ForgewireError):
    """Raised when the files named hold nothing to deliver, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One hook to deliver, and the id under which the host would send it again."""

    name: str
    body: bytes = field(repr=False)
    delivery_id: str


def payloads(paths: Iterable[Path]) -> list[Payload]:
    """Return the payloads in files, and in the `*.json` files of folders.

    Raise NoPayloads if there are none, or one cannot be read.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise NoPayloads("there is no *.json file in the folders named")
    return [payload(file.name, read(file)) for file in files]


def payload(name: str, body: bytes) -> Payload:
    """Return a hook to deliver, under an id of its own."""
    return Payload(name, body, str(uuid.uuid4()))


def read(file: Path) -> bytes:
    """Return what a file holds; raise NoPayloads if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as exc:
        raise NoPayloads(f"{file}: {exc.strerror}") from exc


def shuffled(listed: Sequence[Payload], seed: int) -> list[Payload]:
    """Return the payloads in an order that `seed` decides."""
    return random.Random(seed).sample(listed, len(listed))  # noqa: S311 - no secret


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]
