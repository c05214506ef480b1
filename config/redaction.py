"""Hide secrets and payloads in what is about to be logged or printed."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from config.tracebacks import Trusted, summary

HIDDEN = "[hidden]"

#: A key that has one of these in it names a secret.
SECRET_WORDS = (
    "authorization",
    "cookie",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
)

_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/]*@")
_SIGNING_TOKEN = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")


def without_secrets(text: str) -> str:
    """Return `text` with the passwords in URLs and all signing tokens hidden."""
    if "://" in text:
        text = _PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    if "whsec_" in text:
        text = _SIGNING_TOKEN.sub(f"whsec_{HIDDEN}", text)
    return text


def redacted(key: str, value: Any, trusted: Trusted = ()) -> Any:
    """Return what may be shown of `value`, which stands under `key`.

    Bytes are never shown, since bodies are bytes; nor are the messages of exceptions
    that are not `trusted`. Numbers are, under any key.
    """
    if value is None or isinstance(value, int | float):
        return value
    if _names_a_secret(key):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    return _redacted_object(key, value, trusted)


@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return any(word in key.lower() for word in SECRET_WORDS)


def _redacted_object(key: str, value: Any, trusted: Trusted) -> Any:
    match value:
        case bytes() | bytearray() | memoryview():
            return f"[{len(value)} bytes]"
        case PurePath() | datetime():
            return str(value)
        case BaseException():
            return without_secrets(summary(value, trusted))
        case Mapping():
            return {str(k): redacted(str(k), v, trusted) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redacted(key, one, trusted) for one in value]
    return without_secrets(repr(value))
