"""Keep our private keys in a file: one signs, all verify, changes overlap."""

import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey

from schemas.errors import ForgewireError

ALGORITHMS = ("ES256", "RS256")
RSA_BITS, MIN_RSA_BITS = 3072, 2048
MIN_COOKIE_SECRET_CHARS = 43
#: A new key is published for so long before it signs, so that whoever keeps a copy of
#: our public keys has it by then.
PUBLISH_SECONDS = 600
#: A key is published for so long after the next one signs: tokens live for an hour.
RETIRE_SECONDS = 3600 + 300


class BadKeys(ForgewireError):
    """Raised when the file with our keys is missing, unreadable or too weak."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A signing key and when it begins to sign, in seconds since 1970."""

    jwk: RSAKey | ECKey
    signs_from: int

    @property
    def kid(self) -> str:
        return str(self.jwk.kid)

    @property
    def algorithm(self) -> str:
        return str(self.jwk.alg)


@dataclass(frozen=True, slots=True, repr=False)
class Ring:
    """The keys of one version of the file, in the order in which they begin to sign."""

    keys: tuple[Key, ...]
    #: For the cookies of browsers: the first signs, all verify.
    cookie_secrets: tuple[str, ...]

    def signing(self, now: float) -> Key:
        """Return the key that signs at `now`."""
        begun = [key for key in self.keys if key.signs_from <= now]
        return begun[-1] if begun else self.keys[0]

    def live(self, now: float) -> tuple[Key, ...]:
        """Return the keys that are published at `now`, and verify."""
        nexts = [key.signs_from for key in self.keys[1:]]
        ends = [begins + RETIRE_SECONDS for begins in nexts]
        return tuple(
            key
            for key, end in zip(self.keys, [*ends, None], strict=True)
            if end is None or now < end
        )

    def verifying(self, now: float) -> KeySet:
        return KeySet([key.jwk for key in self.live(now)])

    def published(self, now: float) -> dict[str, Any]:
        """Return the JWK set of the public halves."""
        return {"keys": [key.jwk.as_dict(private=False) for key in self.live(now)]}


class Keyring:
    """The ring in a file, read again when the file was replaced."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Raise BadKeys if the file is of no use."""
        self._path = path
        self.clock = clock
        self._seen = _mark(path)
        self._ring = load(path)

    @property
    def ring(self) -> Ring:
        """Return the ring as it is now; the last good one if the file went bad."""
        try:
            mark = _mark(self._path)
            if mark != self._seen:
                self._ring, self._seen = load(self._path), mark
        except BadKeys:
            pass
        return self._ring


def load(path: Path) -> Ring:
    """Return the ring that a file holds; raise BadKeys, which says what to do."""
    try:
        told = json.loads(path.read_bytes())
        keys = tuple(_key(one) for one in told["keys"])
        cookie_secrets = tuple(str(one) for one in told["cookie_secrets"])
    except FileNotFoundError:
        raise BadKeys(
            f"{path}: there is no such file; make it with: forgewire keys generate"
        ) from None
    except OSError as exc:
        raise BadKeys(f"{path}: cannot be read: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError, JoseError):
        # The message of such an error may quote the key.
        raise BadKeys(f"{path}: this is no file of `forgewire keys`") from None
    if not keys or not cookie_secrets:
        raise BadKeys(f"{path}: there is no key in it")
    if min(map(len, cookie_secrets)) < MIN_COOKIE_SECRET_CHARS:
        raise BadKeys(f"{path}: a secret in it is too short")
    return Ring(tuple(sorted(keys, key=lambda it: it.signs_from)), cookie_secrets)


def generate(path: Path, algorithm: str, now: float) -> Key:
    """Make the file with one key that signs at once; raise BadKeys if it is there."""
    if path.exists():
        raise BadKeys(
            f"{path}: is there already; change keys with: forgewire keys rotate"
        )
    key = _new(algorithm, int(now))
    _write(path, [key], [secrets.token_urlsafe(32)])
    return key


def rotate(
    path: Path, algorithm: str, now: float, after: float = PUBLISH_SECONDS
) -> Key:
    """Add a key that signs `after` so many seconds; drop those whose time is over."""
    ring = load(path)
    key = _new(algorithm, int(now + after))
    kept = [*ring.live(now), key]
    _write(path, kept, [secrets.token_urlsafe(32), ring.cookie_secrets[0]])
    return key


def _new(algorithm: str, signs_from: int) -> Key:
    about: KeyParameters = {
        "kid": secrets.token_urlsafe(8),
        "alg": algorithm,
        "use": "sig",
    }
    if algorithm == "RS256":
        return Key(RSAKey.generate_key(RSA_BITS, about), signs_from)
    return Key(ECKey.generate_key("P-256", about), signs_from)


def _key(told: dict[str, Any]) -> Key:
    signs_from, about = int(told["signs_from"]), dict(told)
    del about["signs_from"]
    if about["alg"] == "RS256":
        rsa = RSAKey.import_key(about)
        if rsa.raw_value.key_size < MIN_RSA_BITS:
            raise ValueError("too short")
        key: RSAKey | ECKey = rsa
    elif about["alg"] == "ES256" and about["crv"] == "P-256":
        key = ECKey.import_key(about)
    else:
        raise ValueError("not an algorithm of ours")
    if not (key.is_private and about["kid"]):
        raise ValueError("not a private key with a name")
    return Key(key, signs_from)


def _write(path: Path, keys: list[Key], cookie_secrets: list[str]) -> None:
    told = {
        "keys": [
            {**key.jwk.as_dict(private=True), "signs_from": key.signs_from}
            for key in keys
        ],
        "cookie_secrets": cookie_secrets,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner only, and replaced at once or not at all.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w") as file:
            json.dump(told, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as exc:
        raise BadKeys(f"{path}: cannot be written: {exc.strerror}") from None


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as exc:
        raise BadKeys(
            f"{path}: {exc.strerror}; make it with: forgewire keys generate"
        ) from None
    return found.st_mtime_ns, found.st_ino
