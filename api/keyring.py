"""Keep our private keys in a file: made once, rotated with overlap, read anew."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from api import keyfile
from api.keys import ALGORITHMS, BadKeys, Key, Ring, decode, encode, new_key, new_secret

__all__ = ["ALGORITHMS", "BadKeys", "Key", "Keyring", "generate", "load", "rotate"]

#: A new key is published for so long before it signs, so that whoever keeps a copy of
#: our public keys has it by then.
PUBLISH_SECONDS = 600
#: How many secrets of cookies are kept beside the one that signs.
OLD_COOKIE_SECRETS = 2
#: How long to leave a file alone that could not be read.
RETRY_SECONDS = 1.0

_log = structlog.stdlib.get_logger("api.keyring")


class Keyring:
    """The ring in a file, read again when the file was replaced."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Raise BadKeys if the file is of no use."""
        self._path = path
        self.clock = clock
        self._seen = _mark(path)
        self._ring = load(path)
        self._retry_at = 0.0
        self._complaint = ""

    @property
    def ring(self) -> Ring:
        """Return the ring as it is now; the last good one if the file went bad."""
        if time.monotonic() >= self._retry_at:
            try:
                self._look()
            except BadKeys as exc:
                self._complain(str(exc))
        return self._ring

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark != self._seen:
            self._ring = load(self._path)
            self._seen = mark
            _log.info("keys-read", path=str(self._path))
        self._complaint = ""

    def _complain(self, complaint: str) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if complaint != self._complaint:
            self._complaint = complaint
            _log.error("keys-not-read", why=complaint, instead="the last good ones")


def load(path: Path) -> Ring:
    """Return the ring that a file holds; raise BadKeys, which says what to do."""
    try:
        return decode(path.read_bytes())
    except OSError as exc:
        raise _unreadable(path, exc) from None
    except BadKeys as exc:
        raise BadKeys(f"{path}: {exc}") from None


def generate(path: Path, algorithm: str, now: float) -> Key:
    """Make the file with one key that signs at once; raise BadKeys if it is there."""
    key = new_key(algorithm, int(now))
    with _changing(path):
        if path.exists():
            raise BadKeys(
                f"{path}: is there already; change keys with: forgewire keys rotate"
            )
        keyfile.write(path, encode(Ring((key,), (new_secret(),))))
    return key


def rotate(
    path: Path,
    algorithm: str | None,
    now: float,
    after: float = PUBLISH_SECONDS,
    *,
    keeps_old: bool = True,
) -> Key:
    """Add a key that signs `after` so many seconds; drop those whose time is over.

    No algorithm: that of the newest key. Without the old ones nothing that they signed
    is good any more, cookies neither. Raise BadKeys.
    """
    with _changing(path):
        ring = load(path)
        key = new_key(algorithm or ring.keys[-1].algorithm, int(now + after))
        kept = ring.live(now) if keeps_old else ()
        old_secrets = ring.cookie_secrets[:OLD_COOKIE_SECRETS] if keeps_old else ()
        changed = Ring((*kept, key), (new_secret(), *old_secrets))
        keyfile.write(path, encode(changed))
    return key


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    try:
        with keyfile.alone(path):
            yield
    except OSError as exc:
        raise BadKeys(f"{path}: cannot be written: {exc.strerror}") from None


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as exc:
        raise _unreadable(path, exc) from None
    return found.st_ctime_ns, found.st_ino


def _unreadable(path: Path, error: OSError) -> BadKeys:
    if isinstance(error, FileNotFoundError):
        hint = "there is no such file; make it with: forgewire keys generate"
        return BadKeys(f"{path}: {hint}")
    return BadKeys(f"{path}: cannot be read: {error.strerror}")
