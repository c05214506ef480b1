"""Turn the words of the environment into values; messages never repeat the value."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import unquote, urlsplit

from environs import ValidationError

#: Shortest signing key, in bytes, that the Standard Webhooks specification allows.
MIN_SIGNING_KEY_BYTES = 24
#: Longest database name, in bytes, that MongoDB accepts.
MAX_DATABASE_BYTES = 63

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SIGNING_PREFIX = "whsec_"
_NOT_IN_A_HOST = re.compile(r"[\s/@,]")
_NOT_IN_A_DATABASE = re.compile(r'[\s\0/\\."$*<>:|?]')


@dataclass(frozen=True, slots=True)
class Bind:
    """Where a process listens."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def bind(text: str) -> Bind:
    """Return the Bind of `host:port`, an IPv6 host in brackets."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    if not host or _NOT_IN_A_HOST.search(host) or (":" in host) is not bracketed:
        raise ValidationError("Not host:port (an IPv6 host in brackets).")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 1 << 16):
        raise ValidationError("Not host:port with a port from 1 to 65535.")
    return Bind(host, int(port))


def amqp_url(text: str) -> str:
    """Return `text` if it is one URL of RabbitMQ or several with commas between."""
    for url in text.split(","):
        _check_url(url.strip(), ("amqp", "amqps"))
    return text


def mongodb_url(text: str) -> str:
    """Return `text` if it is a URL of MongoDB whose path, if any, names a database."""
    _check_url(text, ("mongodb", "mongodb+srv"))
    name = database_of(text)
    if len(name.encode(errors="replace")) > MAX_DATABASE_BYTES:
        raise ValidationError("The path names a database of more than 63 bytes.")
    if _NOT_IN_A_DATABASE.search(name):
        raise ValidationError("The path is no name that a database can have.")
    return text


def database_of(url: str) -> str:
    """Return the database that the path of a MongoDB URL names, or ""."""
    return unquote(urlsplit(url).path.removeprefix("/"))


def level(text: str) -> str:
    """Return the name of a log level, in capitals."""
    if text.upper() not in _LEVELS:
        raise ValidationError(f"Must be one of: {', '.join(_LEVELS)}.")
    return text.upper()


def tokens(text: str) -> tuple[bytes, ...]:
    """Return the tokens of a list with commas or line ends between them."""
    return token_bytes(split(text))


def signing_keys(text: str) -> tuple[bytes, ...]:
    """Return the decoded keys of a list of `whsec_…`, as `tokens` does."""
    return signing_key_bytes(split(text))


def split(text: str) -> list[str]:
    """Return the entries between commas and line ends; none if `text` is blank."""
    stripped = text.strip()
    entries = re.split(r"[,\n]", stripped) if stripped else []
    return [entry.strip() for entry in entries]


def names(text: str) -> tuple[str, ...] | None:
    """Return the names between commas; () for `none`, and None if `text` is blank."""
    entries = split(text)
    if not all(entries):
        raise ValidationError("One of the names is blank.")
    return () if entries == ["none"] else tuple(entries) or None


def token_bytes(entries: Iterable[str]) -> tuple[bytes, ...]:
    """Return the bytes of each token, since headers are compared as bytes."""
    return tuple(_token(entry) for entry in entries)


def signing_key_bytes(entries: Iterable[str]) -> tuple[bytes, ...]:
    """Return the key that each `whsec_…` stands for."""
    return tuple(_signing_key(entry) for entry in entries)


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks in `10.0.0.0/8,2001:db8::7`; an address is one as well."""
    try:
        return tuple(map(ip_network, split(text)))
    except ValueError:
        raise ValidationError("Not addresses or networks of IP.") from None


def _token(entry: str) -> bytes:
    if not entry.strip():
        raise ValidationError("One of the tokens is blank.")
    if not (entry.isascii() and entry.isprintable()):
        # Servers drop header values that have anything else, so it would never match.
        raise ValidationError("One of the tokens has characters other than ASCII's.")
    return entry.encode()


def _signing_key(entry: str) -> bytes:
    if not entry.startswith(_SIGNING_PREFIX):
        raise ValidationError("One of the signing tokens does not begin with whsec_.")
    try:
        key = base64.b64decode(entry.removeprefix(_SIGNING_PREFIX), validate=True)
    except ValueError:
        # Its message may quote the token, so it is not kept as the cause.
        raise ValidationError("What follows whsec_ is not base64.") from None
    if len(key) < MIN_SIGNING_KEY_BYTES:
        raise ValidationError("One of the signing tokens is shorter than 24 bytes.")
    return key


def _check_url(text: str, schemes: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(text)
    except ValueError:
        # Its message may quote the password, so it is not kept as the cause.
        raise ValidationError("Not a URL.") from None
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme not in schemes or not host:
        raise ValidationError(f"Not a URL of the form {schemes[0]}://host.")
