"""Our private keys as values: which of them signs, and which verify; pure."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from joserfc.util import urlsafe_b64decode

from schemas.errors import ForgewireError

ALGORITHMS = ("ES256", "RS256")
RSA_BITS, MIN_RSA_BITS = 3072, 2048
MIN_COOKIE_SECRET_CHARS = 43
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
        """Return its name, which each token that it signs bears."""
        return str(self.jwk.kid)

    @property
    def algorithm(self) -> str:
        """Return ES256 or RS256."""
        return str(self.jwk.alg)

    @property
    def begins(self) -> datetime:
        """Return when it begins to sign."""
        return datetime.fromtimestamp(self.signs_from, UTC)

    def public(self) -> dict[str, Any]:
        """Return the public half as a JWK."""
        return dict(self.jwk.as_dict(private=False))


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

    def end_of(self, key: Key) -> int | None:
        """Return until when `key` verifies; None if no other takes its place."""
        following = self.keys[self.keys.index(key) + 1 :]
        return following[0].signs_from + RETIRE_SECONDS if following else None

    def live(self, now: float) -> tuple[Key, ...]:
        """Return the keys that are published at `now`, and verify."""
        ends = [(key, self.end_of(key)) for key in self.keys]
        return tuple(key for key, end in ends if end is None or now < end)

    def verifying(self, now: float) -> KeySet:
        """Return the keys that verify what was signed, at `now`."""
        return KeySet([key.jwk for key in self.live(now)])

    def published(self, now: float) -> dict[str, Any]:
        """Return the JWK set of the public halves."""
        return {"keys": [key.public() for key in self.live(now)]}


def new_key(algorithm: str, signs_from: int) -> Key:
    """Return a fresh key of one of ALGORITHMS."""
    about: KeyParameters = {
        "kid": secrets.token_urlsafe(8),
        "alg": algorithm,
        "use": "sig",
    }
    if algorithm == "RS256":
        return Key(RSAKey.generate_key(RSA_BITS, about), signs_from)
    return Key(ECKey.generate_key("P-256", about), signs_from)


def new_secret() -> str:
    """Return a fresh secret for cookies."""
    return secrets.token_urlsafe(32)


def encode(ring: Ring) -> str:
    """Return the text of a file that holds `ring`; it is secret."""
    keys = [
        {**key.jwk.as_dict(private=True), "signs_from": key.signs_from}
        for key in ring.keys
    ]
    told = {"keys": keys, "cookie_secrets": ring.cookie_secrets}
    return json.dumps(told, indent=2)


def decode(text: bytes) -> Ring:
    """Return the ring that `text` holds; raise BadKeys, which quotes nothing of it."""
    try:
        told = json.loads(text)
        keys = sorted(map(_key, told["keys"]), key=lambda it: it.signs_from)
        cookie_secrets = tuple(map(_secret, told["cookie_secrets"]))
    except BadKeys:
        raise
    except (
        *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
        *(JoseError, RecursionError),
    ):
        raise BadKeys("this is no file of `forgewire keys`") from None
    if not keys or not cookie_secrets:
        raise BadKeys("there is no key in it")
    if len({key.kid for key in keys}) < len(keys):
        raise BadKeys("two keys in it have the same name")
    return Ring(tuple(keys), cookie_secrets)


def _secret(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError
    if len(told) < MIN_COOKIE_SECRET_CHARS:
        raise BadKeys("a secret in it is too short")
    return told


def _key(told: dict[str, Any]) -> Key:
    about = dict(told)
    signs_from = int(about.pop("signs_from"))
    key = _imported(about)
    if not (key.is_private and isinstance(about["kid"], str) and about["kid"]):
        raise ValueError("not a private key with a name")
    return Key(key, signs_from)


def _imported(about: dict[str, Any]) -> RSAKey | ECKey:
    if about["alg"] == "RS256":
        modulus = int.from_bytes(urlsafe_b64decode(about["n"].encode()))
        if modulus.bit_length() < MIN_RSA_BITS:
            raise BadKeys(f"a key in it has less than {MIN_RSA_BITS} bits")
        return RSAKey.import_key(about)
    if about["alg"] == "ES256" and about["crv"] == "P-256":
        return ECKey.import_key(about)
    raise ValueError("not an algorithm of ours")
